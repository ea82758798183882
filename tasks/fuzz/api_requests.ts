/**
 * Random requests to the API: about as its document describes them, by every kind of caller.
 *
 * @module
 */
import type { Endpoint } from "@/tests/support/api_description.ts";
import type { Dice } from "@/tests/support/model/dice.ts";
import { nastyJson, nastyText, type Schema, valueOf } from "./api_values.ts";

/** Somebody who asks. */
export interface Asker {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the headers prove who it is. */
  readonly isKnown: boolean;
}

/** What requests are made of. */
export interface Stage {
  readonly endpoints: readonly Endpoint[];
  readonly askers: readonly Asker[];
  /** What is there, by the name of a parameter: owners, ids, cursors that answers gave. */
  readonly there: Readonly<Record<string, readonly string[]>>;
  /** Values of `Authorization` at the webhook, right and wrong. */
  readonly webhookSecrets: readonly string[];
  resolve(schema: Schema): Schema;
}

/** A request, and what it was meant to be. */
export interface Sent {
  readonly endpoint: Endpoint;
  readonly asker: Asker;
  /** Whether path and method are those of the endpoint: then only its own answers may come. */
  readonly isMeant: boolean;
  /** Behind `/api`. */
  readonly path: string;
  readonly init: RequestInit & { readonly method: string; readonly headers: Readonly<Record<string, string>> };
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "get"];
const CONTENT_TYPES = [
  "application/json",
  "application/json; charset=utf-16",
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/octet-stream",
  "nonsense",
];

/** A random request. */
export function randomRequest(stage: Stage, dice: Dice): Sent {
  const endpoint = dice.one(stage.endpoints);
  const asker = dice.one(stage.askers);
  const way = pathOf(endpoint, stage, dice);
  const method = dice.chance(0.88) ? endpoint.method : dice.one(METHODS);
  const headers: Record<string, string> = { ...asker.headers, ...oddHeaders(dice) };
  if (endpoint.path.startsWith("/webhooks/")) headers.authorization = dice.one(stage.webhookSecrets);
  const mayHaveBody = !["GET", "HEAD", "get"].includes(method);
  const body = mayHaveBody && dice.chance(endpoint.body ? 0.95 : 0.3) ? bodyOf(endpoint, stage, dice) : undefined;
  if (body !== undefined && (endpoint.body ? dice.chance(0.9) : dice.chance(0.5))) {
    headers["content-type"] = dice.chance(0.85) ? "application/json" : dice.one(CONTENT_TYPES);
  }
  return {
    endpoint,
    asker,
    isMeant: way.isMeant && method.toUpperCase() === endpoint.method,
    path: `${way.path}${queryOf(endpoint, stage, dice)}`,
    init: { method, headers, ...(body === undefined ? {} : { body }) },
  };
}

function pathOf(endpoint: Endpoint, stage: Stage, dice: Dice): { path: string; isMeant: boolean } {
  const isElsewhere = dice.chance(0.02);
  let isMeant = !isElsewhere;
  const path = isElsewhere ? `/${encoded(nastyText(dice))}` : endpoint.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const known = [...stage.there[name] ?? [], ...stage.there[`${endpoint.path} ${name}`] ?? []];
    if (known.length > 0 && dice.chance(0.85)) return encodeURIComponent(dice.one(known));
    const text = encoded(nastyText(dice));
    // Such a one can be another path, or none.
    isMeant &&= /^[\w%]+$/.test(text) && !/%2f|%2e|%5c|%25/i.test(text);
    return text;
  });
  // The platform passes on what begins with the function's name, and nothing else.
  const isInside = new URL(`/api${path}`, "http://localhost").pathname.startsWith("/api/");
  return isInside ? { path, isMeant } : { path: "/..%2f", isMeant: false };
}

function queryOf({ parameters }: Endpoint, stage: Stage, dice: Dice): string {
  if (dice.chance(0.03)) {
    return `?${dice.one(["%", "%ff=%fe", "=&&=", "?", "a", "cursor", "limit=&limit=", "&".repeat(200), "%00=%00"])}`;
  }
  const pairs = parameters.filter((one) => one.in === "query" && dice.chance(0.35)).flatMap((one) => {
    const again = dice.chance(0.05) ? 2 : 1;
    return Array.from({ length: again }, () => {
      const name = dice.chance(0.03) ? dice.one([`${one.name}[]`, `${one.name}[a]`, one.name.toUpperCase()]) : one.name;
      return [name, valueFor(one.name, one.schema, stage, dice)] as const;
    });
  });
  if (dice.chance(0.04)) pairs.push([nastyText(dice), nastyText(dice)]);
  return pairs.length === 0 ? "" : `?${pairs.map((pair) => pair.map(encoded).join("=")).join("&")}`;
}

