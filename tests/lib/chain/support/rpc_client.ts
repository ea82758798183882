/**
 * What the tests of the RPC client share: time that only waiting moves, answers by the number of the request, and the error that a call ends in.
 *
 * @module
 */
import { createNode, type SolanaNode } from "@/lib/chain/rpc.ts";
import type { RpcOptions } from "@/lib/chain/rpc_transport.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";

/** A clock for one or more clients. */
export interface ManualTime {
  readonly options: Pick<RpcOptions, "now" | "sleep">;
  /** Every wait so far, in milliseconds. */
  readonly waits: number[];
  now(): number;
  /** Moves the clock. */
  pass(milliseconds: number): void;
}

export function manualTime(): ManualTime {
  let time = 1_000;
  const waits: number[] = [];
  const now = (): number => time;
  const sleep = (milliseconds: number): Promise<void> => {
    waits.push(milliseconds);
    time += milliseconds;
    return Promise.resolve();
  };
  return { options: { now, sleep }, waits, now, pass: (milliseconds) => void (time += milliseconds) };
}

/** The error that a call ends in. @throws {Error} when it does not end in one of ours. */
export async function refusalOf(call: Promise<unknown>): Promise<VaultbookError> {
  try {
    const answer = await call;
    throw new Error(`It answered ${JSON.stringify(answer)}`);
  } catch (error) {
    if (error instanceof VaultbookError) return error;
    throw error;
  }
}

/** Of a node that nobody asks but through a fetch of the test's own. */
export const URL = "http://node.example:8899/";

/** A fetch that answers with whatever `answer` gives, by the number of the request. */
export function fetching(
  answer: (request: number) => Response | Promise<Response>,
): { fetch: typeof fetch; count(): number } {
  let count = 0;
  return { fetch: (): Promise<Response> => Promise.resolve(answer(count++)), count: () => count };
}

/** The answer with this result. */
export function ok(result: unknown): Response {
  return Response.json({ jsonrpc: "2.0", id: 1, result });
}

/** A client of {@link URL} on a clock that only waiting moves. */
export function client(fetch: typeof globalThis.fetch, options: Partial<RpcOptions> = {}): SolanaNode {
  return createNode({ url: URL, fetch, ...manualTime().options, ...options });
}
