/**
 * What the webhook may answer to a delivery, whatever is in it (invariant I16).
 *
 * @module
 */
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";

/** What the webhook under test expects. */
export const WEBHOOK_SECRET = "the fuzzer's secret";

const OUTCOMES = ["applied", "duplicate", "ignored", "failed", "parked", "quarantined", "conflict"];

/** Outcomes that only what was read can have. */
const EFFECTS = ["applied", "failed"];

/**
 * Holds an answer against what was read from the body.
 *
 * @returns what is wrong, null where nothing is; and how many of it were applied.
 */
export async function answerComplaint(
  response: Response,
  found: readonly ChainTransaction[],
): Promise<{ wrong: string | null; applied: number }> {
  const text = await response.text();
  const refused = (wrong: string): { wrong: string; applied: number } => ({
    wrong: `${wrong}: ${response.status} ${text}`,
    applied: 0,
  });
  if (response.status !== 200) return refused("The database is there, and the webhook did not take a delivery");
  const { received, results, ...counts } = JSON.parse(text) as
    & { received: number; results: Result[] }
    & Record<string, number>;
  if (received !== found.length || results.length !== found.length) return refused("Something was not received");
  if (Object.keys(counts).sort().join() !== OUTCOMES.toSorted().join()) return refused("Other outcomes than there are");
  if (Object.values(counts).reduce((one, other) => one + other, 0) !== received) {
    return refused("The outcomes do not add up");
  }
  // A signature has one outcome, however often it is delivered: also where one of its elements is broken and another is not.
  const read = new Set(found.filter(({ verdict }) => verdict === "read").map((one) => one.signature));
  for (const [number, { signature, outcome }] of results.entries()) {
    const { signature: own } = found[number] ?? {};
    if (signature !== (own ?? null)) return refused(`Result ${number} is of another signature`);
    if (!read.has(own) && EFFECTS.includes(outcome)) {
      return refused(`Result ${number} has an effect and was not read`);
    }
  }
  return { wrong: null, applied: counts.applied ?? 0 };
}

interface Result {
  readonly signature: string | null;
  readonly outcome: string;
}
