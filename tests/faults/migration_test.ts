/**
 * Row 58: the schema changes while deliveries come in.
 *
 * @module
 */
import { expect } from "expect";
import { pathToFileURL } from "node:url";
import postgres, { type Sql } from "postgres";
import { applyMigrations } from "@/supabase/local/migrations.ts";
import { foundAfterwards } from "@/tests/support/model/afterwards.ts";
import { histories } from "@/tests/support/model/histories.ts";
import { diceOf } from "@/tests/support/model/dice.ts";
import { batches, chosenSeed, generator, jostled } from "@/tests/support/seeded.ts";
import { waitingForLocks } from "@/tests/support/watched_database.ts";
import { writersTest } from "@/tests/support/writers.ts";
import { eventually } from "@/tests/supabase/local/support/eventually.ts";

const WRITERS = 4;
/** So many deliveries have to get past a migration that waits for somebody else. */
const PASSING = 20;

/** As ARCHITECTURE.md has it: how a migration begins that locks several tables. */
const ALONE = "set local lock_timeout = '500ms'; select vaultbook.lock_vaults('{}', true);";

/** Changes of the kinds that are to come, each a migration. */
const CHANGES = {
  add_columns: `${ALONE}
    alter table public.transactions add column probe text;
    alter table public.vaults add column probe bigint not null default 0;
    alter table vaultbook.inbox add column probe jsonb not null default '{}'`,
  add_constraints: `${ALONE}
    alter table public.transactions add constraint transactions_probe check (amount >= 0) not valid;
    alter table public.vaults add constraint vaults_probe check (total_balance >= locked_balance) not valid`,
  validate_constraints: `
    alter table public.transactions validate constraint transactions_probe;
    alter table public.vaults validate constraint vaults_probe`,
  create_an_index: "create index transactions_probe_idx on public.transactions (vault_owner, amount)",
  create_indexes: `${ALONE}
    create index inbox_probe_idx on vaultbook.inbox (first_seen_at);
    create index vaults_probe_idx on public.vaults (total_balance)`,
  replace_trigger: `
    drop trigger transactions_append_only on public.transactions;
    create trigger transactions_append_only before insert or update or delete or truncate on public.transactions
      for each statement execute function vaultbook.tg_append_only();
    alter table public.transactions enable always trigger transactions_append_only`,
};

/** Writes the changes down as migrations, and what makes every function of the ledger anew. */
async function writeMigrations(folder: string, sql: Sql): Promise<string[]> {
  const functions = await sql<{ definition: string }[]>`
    select pg_get_functiondef(p.oid) as definition from pg_proc as p
     where p.pronamespace = 'vaultbook'::regnamespace and p.prokind = 'f'`;
  const replaced = functions.map(({ definition }) => definition).join(";\n");
  const files = Object.entries({ ...CHANGES, replace_functions: replaced });
  return await Promise.all(files.map(async ([name, text], number) => {
    const file = `9999000000000${number}_${name}.sql`;
    await Deno.writeTextFile(`${folder}/${file}`, text);
    return file;
  }));
}

writersTest(
  "row 58: migrations are applied while deliveries come in; who waits for a long reader lets the writers pass",
  WRITERS,
  async ({ database, take }) => {
    const { admin } = database;
    const seed = chosenSeed();
    const dice = diceOf(generator(seed));
    const transactions = histories(`seed ${seed}`, dice, 4, { owners: 3, transactions: 20 });
    const deliveries = [...batches(jostled(transactions, 10, dice.random), 2, dice.random)];
    const folder = await Deno.makeTempDir({ prefix: "vaultbook-migrations-" });
    const owner = postgres(database.url, { max: 1, onnotice: () => {} });
    let [taken, isOver] = [0, false];
    const writing = Promise.all(Array.from({ length: WRITERS }, async (_, writer) => {
      // Round and round: what came before comes again.
      for (let turn = writer; !isOver || turn < deliveries.length; turn += WRITERS) {
        await take(deliveries[turn % deliveries.length] ?? [], writer);
        taken++;
      }
    }));
    try {
      const files = await writeMigrations(folder, admin);
      let migrating: Promise<string[]> | undefined;
      await admin.begin(async (reader) => {
        await reader`select count(*) from public.transactions`;
        migrating = applyMigrations(owner, new URL(`${pathToFileURL(folder)}/`));
        await eventually("the first migration to wait", async () => await waitingForMigration(admin));
        const before = taken;
        await eventually("writers to pass it", () => taken >= before + PASSING, 20_000);
      });
      expect(await migrating).toEqual(files);
    } finally {
      isOver = true;
      await writing;
      await owner.end();
      await Deno.remove(folder, { recursive: true });
    }
    expect(await waitingForLocks(admin)).toBe(0);
    expect([`seed ${seed}`, ...await foundAfterwards(admin, transactions)]).toEqual([`seed ${seed}`]);
  },
);

async function waitingForMigration(sql: Sql): Promise<boolean> {
  const [row] = await sql`
    select count(*)::integer as waiting from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock' and query like '%alter table%'`;
  return Number(row?.waiting) > 0;
}
