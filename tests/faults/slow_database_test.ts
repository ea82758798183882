/**
 * Row 27: the database is slow, or lets nobody pass for a while.
 *
 * @module
 */
import { expect } from "expect";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";
import { foundAfterwards } from "@/tests/support/model/afterwards.ts";
import { bodyOf } from "@/tests/support/raw_delivery.ts";
import { openToxicProxy } from "@/tests/support/toxic_proxy.ts";
import { waitingForLocks } from "@/tests/support/watched_database.ts";
import { chainItems, openWebhook, readItems, type Webhook } from "@/tests/support/webhook.ts";
import { eventually } from "@/tests/supabase/local/support/eventually.ts";

/** Runs a test on an empty book, and closes what it opens. */
function bookTest(name: string, run: (database: TestDatabase, open: typeof openWebhook) => Promise<void>): void {
  Deno.test(name, async () => {
    const database = await openTestDatabase({ pooler: 0 });
    const webhooks: Webhook[] = [];
    try {
      await run(database, (url, options) => {
        const webhook = openWebhook(url, options);
        webhooks.push(webhook);
        return webhook;
      });
    } finally {
      await Promise.all(webhooks.map((webhook) => webhook.close()));
      await database.close();
    }
  });
}

/** Helius waits a second for an answer, then sends the same again, three times more. Here all of that is ten times faster. */
const SENDER_PATIENCE_MS = 100;
const SENDER_ATTEMPTS = 4;

/** Long enough to reach the lock on a busy machine. */
const DEADLINE_MS = 1_000;

bookTest(
  "row 27: a database that takes 0.5 to 5 s takes a delivery up once, although its sender has lost patience and repeated it",
  async (database, open) => {
    const items = chainItems("slow", 48);
    const roads = [500, 1_000, 2_000, 5_000].map((slowMs) => ({ slowMs, road: openToxicProxy(database.url) }));
    try {
      await Promise.all(roads.map(async ({ slowMs, road }, number) => {
        const webhooks = Array.from({ length: SENDER_ATTEMPTS }, () => open(road.through(database.url)));
        for (const webhook of webhooks) await webhook.get("/api/health");
        // A call and its answer are two round trips.
        road.delayMs = slowMs / 2;
        const begun = performance.now();
        const body = bodyOf(...items.slice(number * 12, number * 12 + 12));
        const answers = await Promise.all(webhooks.map(async (webhook, attempt) => {
          await new Promise((resume) => setTimeout(resume, attempt * SENDER_PATIENCE_MS));
          return await webhook.send(body);
        }));
        expect(performance.now() - begun).toBeGreaterThan(slowMs);
        const duplicates = answers.map(({ duplicate }) => Number(duplicate)).sort((a, b) => a - b);
        expect([slowMs, ...duplicates]).toEqual([slowMs, 0, 12, 12, 12]);
      }));
      expect(await foundAfterwards(database.admin, readItems(items))).toEqual([]);
    } finally {
      await Promise.all(roads.map(({ road }) => road.close()));
    }
  },
);

for (const table of ["public.vaults", "public.transactions", "vaultbook.inbox", "vaultbook.deliveries"]) {
  bookTest(
    `row 27: a webhook that cannot get past ${table} answers 503 with Retry-After in time, and nothing is half`,
    async (database, open) => {
      const { admin } = database;
      const items = chainItems("locked", 24);
      const [first, second] = [items.slice(0, 12), items.slice(12)];
      const [patient, impatient] = [open(database.url), open(database.url, { deadlineMs: DEADLINE_MS })];
      await patient.send(bodyOf(...first));
      await admin.begin(async (sql) => {
        await sql.unsafe(`lock table ${table} in access exclusive mode`);
        await expect(impatient.send(bodyOf(...second))).rejects.toMatchObject({ code: "database_unavailable" });
        expect(await waitingForLocks(admin)).toBe(1);
      });
      // What waited goes on without its caller, as the server cannot know that nobody listens any more.
      await eventually("nobody to wait", async () => await waitingForLocks(admin) === 0);
      expect(await patient.send(bodyOf(...second))).toMatchObject({ received: 12, parked: 0, quarantined: 0 });
      expect(await foundAfterwards(admin, readItems(items))).toEqual([]);
    },
  );
}
