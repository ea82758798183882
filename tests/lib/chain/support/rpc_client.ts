/**
 * What the tests of the RPC client share: time that only waiting moves, and the error that a call ends in.
 *
 * @module
 */
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
