/**
 * Asks a node until it answers: again after a failure that may pass, within a limit of time and of requests at once.
 *
 * @module
 */
import { type ErrorCode, type ErrorDetails, VaultbookError } from "@/lib/domain/errors.ts";
import { Malformed } from "./fields.ts";
import { createLanes } from "./lanes.ts";
import { attempt, malformed, type RpcFailure, type RpcFailureKind, type RpcOutcome } from "./rpc_attempt.ts";
import { readEndpoint } from "./rpc_endpoint.ts";

/** How a node is asked. */
export interface RpcOptions {
  /** Of the node, with its key. */
  readonly url: string;
  /** How long one attempt may take. Milliseconds; default 10 000. */
  readonly deadline?: number;
  /** How long all calls together may take, from now on. Milliseconds; default without end. */
  readonly budget?: number;
  /** Most calls at once; default 8. A call that waits for its next attempt counts. */
  readonly concurrency?: number;
  /** Ends every call. */
  readonly signal?: AbortSignal;
  readonly fetch?: typeof fetch;
  /** Waits so many milliseconds, or until the signal. */
  readonly sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  readonly random?: () => number;
  /** A clock that never goes back. Milliseconds since whenever. */
  readonly now?: () => number;
}

/** A way to a node. */
export interface RpcTransport {
  /** Host and port. */
  readonly node: string;
  /** What is left of the budget, in milliseconds; never below 0. */
  timeLeft(): number;
  /**
   * Calls a method.
   *
   * @param read makes sense of the result. It throws {@link Malformed}, naming the field, or {@link NotReached}.
   * @throws {VaultbookError} rpc_out_of_time – the budget or the signal has ended it: nothing is known.
   * @throws {VaultbookError} any other rpc_… – the node does not give an answer that can be used: nothing is known.
   */
  call<Result>(method: string, params: readonly unknown[], read: (result: unknown) => Result): Promise<Result>;
}

/** An answer for an earlier slot than was asked for. */
export class NotReached extends Error {
  constructor(readonly slot: number, readonly needed: number) {
    super(`slot ${slot} where ${needed} is needed`);
    this.name = "NotReached";
  }
}

/** How often a failure is met before it is taken for lasting. 1: at once. */
const ATTEMPTS: Readonly<Record<RpcFailureKind, number>> = {
  unavailable: 8,
  rate_limited: 12,
  // Behind one URL there are many nodes, and the next one may know.
  behind: 3,
  version_unsupported: 3,
  answer_invalid: 3,
  slot_missing: 1,
  refused: 1,
};

/** The longest wait before the second attempt, in milliseconds. It doubles with each further one. */
const BACKOFF = 250;
const BACKOFF_MAX = 8_000;
/** However long a node asks to be left alone, it is not longer than this. */
const RETRY_AFTER_MAX = 60_000;

/** @throws {TypeError} when the URL is none. */
export function createTransport(options: RpcOptions): RpcTransport {
  const { deadline = 10_000, budget = Infinity, random = Math.random, sleep = pause } = options;
  const { fetch = globalThis.fetch, now = (): number => performance.now(), signal } = options;
  const endpoint = readEndpoint(options.url);
  const lanes = createLanes(options.concurrency ?? 8);
  const end = now() + budget;
  /** Until then nobody asks: the node has named a time. */
  let quietUntil = -Infinity;

  const timeLeft = (): number => signal?.aborted ? 0 : Math.max(0, end - now());

  /** Without a cause: what the runtime says repeats the URL. */
  function error(method: string, code: ErrorCode, problem: string, more: ErrorDetails = {}): VaultbookError {
    return new VaultbookError(code, { node: endpoint.node, method, problem: endpoint.redact(problem), ...more });
  }

  /** One attempt. A late answer is none. */
  async function once(method: string, params: readonly unknown[]): Promise<RpcOutcome> {
    const patience = Math.min(deadline, timeLeft());
    const ending = new AbortController();
    const timer = setTimeout(() => ending.abort(), patience);
    try {
      const signals = signal ? [ending.signal, signal] : [ending.signal];
      const outcome = await attempt({ url: endpoint.url, method, params, fetch, signal: AbortSignal.any(signals) });
      if (!ending.signal.aborted || "result" in outcome) return outcome;
      return {
        failure: { kind: "unavailable", problem: `no answer within ${Math.round(patience)} ms`, retryAfter: null },
      };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits before the next attempt. @throws {VaultbookError} rpc_out_of_time when the wait would take what is left. */
  async function wait(milliseconds: number, method: string, problem: string): Promise<void> {
    if (milliseconds >= timeLeft()) throw error(method, "rpc_out_of_time", problem);
    if (milliseconds > 0) await sleep(milliseconds, signal);
    if (timeLeft() <= 0) throw error(method, "rpc_out_of_time", problem);
  }

  function backOff({ kind, retryAfter }: RpcFailure, attempts: number): number {
    const jitter = random() * Math.min(BACKOFF_MAX, BACKOFF * 2 ** (attempts - 1));
    if (retryAfter === null) return jitter;
    const asked = Math.min(retryAfter, RETRY_AFTER_MAX);
    if (kind === "rate_limited") quietUntil = Math.max(quietUntil, now() + asked);
    return asked + jitter;
  }

  async function call<Result>(
    method: string,
    params: readonly unknown[],
    read: (result: unknown) => Result,
  ): Promise<Result> {
    let last = "it was never asked";
    for (let attempts = 1;; attempts++) {
      await wait(Math.max(0, quietUntil - now()), method, last);
      const outcome = interpreted(await once(method, params), read);
      if ("value" in outcome) return outcome.value;
      const { failure } = outcome;
      if (timeLeft() <= 0) throw error(method, "rpc_out_of_time", failure.problem);
      if (attempts >= ATTEMPTS[failure.kind]) {
        throw error(method, `rpc_${failure.kind}`, failure.problem, detailsOf(failure, attempts));
      }
      last = failure.problem;
      await wait(backOff(failure, attempts), method, last);
    }
  }

  return { node: endpoint.node, timeLeft, call: (...args) => lanes(() => call(...args)) };
}

/** Reads the result; what does not hold is a failure like the others. */
function interpreted<Result>(
  outcome: RpcOutcome,
  read: (result: unknown) => Result,
): { readonly value: Result } | { readonly failure: RpcFailure } {
  if ("failure" in outcome) return outcome;
  try {
    return { value: read(outcome.result) };
  } catch (error) {
    if (error instanceof NotReached) return { failure: { kind: "behind", problem: error.message, retryAfter: null } };
    if (!(error instanceof Malformed)) throw error;
    return malformed(error);
  }
}

function detailsOf({ rpcCode, field }: RpcFailure, attempts: number): ErrorDetails {
  return {
    attempts,
    ...(rpcCode === undefined ? {} : { rpc_code: rpcCode }),
    ...(field === undefined ? {} : { field }),
  };
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
  });
}
