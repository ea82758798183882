/**
 * The text a Solana wallet signs to sign in ("Sign in with Solana"), parsed as strictly as GoTrue's `siws` package does it.
 *
 * @module
 */
import bs58 from "bs58";
import { invalid } from "./auth_error.ts";
import { parseUrl, type WrittenUrl } from "./redirect_urls.ts";

const HEADER_END = " wants you to sign in with your Solana account:";

/** GoTrue's pattern, and the two loopback addresses, which hosted projects refuse. */
const DOMAIN =
  /^(?:localhost|127\.0\.0\.1|\[::1\]|(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,})(?::\d{1,5})?$/i;

const ADDRESS = /^[a-z0-9]{32,44}$/i;
const NETWORK = /^solana:(?:main|dev|test|local)net$/;
const TIMESTAMP = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:Z|[+-]([01]\d|2[0-3]):([0-5]\d))$/;

/** A parsed message. Times are milliseconds since the epoch; absent texts are "". */
export interface SiwsMessage {
  readonly domain: string;
  /** The wallet, base58. */
  readonly address: string;
  /** The 32 bytes of the address. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly statement: string;
  readonly uri: WrittenUrl & { readonly written: string };
  readonly issuedAt: number;
  readonly expirationTime: number | undefined;
  readonly notBefore: number | undefined;
  /** The network, e.g. `solana:mainnet`. */
  readonly chainId: string;
  readonly nonce: string;
  readonly requestId: string;
  readonly resources: readonly string[];
}

/**
 * Parses a message.
 *
 * @throws {AuthRefused} `validation_failed` with GoTrue's message.
 */
export function parseSiws(raw: string): SiwsMessage {
  const lines = raw.split("\n");
  if (lines.length < 6) throw refused("message needs at least 6 lines");
  const [header = "", addressLine = "", third, fourth = "", fifth] = lines;
  if (!header.endsWith(HEADER_END)) throw refused(`message first line does not end in "${HEADER_END}"`);
  const domain = header.slice(0, -HEADER_END.length).trim();
  if (!DOMAIN.test(domain)) throw refused("domain in first line of message is not valid");
  const { address, publicKey } = parseAddress(addressLine.trim());
  if (third !== "") throw refused("third line must be empty");
  const hasStatement = fourth !== "" && fifth === "";
  const { fields, resources } = readFields(lines, hasStatement ? 5 : 3);
  const version = fields.get("Version") ?? "";
  const chainId = fields.get("Chain ID") ?? "";
  const uri = readUri(fields.get("URI"));
  const issuedAt = readTime(fields, "Issued At");
  const expirationTime = readTime(fields, "Expiration Time");
  const notBefore = readTime(fields, "Not Before");
  if (chainId !== "" && !NETWORK.test(chainId)) throw refused("Chain ID is not valid");
  if (version !== "1") throw refused(`Version value is not supported, expected 1 got ${JSON.stringify(version)}`);
  if (issuedAt === undefined) throw refused("Issued At is not specified");
  if (uri === undefined) throw refused("URI is not specified");
  if (expirationTime !== undefined) {
    if (issuedAt > expirationTime) throw refused("Issued At is after Expiration Time");
    if (notBefore !== undefined && notBefore > expirationTime) throw refused("Not Before is after Expiration Time");
  }
  return {
    domain,
    address,
    publicKey,
    statement: hasStatement ? fourth : "",
    uri,
    issuedAt,
    expirationTime,
    notBefore,
    chainId,
    nonce: fields.get("Nonce") ?? "",
    requestId: fields.get("Request ID") ?? "",
    resources,
  };
}

function parseAddress(address: string): { address: string; publicKey: Uint8Array<ArrayBuffer> } {
  const bytes = ADDRESS.test(address) ? bs58.decodeUnsafe(address) : undefined;
  if (bytes?.length !== 32) throw refused("wallet address is not in base58 format");
  return { address, publicKey: new Uint8Array(bytes) };
}

/** The lines `Key: value` from `start` on, the last of a key winning, and the list below `Resources:`. */
function readFields(lines: readonly string[], start: number): { fields: Map<string, string>; resources: string[] } {
  const fields = new Map<string, string>();
  const resources: string[] = [];
  let isInResources = false;
  for (let index = start; index < lines.length; index++) {
    const line = lines[index]?.trim() ?? "";
    if (isInResources && line.startsWith("- ")) {
      resources.push(readResource(line.slice(2).trim(), resources.length));
      continue;
    }
    isInResources = line === "Resources:";
    if (isInResources || line === "") continue;
    const colon = line.indexOf(":");
    if (colon < 0) throw refused(`encountered unparsable line at index ${index}`);
    fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return { fields, resources };
}

function readResource(resource: string, position: number): string {
  if (resource.startsWith("/") || URL.canParse(resource)) return resource;
  throw refused(`Resource at position ${position} has invalid URI`);
}

function readUri(written: string | undefined): SiwsMessage["uri"] | undefined {
  if (written === undefined) return undefined;
  const parsed = parseUrl(written);
  if (!parsed) throw refused("URI is not valid");
  return { ...parsed, written };
}

/** An RFC 3339 time; `Date.parse` alone would take 30 February for 2 March. */
function readTime(fields: ReadonlyMap<string, string>, name: string): number | undefined {
  const value = fields.get(name);
  if (value === undefined) return undefined;
  const [, ...parts] = TIMESTAMP.exec(value) ?? [];
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(0, 6).map(Number);
  const calendar = new Date(Date.UTC(year, month - 1, day));
  const isDay = calendar.getUTCMonth() === month - 1 && calendar.getUTCDate() === day;
  const time = Date.parse(value);
  if (!isDay || hour > 23 || minute > 59 || second > 59 || Number.isNaN(time)) {
    throw refused(`${name} is not a valid ISO8601 timestamp`);
  }
  return time;
}

function refused(message: string): Error {
  return invalid(`siws: ${message}`);
}
