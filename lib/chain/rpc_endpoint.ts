/**
 * The address of a node, and what of it may be told: its URL carries the key that pays for the requests.
 *
 * @module
 */

/** A node to ask. */
export interface RpcEndpoint {
  /** With its secrets: never logged, never part of an error. */
  readonly url: string;
  /** Host and port: what it is called in errors. */
  readonly node: string;
  /** The text without the URL and without any secret in it. */
  redact(text: string): string;
}

/** Parts of a URL this short are words like `v2`, not keys. */
const SECRET_LENGTH_MIN = 6;

const REDACTED_LENGTH_MAX = 200;

/** @throws {TypeError} when the text is no http or https URL; the text is not repeated. */
export function readEndpoint(text: string): RpcEndpoint {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) throw new TypeError("Cannot use the RPC URL: it is no http URL");
  const parts = [url.username, url.password, ...url.searchParams.values(), ...url.pathname.split("/")];
  const secrets = [...parts, ...parts.map(decoded), url.search.slice(1)].filter((part) =>
    part.length >= SECRET_LENGTH_MIN
  );
  return {
    url: url.href,
    node: url.host,
    redact(text): string {
      let rest = text.replaceAll(/\bhttps?:\/\/[^\s"')]+/g, url.host);
      for (const secret of secrets) rest = rest.replaceAll(secret, "…");
      return rest.length > REDACTED_LENGTH_MAX ? `${rest.slice(0, REDACTED_LENGTH_MAX)}…` : rest;
    },
  };
}

/**
 * The nodes that an environment names, with their keys. A second one that is the first one again proves nothing, and is left out.
 *
 * @throws {Error} naming the variable that is no URL; no value is repeated.
 */
export function rpcUrlsOf(environment: Readonly<Record<string, string>>): string[] {
  const urls: string[] = [];
  for (const name of ["SOLANA_RPC_URL", "SOLANA_RPC_URL_2"]) {
    const url = environment[name];
    if (!url) continue;
    if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : "")) {
      throw new Error(`Cannot start: ${name} is no http URL`);
    }
    if (urls.every((other) => readEndpoint(other).node !== readEndpoint(url).node)) urls.push(url);
  }
  return urls;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
