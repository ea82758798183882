/**
 * Looks into vaults that a page showed otherwise than the book: by every node, after what they miss was looked for, and once more when
 * the nodes' indexes must have caught up.
 *
 * @module
 */
import { judgeSuspects, type Observation, type Suspect } from "@/lib/ledger/reconciliation.ts";
import { goesOn, orNull, type ReconcileContext } from "./context.ts";
import { readVaults } from "./read_vaults.ts";
import { repair } from "./repair.ts";

/** So many slots behind the tip every index of a node has caught up: accounts are known before the list of transactions is. */
const MARGIN_SLOTS = 32;
const SLOT_MS = 400;
/** A chain that has not come so far after this many looks, a margin's time apart, stands still. */
const LOOKS_MAX = 4;

/** Vaults as one node shows them. */
interface NodeObservation extends Observation {
  /** The node, from 1. */
  readonly source: number;
}

/**
 * Settles these suspects: each matches, is fixed, is a mismatch, or is behind.
 *
 * @returns false: the run's time is over, and the next one goes on with those that are left.
 * @throws {VaultbookError} database_unavailable; rpc_out_of_time; job_taken_over.
 */
export async function lookInto(context: ReconcileContext, suspects: readonly Suspect[]): Promise<boolean> {
  const observations = await observe(context, suspects);
  if (observations.length === 0) return false;
  let left = await judge(context, observations, false);
  for (const isFinal of [false, true]) {
    if (left.length === 0) return true;
    const wanted = suspects.filter(({ owner }) => left.includes(owner));
    const reached = isFinal ? await waitFor(context, observations) : slotsOf(observations, 0);
    for (const suspect of wanted) {
      if (!await repair(context, suspect, reached)) return false;
    }
    left = await judge(context, observations.map((seen) => only(seen, left)), isFinal);
  }
  return true;
}

/** What each node that answers shows. */
async function observe(context: ReconcileContext, suspects: readonly Suspect[]): Promise<NodeObservation[]> {
  const { nodes, program, mint, tips } = context;
  const observations: NodeObservation[] = [];
  for (const [source, minSlot] of tips) {
    const node = nodes[source - 1];
    if (!node) continue;
    const seen = await orNull(context, () => readVaults(node, suspects, { program, mint, minSlot }));
    if (seen !== null) observations.push({ ...seen, source });
  }
  return observations;
}

function judge(
  { database, round, nodes }: ReconcileContext,
  observations: readonly Observation[],
  isFinal: boolean,
): Promise<string[]> {
  return judgeSuspects(database, round, observations, { nodes: nodes.length, isFinal });
}

function only(seen: NodeObservation, owners: readonly string[]): NodeObservation {
  return { ...seen, readings: seen.readings.filter(({ owner }) => owners.includes(owner)) };
}

/** The slot of each observation, and so many more, by node. */
function slotsOf(observations: readonly NodeObservation[], more: number): Map<number, number> {
  return new Map(observations.map(({ source, slot }) => [source, slot + more]));
}

/** Waits until the nodes are well past what they showed. Leaves out those that do not get there. */
async function waitFor(
  context: ReconcileContext,
  observations: readonly NodeObservation[],
): Promise<Map<number, number>> {
  const { nodes, sleep } = context;
  const reached = new Map<number, number>();
  for (const [source, slot] of slotsOf(observations, MARGIN_SLOTS)) {
    for (let look = 0; look < LOOKS_MAX && !reached.has(source) && await goesOn(context); look++) {
      const tip = await orNull(context, async () => await nodes[source - 1]?.slot("finalized") ?? null);
      if (tip !== null && tip >= slot) reached.set(source, slot);
      else await sleep(MARGIN_SLOTS * SLOT_MS / 2);
    }
  }
  return reached;
}
