/**
 * One request to a node, and what became of it. Whatever is not an answer is a failure of a kind: none of them ever means that
 * something does not exist.
 *
 * @module
 */
import { countAt, Malformed, objectAt, stringAt } from "./fields.ts";

/** Why there is no answer. */
export interface RpcFailure {
  readonly kind: RpcFailureKind;
  /** For a person. May repeat what the runtime or the node said, secrets included. */
  readonly problem: string;
  /** The field that is wrong, where one is. */
  readonly field?: string;
  /** The error's number in the answer, where there is one. */
  readonly rpcCode?: number;
  /** How long the node asks to be left alone, in milliseconds; null where it does not say. */
  readonly retryAfter: number | null;
}

export type RpcFailureKind =
  /** No connection, silence, 5xx, a torn or unreadable answer, an error inside the node. */
  | "unavailable"
  | "rate_limited"
  /** The node has not come as far as was asked. */
  | "behind"
  /** −32015: the node has a transaction of a version that it takes us not to understand. */
  | "version_unsupported"
  /** The slot was skipped, or the node has lost its block: it does not say which. */
  | "slot_missing"
  /** The request itself is wrong, or the key. */
  | "refused"
  /** It answers, but not what JSON-RPC is. */
  | "answer_invalid";

export type RpcOutcome = { readonly result: unknown } | { readonly failure: RpcFailure };

/** What an attempt needs. */
export interface RpcAttempt {
  readonly url: string;
  readonly method: string;
  readonly params: readonly unknown[];
  readonly fetch: typeof fetch;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Most bytes of an answer: a hundred times what the largest of ours takes. */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;

const ID = 1;

/** The numbers that nodes give to their errors; those not listed are failures inside of the node. */
const KINDS: ReadonlyMap<number, RpcFailureKind> = new Map<number, RpcFailureKind>([
  [429, "rate_limited"],
  [-32429, "rate_limited"],
  [-32004, "behind"],
  [-32005, "behind"],
  [-32014, "behind"],
  [-32016, "behind"],
  [-32015, "version_unsupported"],
  [-32001, "slot_missing"],
  [-32007, "slot_missing"],
  [-32009, "slot_missing"],
  [-32010, "refused"],
  [-32600, "refused"],
  [-32601, "refused"],
  [-32602, "refused"],
  [-32700, "refused"],
]);

/** Providers call their limits by many numbers. */
const LIMIT_WORDS = /rate.?limit|too many requests|limit exceeded/i;

/** Asks once. Never throws for what the node does. */
export async function attempt(request: RpcAttempt): Promise<RpcOutcome> {
  const { url, method, params, signal } = request;
  let response: Response;
  let body: string | null;
  try {
    response = await request.fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: ID, method, params }),
      // Elsewhere the key has no business.
      redirect: "error",
      signal,
    });
    body = await readText(response);
  } catch (error) {
    return failed("unavailable", error instanceof Error ? error.message : String(error));
  }
  if (body === null) return failed("answer_invalid", `it is longer than ${ANSWER_BYTES_MAX} bytes`);
  if (!response.ok) return httpFailure(response);
  return readAnswer(body);
}

function httpFailure({ status, headers }: Response): RpcOutcome {
  const retryAfter = retryAfterOf(headers);
  if (status === 429) return failed("rate_limited", "it allows no more requests (429)", { retryAfter });
  const isPassing = status >= 500 || status === 408;
  return failed(isPassing ? "unavailable" : "refused", `status ${status}`, { retryAfter });
}

function readAnswer(body: string): RpcOutcome {
  try {
    const answer = objectAt(parsed(body), "answer");
    const error = answer.error ?? null;
    if (error !== null) return readError(error);
    if (answer.id !== ID) throw new Malformed("id", String(ID), answer.id);
    if (!("result" in answer)) throw new Malformed("result", "present", answer.result);
    return { result: answer.result };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return malformed(error);
  }
}

/** @throws {Malformed} */
function readError(value: unknown): RpcOutcome {
  const error = objectAt(value, "error");
  if (!Number.isSafeInteger(error.code)) throw new Malformed("error.code", "a whole number", error.code);
  const rpcCode = error.code as number;
  const message = stringAt(error.message, "error.message");
  const kind = LIMIT_WORDS.test(message) ? "rate_limited" : KINDS.get(rpcCode) ?? "unavailable";
  return failed(kind, `${message} (${rpcCode})`, { rpcCode });
}

/** @throws {Malformed} */
function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Malformed("answer", "JSON", body);
  }
}

/** The body; null when it is too long. */
async function readText(response: Response): Promise<string | null> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  // Leaving the loop early cancels the body.
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) return null;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Seconds, or a date, which is measured by the node's own clock: ours may be off. */
function retryAfterOf(headers: Headers): number | null {
  const value = headers.get("retry-after")?.trim() ?? "";
  try {
    // not an amount: seconds
    if (/^\d+$/.test(value)) return countAt(Number(value), "retry-after") * 1000;
  } catch {
    return null;
  }
  const wait = Date.parse(value) - Date.parse(headers.get("date") ?? "");
  return Number.isFinite(wait) && wait >= 0 ? wait : null;
}

/** The failure that a wrong field is. */
export function malformed({ message, path }: Malformed): { readonly failure: RpcFailure } {
  return failed("answer_invalid", message, { field: path });
}

function failed(
  kind: RpcFailureKind,
  problem: string,
  more: { retryAfter?: number | null; rpcCode?: number; field?: string } = {},
): { readonly failure: RpcFailure } {
  return { failure: { kind, problem, retryAfter: null, ...more } };
}