function valueFor(name: string, schema: Schema, stage: Stage, dice: Dice): string {
  if (name === "cursor" && dice.chance(0.9)) return dice.chance(0.4) ? cursor(stage, dice) : madeUpCursor(dice);
  const value = valueOf(schema, dice, stage.resolve);
  return typeof value === "string" ? value : JSON.stringify(value) ?? "";
}

function cursor(stage: Stage, dice: Dice): string {
  const known = stage.there.cursor ?? [];
  if (known.length === 0) return "";
  const one = dice.one(known);
  return dice.chance(0.7) ? one : one.slice(0, Math.floor(dice.random() * one.length));
}

/** Positions of the shapes that cursors have, with parts that they do not. */
function madeUpCursor(dice: Dice): string {
  const [stamp, id] = [
    dice.one(["2026-11-20T12:00:00+00:00", "infinity", "2026", "99999-01-01", "-1", "June"]),
    dice.one([
      "00000000-0000-4000-8000-000000000000",
      "x",
    ]),
  ];
  const odd = (): unknown => dice.chance(0.5) ? nastyJson(dice) : dice.one([0, -1, 1.5, 2 ** 31, 2 ** 53, 1e300, "1"]);
  const position = dice.one<unknown>([
    { at: dice.one(["pending", "expired", "chain", "x"]), createdAt: stamp, id },
    { at: "chain", slot: odd(), place: [odd(), odd(), dice.chance(0.5)], id },
    { at: "chain", slot: dice.one([0, 2 ** 53 - 1, 2 ** 63, 1e300]), place: [0, 2 ** 31 - 1, true], id },
    { createdAt: stamp, id },
    nastyJson(dice),
  ]);
  const bytes = new TextEncoder().encode(JSON.stringify(position) ?? "");
  return new Uint8Array(bytes).toBase64({ alphabet: "base64url", omitPadding: true });
}

function bodyOf(endpoint: Endpoint, stage: Stage, dice: Dice): BodyInit {
  const kind = dice.random();
  if (kind < 0.08) return nastyText(dice);
  if (kind < 0.12) return Uint8Array.from({ length: 40 }, () => Math.floor(dice.random() * 256));
  if (kind < 0.14) return "[".repeat(20_000);
  const value = endpoint.body && kind < 0.85 ? valueOf(endpoint.body, dice, stage.resolve) : nastyJson(dice);
  return JSON.stringify(value) ?? "";
}

function oddHeaders(dice: Dice): Record<string, string> {
  const odd: Record<string, string> = {};
  const add = (name: string, values: readonly string[], probability: number): void => {
    if (dice.chance(probability)) odd[name] = dice.one(values);
  };
  add("if-none-match", ["*", '"x"', "W/", "é"], 0.05);
  add("origin", ["https://app.example", "null", "x"], 0.1);
  add("accept", ["text/html", "*/*", "application/vnd.pgrst.plan", ""], 0.1);
  add("range", ["bytes=0-1", "0-"], 0.03);
  add("content-length", ["99999999999", "-1", "NaN", "0x10", "1e9"], 0.02);
  add("x-http-method-override", ["DELETE"], 0.03);
  add("prefer", ["count=exact"], 0.03);
  add("cookie", ["sb-access-token=x; role=ops"], 0.03);
  add("idempotency-key", ["a", "", "é".repeat(300), "A".repeat(9_000), "00000000-0000-4000-8000-000000000000"], 0.5);
  return odd;
}

/** As it stands in a URL; half a surrogate pair as its three bytes, which are no UTF-8. */
function encoded(text: string): string {
  return text.replace(
    /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|[^\ud800-\udfff]|[\ud800-\udbff][\udc00-\udfff]/g,
    (one) => /^[\ud800-\udfff]$/.test(one) ? "%ED%A0%80" : encodeURIComponent(one),
  );
}
