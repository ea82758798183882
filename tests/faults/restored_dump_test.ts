/**
 * Row 59, as docs/runbooks/restore.md has it: pg_dump, the chain goes on, the database is lost, pg_restore, sweep, reconcile.
 *
 * @module
 */
import { expect } from "expect";
import { createRandom } from "@/supabase/local/demo/random.ts";
import { withTestServer } from "@/tasks/test/server.ts";
import { debianPackages } from "@/tests/support/debian_package.ts";
import { DEBIAN_POSTGRES, debianInstallation } from "@/tests/support/debian_postgres.ts";
import { type Dump, openDump } from "@/tests/support/dump.ts";
import { fork } from "@/tests/support/fork.ts";
import { findings, reconcileOn, summary } from "@/tests/support/reconciling.ts";
import { openSweepStage, type SweepStage } from "@/tests/support/sweeping.ts";

const found = await debianPackages([`postgresql-${DEBIAN_POSTGRES}`]);

/** What a restored book must come to: the chain, and nobody told of a difference that was none. Returns the critical alerts' types. */
async function repair(stage: SweepStage): Promise<string[]> {
  for (let run = 0; run < 3; run++) {
    expect((await stage.sweep()).status).toBe("done");
    stage.node.waitSlots(40);
  }
  expect(summary(await reconcileOn(stage))).toBe("done matched 6");
  expect(await stage.differences()).toEqual([]);
  expect(await findings(stage)).toEqual([]);
  const open = await stage.sql`select distinct alert_type from public.open_alerts where severity = 'critical'`;
  return open.map(({ alert_type }) => alert_type);
}

/** Notices by alert and occasion: how many, and how many of these more than once. */
async function notices({ sql }: SweepStage): Promise<{ told: number; twice: number }> {
  const [row] = await sql<{ told: number; twice: number }[]>`
    select coalesce(sum(n.times), 0)::integer as told, count(*) filter (where n.times > 1)::integer as twice
      from (select count(*) as times from vaultbook.notices group by alert_id, occasion) as n`;
  return row ?? { told: 0, twice: 0 };
}

/** The chain goes on: the webhook hears it, or nobody does. */
async function goOn(stage: SweepStage, transactions: number, isHeard: boolean): Promise<void> {
  stage.node.trade(transactions);
  if (isHeard) await stage.hear({ batch: 10 });
  stage.node.waitUntilFinal();
}

async function behindTheChain(stage: SweepStage, dump: Dump): Promise<string> {
  await stage.sql`insert into public.notice_targets (name, kind, min_severity) values ('desk', 'slack', 'info')`;
  await stage.hear({ batch: 20 });
  await stage.sweep();
  await dump.take();
  const [then] = await stage.sql`select count(*)::integer as rows from public.transactions`;
  await goOn(stage, 60, true);
  await stage.sweep();
  expect(await stage.differences()).toEqual([]);
  const before = await notices(stage);
  const [lost] = await stage.sql`select count(*)::integer as rows from public.transactions`;

  await dump.restore();
  expect((await stage.differences()).length).toBeGreaterThan(0); // behind
  expect(await stage.sql`select count(*)::integer as rows from public.transactions`).toEqual([then]);
  // The webhook goes on as if nothing had been: what it tells has no past here.
  await goOn(stage, 10, true);
  expect(await repair(stage)).toEqual([]);
  const after = await notices(stage);
  // A vault that the webhook told of without its past has a gap, which opens and closes once.
  const { length: vaults } = await stage.sql`select from public.vaults`;
  expect(after.twice).toBe(0);
  expect(after.told).toBeLessThanOrEqual(before.told + 3 * vaults);
  return `${lost?.rows - then?.rows} rows lost and found again, ${after.told} notices, ${before.told} without the loss`;
}

async function withDroppedFork(stage: SweepStage, dump: Dump): Promise<string> {
  await stage.hear({ batch: 20 });
  await stage.sweep();
  // The dump holds what a fork drops before it is restored: a confirmed past that never was.
  const { node } = stage;
  const plan = { slots: 12, transactions: 10, lands: 0.5, random: createRandom("dropped") };
  const landed = node.posted().length;
  const { dropped } = fork(node, plan);
  const confirmed = node.posted().slice(landed).filter(({ item }) =>
    dropped.some(({ signature, slot }) => signature === item.transaction.signatures[0] && slot === item.slot)
  );
  expect(confirmed.length).toBeGreaterThan(0);
  await stage.take(...confirmed.map(({ item }) => item));
  await dump.take();
  await goOn(stage, 20, false);
  await stage.sweep();
  await stage.sweep();

  await dump.restore();
  expect((await stage.differences()).length).toBeGreaterThan(0);
  await goOn(stage, 10, false);
  // What never landed again is a person's to know.
  expect(await repair(stage)).toEqual(["rolled_back"]);
  return `${dropped.length} transactions of a dropped fork in the dump`;
}

const NAME = "row 59: sweep and reconciliation repair a dump that is restored";

if ("reason" in found) {
  Deno.test.ignore(`${NAME} [ignored: pg_dump comes with Debian's PostgreSQL, and ${found.reason}]`, () => {});
} else {
  const installation = debianInstallation(found);
  Deno.test(NAME, (test) =>
    withTestServer({ installation, onProgress: () => {} }, async ({ adminUrl, folder }) => {
      const step = async (what: string, run: typeof behindTheChain): Promise<void> => {
        await test.step(what, async () => {
          const stage = await openSweepStage({ seed: what, transactions: 20, server: adminUrl });
          try {
            // deno-lint-ignore no-console -- what was at stake
            console.log(await run(stage, openDump(stage, installation, folder)));
          } finally {
            await stage.close();
          }
        });
      };
      await step("behind the chain, without a storm of notices", behindTheChain);
      await step("with a fork in it that the chain dropped since", withDroppedFork);
    }));
}
