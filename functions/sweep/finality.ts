/**
 * Looks for what the ledger has and no scan has shown, and takes back what is not on the finalized chain.
 *
 * @module
 */
import { type SolanaNode, STATUSES_MAX } from "@/lib/chain/rpc.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { rollBack } from "@/lib/ledger/roll_back.ts";
import { askFor, believe, doubt, type UnprovenLanding, unprovenLandings } from "@/lib/ledger/sightings.ts";
import { goesOn, type SweepContext } from "./context.ts";

/** So many slots behind the tip every index of a node has caught up. */
const MARGIN_SLOTS = 32;
/** So far above the tip no transaction can be: ten minutes. */
const FUTURE_SLOTS = 1_500;
/** A tip is new when its block is not older than this. Milliseconds. */
const FRESH = 120_000;

/**
 * Asks every node for what is not final although its slot is. What one of them knows is fetched; what none knows, by its status, by
 * itself or among its neighbours, is doubted, and rolled back when the run before doubted it too.
 *
 * @param asked.tipSlot the newest slot that is final at every node.
 * @param asked.byVaults looks only at what concerns a vault whose own history every node has shown, and not at the program's.
 * @returns whether all were looked at.
 * @throws {VaultbookError} rpc_… – nothing of what was being looked at is doubted.
 */
export async function takeBackUnproven(
  context: SweepContext,
  asked: { readonly tipSlot: number; readonly byVaults: boolean },
): Promise<boolean> {
  const { database, run, counts, nodes, program } = context;
  const { tipSlot, byVaults } = asked;
  const within = {
    finalSlot: tipSlot - MARGIN_SLOTS,
    futureSlot: await isFresh(context, tipSlot) ? tipSlot + FUTURE_SLOTS : null,
    most: STATUSES_MAX,
    ...(byVaults ? { byVaults: { nodes: nodes.length, program: program.address } } : {}),
  };
  for (let after = "";;) {
    const landings = await unprovenLandings(database, { ...within, after });
    const last = landings.at(-1);
    if (!last) return true;
    if (!await goesOn(context, "transactions")) return false;
    after = last.signature;
    const absent = await absentOf(context, landings, tipSlot);
    if (absent.length === 0) continue;
    counts.doubted += absent.length;
    const lost = await doubt(database, run.id, absent);
    if (lost.length > 0) {
      await rollBack(database, lost);
      counts.rolled_back += lost.length;
    }
  }
}

/** Those that no node knows. Those that one knows are asked for. @throws {VaultbookError} rpc_… */
async function absentOf(
  { database, nodes, program }: SweepContext,
  landings: readonly UnprovenLanding[],
  tipSlot: number,
): Promise<UnprovenLanding[]> {
  const known = new Set<string>();
  for (const [place, node] of nodes.entries()) {
    const statuses = await node.statuses(landings.map(({ signature }) => signature));
    const found = landings.flatMap(({ signature }, i) => {
      const status = statuses.value[i];
      if (!status) return [];
      known.add(signature);
      return status.commitment === "finalized" ? [{ signature, slot: status.slot }] : [];
    });
    if (found.length > 0) await askFor(database, place + 1, found);
  }
  const unknown = landings.filter(({ signature }) => !known.has(signature));
  const verdicts = await Promise.all(
    unknown.map((landing) =>
      searchEverywhere(nodes, landing, { address: landing.seenVault ?? program.address, tipSlot })
    ),
  );
  for (const [i, landing] of unknown.entries()) {
    const verdict = verdicts[i] ?? "unsure";
    if (typeof verdict === "string") continue;
    known.add(landing.signature);
    await askFor(database, nodes.indexOf(verdict) + 1, [{ signature: landing.signature, slot: landing.slot }]);
  }
  await believe(database, [...known]);
  return unknown.filter((_, i) => verdicts[i] === "absent");
}

/**
 * The node that has the transaction after all; absent when each says that there is none, and one of them shows its neighbours, or its block,
 * without it. Unsure when none can show them: a node may have forgotten what is old.
 */
async function searchEverywhere(
  nodes: readonly SolanaNode[],
  { signature, slot, newerKnown, olderSlot }: UnprovenLanding,
  { address, tipSlot }: { readonly address: string; readonly tipSlot: number },
): Promise<SolanaNode | "absent" | "unsure"> {
  let isPast = false;
  for (const node of nodes) {
    if (await node.transaction(signature, "finalized") !== null) return node;
    const before = newerKnown === null ? {} : { before: newerKnown };
    const rows = await node.signatures(address, { commitment: "finalized", minContextSlot: tipSlot, ...before });
    if (rows.some((row) => row.signature === signature)) return node;
    // A page that does not reach below its slot says nothing of it.
    isPast ||= rows.some((row) => row.slot < slot) ||
      (olderSlot === null && await showsBlockWithout(node, signature, slot));
  }
  return isPast ? "absent" : "unsure";
}

/** Whether the node has the block of this slot still, and it does not hold the transaction. @throws {VaultbookError} rpc_… */
async function showsBlockWithout(node: SolanaNode, signature: string, slot: number): Promise<boolean> {
  try {
    return !(await node.block(slot, "finalized")).signatures.includes(signature);
  } catch (error) {
    if (error instanceof VaultbookError && error.code === "rpc_slot_missing") return false;
    throw error;
  }
}

/** Whether the tip is of now. Only then it tells what is still to come. */
async function isFresh({ nodes, now }: SweepContext, tipSlot: number): Promise<boolean> {
  const times = await Promise.all(nodes.map((node) => node.blockTime(tipSlot)));
  return times.every((time) => time !== null && Math.abs(now() - time * 1000) <= FRESH);
}
