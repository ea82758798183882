/**
 * Days on which everything goes wrong that can: the webhook loses, the chain forks, nodes refuse, forget and lag, sweeps are cut short. At
 * the end of each the book must be the chain's.
 *
 * @module
 */
import type { DemoNode } from "@/supabase/local/demo/node.ts";
import { createRandom, type Random } from "@/supabase/local/demo/random.ts";
import { fork, FORK_SLOTS_MAX } from "./fork.ts";
import { openSweepStage, type SweepStage } from "./sweeping.ts";

/** What happened on a day, by name; and what is wrong at its end. */
export interface BadDay {
  readonly counts: Readonly<Record<string, number>>;
  /** Empty when all is well. */
  readonly found: readonly string[];
}

/** Turns of a day: traffic, a fork, the webhook's part of it, a sweep. */
const TURNS = 4;
/** Sweeps at the end of it that get done. One whose node gives out in the middle says `partial`, and is none. */
const LAST_SWEEPS = 2;
const PARTIAL_MAX = 3;

/** A day that follows from its seed alone, on the server of the tests or on the one that is named. */
export async function badDay(seed: string, server?: string): Promise<BadDay> {
  const random = createRandom(`${seed}/day`);
  const stage = await openSweepStage({ seed, transactions: 20, ...(server === undefined ? {} : { server }) });
  const counts: Record<string, number> = {
    days: 1,
    forks: 0,
    dropped: 0,
    landings_lost: 0,
    landed_again: 0,
    sweeps: 0,
    partial: 0,
  };
  const add = (name: string, more: number): void => void (counts[name] = (counts[name] ?? 0) + more);
  const { node } = stage;
  const nodes: DemoNode[] = [node];
  try {
    // Alone a node may refuse; only where another one knows better it may lie for good.
    if (random.chance(0.5)) nodes.push(node.another("second"));
    for (const each of nodes) refusals(each, random);
    const behind = nodes.length > 1 ? lies(node, random) : 0;
    const urls = nodes.map(({ url }) => url);
    const drop = random.between(1, 50) / 100;
    for (let turn = 0; turn < TURNS; turn++) {
      node.trade(random.between(3, 10), random.between(100, 2_000));
      if (random.chance(0.7)) {
        const slots = random.between(1, FORK_SLOTS_MAX);
        const { dropped } = fork(node, {
          slots,
          transactions: random.between(1, 6),
          lands: random.between(0, 10) / 10,
          random,
        });
        add("forks", 1);
        add("landings_lost", dropped.length);
        add("landed_again", dropped.filter(({ again }) => again !== null).length);
      }
      const fired = await stage.hear({
        ...{ drop, duplicate: 0.2, batch: random.between(1, 6) },
        delay: { share: 0.3, milliseconds: 60_000 },
      });
      add("dropped", fired.dropped);
      node.waitSlots(random.between(0, 60));
      if (random.chance(0.7)) await sweepOnce(stage, urls, add, random);
    }
    node.waitUntilFinal();
    // What a fork dropped can lie in later slots than all that is left.
    node.waitSlots(120 + behind);
    for (let [done, partial] = [0, 0]; done < LAST_SWEEPS && partial <= PARTIAL_MAX;) {
      if (await sweepOnce(stage, urls, add)) done++;
      else partial++;
    }
    for (const each of nodes) {
      for (const fault of FAULTS) add(fault, each.faults.fired(fault));
    }
    return { counts, found: await stage.differences() };
  } finally {
    await stage.close();
  }
}

const FAULTS = [
  ...["rate_limited", "server_error", "cut", "order_in_slot", "no_transaction_index", "missing_status"] as const,
  ...["stale_slot", "missing_rows", "missing_transaction", "node_behind"] as const,
];

/** What passes when one asks again, or does not matter. */
function refusals({ faults }: DemoNode, random: Random): void {
  if (random.chance(0.5)) faults.on("rate_limited", { share: 0.4 });
  if (random.chance(0.3)) faults.on("server_error", { share: 0.15 });
  if (random.chance(0.3)) faults.on("cut", { share: 0.1 });
  if (random.chance(0.3)) faults.on("order_in_slot", { share: 0.5 });
  if (random.chance(0.3)) faults.on("no_transaction_index", { share: 1 });
  if (random.chance(0.3)) faults.on("missing_status", { share: random.between(1, 10) / 10 });
  if (random.chance(0.3)) faults.on("stale_slot", { share: 0.3, slots: random.between(1, 20) });
}

/** What is wrong for as long as one asks. Gives how many slots the node is behind. */
function lies({ faults }: DemoNode, random: Random): number {
  if (random.chance(0.7)) faults.on("missing_rows", { share: random.between(1, 10) / 10 });
  if (random.chance(0.5)) faults.on("missing_transaction", { share: random.between(1, 10) / 10 });
  const slots = random.chance(0.5) ? random.between(1, 60) : 0;
  if (slots > 0) faults.on("node_behind", { slots });
  return slots;
}

/** One sweep; with dice it may be cut short. Gives whether it got done. */
async function sweepOnce(
  stage: SweepStage,
  urls: readonly string[],
  add: (name: string, more: number) => void,
  random?: Random,
): Promise<boolean> {
  const limits = random?.chance(0.5)
    ? { pages: random.between(1, 6), transactions: random.between(1, 30), pageRows: random.between(3, 12) }
    : {};
  const { status } = await stage.sweep({ urls, limits });
  add("sweeps", 1);
  if (status !== "done") add("partial", 1);
  return status === "done";
}
