/**
 * Asks two nodes the same: one alone may lie.
 *
 * @module
 */
import { isDeepStrictEqual } from "node:util";
import { VaultbookError } from "@/lib/domain/errors.ts";
import type { SolanaNode } from "./rpc.ts";

/** What two nodes say. */
export type Agreement<Value> =
  | { readonly verdict: "agreed"; readonly value: Value }
  | { readonly verdict: "differed"; readonly values: readonly [Value, Value] }
  /** One of them, or both, gave no answer that can be used. Neither agreement nor difference. */
  | { readonly verdict: "unknown"; readonly errors: readonly VaultbookError[] };

/**
 * Asks both at once.
 *
 * @param ask what to ask. Two nodes are seldom at one slot: leave out of its result what may differ by that alone.
 * @throws {RangeError} when they are one and the same, which proves nothing.
 */
export async function askBoth<Value>(
  nodes: readonly [SolanaNode, SolanaNode],
  ask: (node: SolanaNode) => Promise<Value>,
): Promise<Agreement<Value>> {
  const [first, second] = nodes;
  if (first.node === second.node) throw new RangeError(`Cannot hear a second opinion: both are ${first.node}`);
  const [one, other] = await Promise.allSettled([ask(first), ask(second)]);
  if (one.status === "fulfilled" && other.status === "fulfilled") {
    return isDeepStrictEqual(one.value, other.value)
      ? { verdict: "agreed", value: one.value }
      : { verdict: "differed", values: [one.value, other.value] };
  }
  const reasons = [one, other].flatMap((settled) => settled.status === "rejected" ? [settled.reason] : []);
  return { verdict: "unknown", errors: reasons.map(known) };
}

/** @throws whatever is no error of a node: a mistake of ours. */
function known(reason: unknown): VaultbookError {
  if (reason instanceof VaultbookError) return reason;
  throw reason;
}
