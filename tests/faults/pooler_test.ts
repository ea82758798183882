/**
 * Row 29: a pooler in transaction mode between everybody and the database, so that many clients share a few sessions.
 *
 * More of the suite runs through one with `VAULTBOOK_TEST_POOLER=2 deno task test PATH…`.
 *
 * @module
 */
import { expect } from "expect";
import postgres, { type Sql } from "postgres";
import { at, deposit, initialise } from "@/tests/support/book.ts";
import { foundAfterwards } from "@/tests/support/model/afterwards.ts";
import { histories } from "@/tests/support/model/histories.ts";
import { diceOf } from "@/tests/support/model/dice.ts";
import { locatePooler } from "@/tests/support/pooler.ts";
import { newWallet, openTestPlatform } from "@/tests/support/platform.ts";
import { events, key, logOf, rawTransaction } from "@/tests/support/raw_delivery.ts";
import { batches, chosenSeed, generator, jostled } from "@/tests/support/seeded.ts";
import { sendAll } from "@/tests/support/sender.ts";
import { openWriters, type Writers } from "@/tests/support/writers.ts";

const pooler = await locatePooler();
const ignore = "reason" in pooler;
/** Why the tests are skipped, in their names. */
const WHY = "reason" in pooler ? ` (skipped: no PgBouncer, ${pooler.reason})` : "";

const CLIENTS = 12;

/** Runs a test on an empty book whose clients share so many sessions. */
function pooledTest(name: string, size: number, run: (book: Writers) => Promise<void>): void {
  Deno.test({
    name: `row 29: ${name}, with ${size} for all${WHY}`,
    ignore,
    async fn(): Promise<void> {
      const book = await openWriters(CLIENTS, { pooler: size });
      try {
        await run(book);
      } finally {
        await book.close();
      }
    },
  });
}

/** Clients of their own, each with one connection. */
async function withClients(url: string, count: number, run: (clients: Sql[]) => Promise<void>): Promise<void> {
  const clients = Array.from({ length: count }, () => postgres(url, { max: 1, prepare: false, fetch_types: false }));
  try {
    await run(clients);
  } finally {
    await Promise.all(clients.map((client) => client.end({ timeout: 1 })));
  }
}

for (const size of [1, 2, 3]) {
  pooledTest("a history that 12 clients deliver ends as the auditor says", size, async ({ database, take }) => {
    const seed = chosenSeed() + size;
    const dice = diceOf(generator(seed));
    const transactions = histories(`seed ${seed}`, dice, 4, { owners: 3, transactions: 20 });
    const order = jostled(transactions.flatMap((item) => dice.chance(0.5) ? [item, item] : [item]), 12, dice.random);
    const refused = await sendAll(batches(order, 4, dice.random), CLIENTS, take);
    expect([`seed ${seed}`, refused, ...await foundAfterwards(database.admin, transactions)]).toEqual([
      `seed ${seed}`,
      0,
    ]);
    const [sessions] = await database.admin`
      select count(*)::integer as count from pg_stat_activity
       where datname = current_database() and usename = 'postgres'`;
    expect(sessions?.count).toBe(size);
  });
}

pooledTest("no traveller leaves an identity behind", 1, async ({ database, take }) => {
  const owners = Array.from({ length: CLIENTS }, (_, client) => key(`owner ${client}`));
  await take(owners.map((owner, n) => at(n + 1, [initialise(owner), deposit(owner, BigInt(n + 1))])));
  await withClients(database.authenticatorUrl, CLIENTS, async (clients) => {
    const [first, second] = clients;
    // The trap is there: what one client sets for its session another one finds.
    await first?.unsafe(`set request.jwt.claims = '{"wallet_address":"left behind"}'`);
    const [found] = await second?.unsafe(`select current_setting('request.jwt.claims', true) as claims`) ?? [];
    expect(found?.claims).toBe('{"wallet_address":"left behind"}');
    await second?.unsafe("reset request.jwt.claims");

    const sessions = new Set<string>();
    await Promise.all(clients.map(async (client, n) => {
      for (let round = 0; round < 20; round++) {
        const seen = await client.begin(async (sql) => {
          await sql`select set_config('role', 'authenticated', true),
                           set_config('request.jwt.claims', ${JSON.stringify({ wallet_address: owners[n] })}, true)`;
          return await sql<{ owner: string; pid: string }[]>`
            select v.owner, pg_backend_pid()::text as pid from public.vaults as v`;
        });
        expect(seen.map(({ owner }) => owner)).toEqual([owners[n]]);
        seen.forEach(({ pid }) => sessions.add(pid));
        const [after] = await client.unsafe(
          `select current_user as role, current_setting('request.jwt.claims', true) as claims`,
        );
        expect({ ...after }).toEqual({ role: "authenticator", claims: "" });
      }
    }));
    expect(sessions.size).toBe(1);
  });
});

Deno.test({
  name: `row 29: two traders whose requests share one session each read the own vault alone${WHY}`,
  ignore,
  async fn(): Promise<void> {
    const platform = await openTestPlatform({ pooler: 1 });
    try {
      const wallets = [newWallet(), newWallet()];
      await platform.deliver(
        ...wallets.map(({ address }, slot) =>
          rawTransaction({ slot, logs: logOf(events.initialise(address), events.deposit(address, 5n, 5n)) })
        ),
      );
      const seen = await Promise.all(wallets.map(async (wallet) => {
        const client = platform.client();
        await wallet.signIn(client);
        const answers = Array.from({ length: 40 }, async () => await client.from("vault_ledger").select("vault_owner"));
        return (await Promise.all(answers)).map(({ data, error }) => error ?? data?.map((row) => row.vault_owner));
      }));
      expect(seen).toEqual(wallets.map(({ address }) => Array(40).fill([address])));
    } finally {
      await platform.close();
    }
  },
});
