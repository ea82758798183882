/**
 * A Solana node's JSON-RPC door in front of the demo chain: HTTP, batches, errors.
 *
 * @module
 */
import type { DemoChain } from "./chain.ts";
import { type Caller, callMethod } from "./method_faults.ts";
import { METHODS } from "./rpc_methods.ts";
import { RpcError } from "./rpc_request.ts";

/** More than the largest useful request: 256 signatures. */
const BODY_MAX = 1_000_000;
/** Wallets call a node from the browser. */
const HEADERS = { "access-control-allow-origin": "*", "access-control-allow-headers": "*" };

/**
 * Answers one HTTP request: POST with a JSON-RPC 2.0 request or a batch of them, or GET /health.
 *
 * @param caller calls the method itself; by default that of a sound node.
 */
export async function handleRpc(chain: DemoChain, request: Request, caller: Caller = callMethod): Promise<Response> {
  if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: HEADERS });
  if (request.method === "GET" && new URL(request.url).pathname === "/health") return new Response("ok");
  if (request.method !== "POST") {
    return new Response("Used HTTP Method is not allowed. POST or OPTIONS is required", { status: 405 });
  }
  const text = await request.text();
  if (text.length > BODY_MAX) return new Response("Request body too large", { status: 413 });
  const answer = answerText((method, params) => caller(chain, method, params), text);
  // Nothing but notifications, which have no answer.
  if (answer === null) return new Response(null, { status: 200, headers: HEADERS });
  return Response.json(answer, { headers: HEADERS });
}

type Call = (method: string, params: readonly unknown[]) => unknown;

function answerText(call: Call, text: string): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return failure(null, new RpcError(-32700, "Parse error"));
  }
  if (!Array.isArray(body)) return answerOne(call, body);
  if (body.length === 0) return failure(null, new RpcError(-32600, "Invalid request"));
  const answers = body.map((entry) => answerOne(call, entry)).filter((answer) => answer !== null);
  return answers.length > 0 ? answers : null;
}

/** The answer to one request; null to a notification. */
function answerOne(call: Call, body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return failure(null, new RpcError(-32600, "Invalid request"));
  }
  const { jsonrpc, id, method, params = [] } = body as Record<string, unknown>;
  const known = id === undefined || id === null || typeof id === "string" || typeof id === "number";
  if (jsonrpc !== "2.0" || typeof method !== "string" || !known) {
    return failure(known ? id ?? null : null, new RpcError(-32600, "Invalid request"));
  }
  const answer = callNamed(call, id ?? null, method, params);
  return id === undefined ? null : answer;
}

function callNamed(call: Call, id: string | number | null, method: string, params: unknown): unknown {
  try {
    if (!Object.hasOwn(METHODS, method)) throw new RpcError(-32601, "Method not found");
    if (!Array.isArray(params)) throw new RpcError(-32602, "`params` should be an array");
    return { jsonrpc: "2.0", id, result: call(method, params) };
  } catch (error) {
    return failure(id, error instanceof RpcError ? error : new RpcError(-32603, `Internal error: ${String(error)}`));
  }
}

function failure(id: unknown, { code, message, data }: RpcError): unknown {
  return { jsonrpc: "2.0", id, error: { code, message, ...(data === undefined ? {} : { data }) } };
}
