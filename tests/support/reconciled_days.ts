/**
 * Bad days with reconciliations amid them: whatever is missing, forked away, late or lied about, nothing may be called wrong that the sweep
 * mends by itself. On some of them no node lists what happened, so that it is corrected, until every node does.
 *
 * @module
 */
import type { DemoNode } from "@/supabase/local/demo/node.ts";
import { createRandom, type Random } from "@/supabase/local/demo/random.ts";
import { fork, FORK_SLOTS_MAX } from "./fork.ts";
import { trader } from "./odd_transactions.ts";
import { findings, mismatchAlerts, reconcileOn } from "./reconciling.ts";
import { openSweepStage, type SweepStage } from "./sweeping.ts";

/** What happened on a day, by name; and what is wrong at its end. */
export interface ReconciledDay {
  readonly counts: Readonly<Record<string, number>>;
  /** Empty when all is well. */
  readonly found: readonly string[];
}

/** Turns of a day: traffic, a fork, the webhook's part of it, perhaps a sweep, a reconciliation. */
const TURNS = 3;
/** More than ten minutes. */
const RESCAN_SLOTS = 1_700;

/** A day that follows from its seed alone, on the server of the tests or on the one that is named. */
export async function reconciledDay(seed: string, server?: string): Promise<ReconciledDay> {
  const random = createRandom(`${seed}/reconciled`);
  const stage = await openSweepStage({ seed, transactions: 15, ...(server === undefined ? {} : { server }) });
  const counts: Record<string, number> = {
    dropped: 0,
    forks: 0,
    reconciliations: 0,
    matched: 0,
    fixed: 0,
    behind: 0,
    lies: 0,
    corrections: 0,
  };
  const add = (name: string, more: number): void => void (counts[name] = (counts[name] ?? 0) + more);
  const { node } = stage;
  const nodes: DemoNode[] = [node];
  try {
    // Alone a node may refuse; only where another one knows better it may lie.
    if (random.chance(0.5)) nodes.push(node.another("second"));
    for (const { faults } of nodes) {
      if (random.chance(0.4)) faults.on("rate_limited", { share: 0.4 });
      if (random.chance(0.3)) faults.on("stale_slot", { share: 0.3, slots: random.between(1, 20) });
      if (random.chance(0.3)) faults.on("order_in_slot", { share: 0.5 });
    }
    await stage.sql`update public.alert_rules set threshold = ${
      String(2n ** 60n)
    } where alert_type = 'reconcile_mismatch'`;
    const areSilent = nodes.length > 1 && random.chance(0.5);
    const urls = nodes.map(({ url }) => url);
    const drop = random.between(1, 50) / 100;
    for (let turn = 0; turn < TURNS; turn++) {
      await makeTrouble(stage, random, drop, add);
      if (areSilent) unlist(stage, nodes, random);
      else if (nodes.length > 1) lie(stage, random);
      if (random.chance(0.4)) await stage.sweep({ urls });
      await reconcileOnce(stage, urls, add);
    }
    add("lies", node.faults.fired("wrong_balance") + node.faults.fired("missing_rows"));
    for (const { faults } of nodes) faults.off();
    node.waitUntilFinal();
    // Far enough for the sweep to look once more at what it has been through.
    node.waitSlots(areSilent ? RESCAN_SLOTS : 120);
    for (let times = 0; times < 2; times++) await stage.sweep({ urls });
    const last = await reconcileOnce(stage, urls, add);
    const corrections = await stage.sql`select outcome from vaultbook.inbox where vaultbook.is_correction(signature)`;
    add("corrections", corrections.length);
    const found = [
      ...(areSilent ? [] : await falseFindings(stage)),
      ...(areSilent ? [] : corrections.map(() => "corrected what one node could have told")),
      ...corrections.filter(({ outcome }) => outcome !== "parked").map(() => "a correction is left"),
    ];
    return { counts, found: [...found, ...(last === "" ? [] : [last]), ...await stage.differences()] };
  } finally {
    await stage.close();
  }
}

async function makeTrouble(
  stage: SweepStage,
  random: Random,
  drop: number,
  add: (name: string, more: number) => void,
): Promise<void> {
  const { node } = stage;
  node.trade(random.between(3, 8), random.between(100, 2_000));
  if (random.chance(0.6)) {
    const slots = random.between(1, FORK_SLOTS_MAX);
    fork(node, { slots, transactions: random.between(1, 5), lands: random.between(0, 10) / 10, random });
    add("forks", 1);
  }
  const fired = await stage.hear({ drop, duplicate: 0.2, batch: 6, delay: { share: 0.3, milliseconds: 60_000 } });
  add("dropped", fired.dropped);
  node.waitSlots(random.between(0, 60));
}

/** Something happens that no node lists, and that the webhook hears of on the next turn at the earliest. */
function unlist({ node }: SweepStage, nodes: readonly DemoNode[], random: Random): void {
  const before = node.posted().length;
  node.trade(random.between(1, 3));
  node.waitUntilFinal();
  node.waitSlots(40);
  const signatures = node.posted().slice(before).map(({ item }) => item.transaction.signatures[0] ?? "");
  for (const { faults } of nodes) faults.on("missing_rows", { share: 1, signatures });
}

/** One node of two says what is not so. */
function lie({ node }: SweepStage, random: Random): void {
  const { address, tokenAccount } = node.chain.book.vaultOf(trader(node));
  node.faults.off("wrong_balance");
  node.faults.off("missing_rows");
  const by = BigInt(random.between(1, 1_000)) * (random.chance(0.5) ? 1n : -1n);
  if (random.chance(0.5)) node.faults.on("wrong_balance", { address: random.chance(0.7) ? address : tokenAccount, by });
  if (random.chance(0.4)) node.faults.on("missing_rows", { share: random.between(1, 10) / 10 });
}

/** Gives what is not right when it should be. */
async function reconcileOnce(
  stage: SweepStage,
  urls: readonly string[],
  add: (name: string, more: number) => void,
): Promise<string> {
  const { status, counts } = await reconcileOn(stage, { urls });
  add("reconciliations", 1);
  if (status === "done") {
    for (const name of ["matched", "fixed", "behind"]) add(name, counts[name] ?? 0);
  }
  return status === "done" && counts.behind === 0
    ? ""
    : `the last reconciliation was ${status}, ${counts.behind} behind`;
}

/** What was called wrong: on record without having been fixed, or by an alert that is still open. */
async function falseFindings(stage: SweepStage): Promise<string[]> {
  return [
    ...(await findings(stage)).filter((line) => !line.endsWith("fixed")).map((line) => `called wrong: ${line}`),
    ...(await mismatchAlerts(stage)).filter((line) => line.endsWith("open")).map((line) => `still open: ${line}`),
  ];
}
