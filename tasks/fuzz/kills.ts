/**
 * Kills something again and again while deliveries are under way to it.
 *
 * @module
 */
import type { Sql } from "postgres";
import type { Dice } from "@/tests/support/model/dice.ts";
import { keepsItsWord, stored } from "./acknowledged.ts";
import { type Counts, sum } from "./campaign.ts";
import type { Senders } from "./senders.ts";

/** What is killed. */
export interface Victim {
  /** How it is called in the counts. */
  readonly name: string;
  /** `kill -9`: resolves when it is dead. */
  kill(): Promise<void>;
  /** Resolves when it serves again. */
  revive(): Promise<void>;
}

/** The longest that a victim may work between its first answer and its end. Milliseconds. */
const LIFE_MS = 120;

/**
 * Kills up to so many times, as long as there is something to send, and looks after each time for what was acknowledged. Ends when
 * the senders have nothing left.
 *
 * @param open gives a connection of the superuser to the book.
 */
export async function killAmid(
  victim: Victim,
  senders: Senders,
  open: () => Sql,
  { most, dice, interrupted }: { most: number; dice: Dice; interrupted: AbortSignal },
): Promise<Counts> {
  let counts: Counts = {};
  let isDone = false;
  senders.done.then(() => isDone = true);
  for (let kills = 0; kills < most && !interrupted.aborted; kills++) {
    await senders.next();
    await new Promise((resume) => setTimeout(resume, dice.random() * LIFE_MS));
    if (isDone) break;
    const underWay = senders.underWay();
    senders.hold();
    await victim.kill();
    await victim.revive();
    const sql = open();
    try {
      await quiet(sql);
      const kept = await stored(sql, underWay);
      counts = sum(counts, {
        [`${victim.name} kills`]: 1,
        [`${victim.name} kills amid writes`]: underWay.length > 0 ? 1 : 0,
        "writes undone": underWay.length - kept,
        "answers lost": kept,
      });
      await keepsItsWord(sql, senders.receipts());
    } finally {
      await sql.end({ timeout: 5 });
    }
    senders.resume();
  }
  if (interrupted.aborted) senders.stop();
  await senders.done;
  const failure = senders.failure();
  if (failure) throw new Error(`A delivery is refused again and again: ${failure}`, { cause: failure });
  return counts;
}

/** Waits until nobody works on the database any more: what a dead client asked for is still done. */
async function quiet(sql: Sql): Promise<void> {
  for (;;) {
    const [row] = await sql<{ busy: boolean }[]>`
      select count(*) > 0 as busy from pg_stat_activity
       where datname = current_database() and backend_type = 'client backend' and state <> 'idle' and pid <> pg_backend_pid()`;
    if (!row?.busy) return;
    await new Promise((resume) => setTimeout(resume, 10));
  }
}
