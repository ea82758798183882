/**
 * `kill -9` amid deliveries. `deno task fuzz --only crash` does the same for as long as one likes.
 *
 * @module
 */
import { expect } from "expect";
import { ingest } from "@/lib/ledger/ingest.ts";
import { holdsExactly } from "@/tasks/fuzz/acknowledged.ts";
import { crashDatabase } from "@/tasks/fuzz/crash_database.ts";
import { crashWebhook, demoParcels, startMortalWebhook } from "@/tasks/fuzz/crash_webhook.ts";
import { type MortalPostgres, startMortalPostgres } from "@/tasks/fuzz/mortal_postgres.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { chosenSeed } from "@/tests/support/seeded.ts";

const KILLS = 4;
const interrupted = new AbortController().signal;

/** Names the seed of what fails. */
async function seeded<Result>(run: (seed: number) => Promise<Result>): Promise<Result> {
  const seed = chosenSeed();
  try {
    return await run(seed);
  } catch (error) {
    throw new Error(`SEED=${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/** Works with a PostgreSQL that can be killed. */
async function withMortalPostgres(work: (server: MortalPostgres) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "vaultbook-" });
  // PostgreSQL, which does not run as root, must get through.
  await Deno.chmod(folder, 0o711);
  const server = await startMortalPostgres(folder);
  try {
    await work(server);
  } finally {
    await server.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

/** Acknowledges first and stores a moment later. */
function hastyWriter(): { write: typeof ingest; idle(): Promise<unknown> } {
  const stores: Promise<unknown>[] = [];
  const moment = (): Promise<void> => new Promise((resume) => setTimeout(resume, 20));
  return {
    async write(database, delivery): ReturnType<typeof ingest> {
      await moment();
      stores.push(moment().then(() => ingest(database, delivery)).catch(() => {}));
      return delivery.transactions.map(({ signature = null }) => ({ signature, outcome: "applied", code: null }));
    },
    idle: () => Promise.all(stores),
  };
}

Deno.test("row 25: kill -9 of PostgreSQL amid six writers loses nothing acknowledged, doubles nothing, leaves nothing by half", (test) =>
  withMortalPostgres(async (server) => {
    const counts = await seeded((seed) => crashDatabase(server, { seed, kills: KILLS, interrupted }));
    expect(counts["database kills amid writes"]).toBeGreaterThanOrEqual(KILLS - 1);
    expect(counts["writes undone"]).toBeGreaterThan(0);
    await test.step("and the same finds a writer that acknowledges before it has stored", async () => {
      const { write, idle } = hastyWriter();
      const crashed = crashDatabase(server, { seed: chosenSeed(), kills: 1, interrupted }, write);
      await expect(crashed).rejects.toThrow("What was acknowledged is lost");
      await idle();
    });
  }));

Deno.test("row 27: SIGKILL of the process that serves the webhook amid deliveries leaves no half state, and the sender's repetitions fill it", async () => {
  const adminUrl = Deno.env.get("VAULTBOOK_TEST_ADMIN_URL") ?? "";
  const counts = await seeded((seed) => crashWebhook(adminUrl, { seed, kills: KILLS, interrupted }));
  expect(counts["webhook kills amid writes"]).toBeGreaterThanOrEqual(KILLS - 1);
});

Deno.test("row 28: SIGKILL right after each 200 loses nothing: no work lives in memory alone", () =>
  seeded(async (seed) => {
    const database = await openTestDatabase();
    const webhook = await startMortalWebhook(database.url);
    const parcels = demoParcels(seed, 10);
    try {
      for (const [number, { body }] of parcels.entries()) {
        await webhook.post(body);
        await webhook.kill();
        const told = parcels.slice(0, number + 1).flatMap(({ transactions }) => transactions);
        await holdsExactly(database.admin, told);
        await webhook.revive();
      }
      expect(parcels.length).toBeGreaterThan(2);
    } finally {
      await webhook.stop();
      await database.close();
    }
  }));
