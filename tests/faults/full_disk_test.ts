/**
 * Rows 55 and 56: the database's disk is full; and so full that not even its log can be written.
 *
 * @module
 */
import { expect } from "expect";
import { openTestDatabase } from "@/tests/support/database.ts";
import { foundAfterwards, heardOtherwise } from "@/tests/support/model/afterwards.ts";
import { openOwnServer, type OwnServer } from "@/tests/support/own_server.ts";
import { bodyOf } from "@/tests/support/raw_delivery.ts";
import { openSmallDisk, type SmallDisk, whyNoSmallDisk } from "@/tests/support/small_disk.ts";
import { chainItems, openWebhook, readItems, type Webhook } from "@/tests/support/webhook.ts";
import type { Sql } from "postgres";

const MIB = 1024 * 1024;
const ITEMS = 160;
const BATCH = 4;
/** So many are tried one by one on the full disk. */
const ALONE = 30;

const reason = await whyNoSmallDisk();
const WHY = reason === null ? "" : ` (skipped: ${reason})`;

interface Scene {
  readonly disk: SmallDisk;
  readonly server: OwnServer;
  readonly webhook: Webhook;
  readonly admin: Sql;
}

/** Runs a test with a small disk, and a PostgreSQL that has all its files there, or its log alone. */
function diskTest(name: string, whatLiesThere: "everything" | "log", run: (scene: Scene) => Promise<void>): void {
  Deno.test({
    name: `${name}${WHY}`,
    ignore: reason !== null,
    async fn(): Promise<void> {
      await using stack = new AsyncDisposableStack();
      const disk = await openSmallDisk(512 * MIB);
      stack.defer(() => disk.close());
      // A shutdown writes too.
      stack.defer(() => disk.grow(512 * MIB));
      const server = await openOwnServer(whatLiesThere === "everything" ? { folder: disk.folder } : {});
      stack.defer(() => server.close());
      if (whatLiesThere === "log") await server.restart((dataDir) => disk.take(`${dataDir}/pg_wal`));
      const database = await openTestDatabase({ server: server.adminUrl, pooler: 0 });
      stack.defer(() => database.admin.end({ timeout: 1 }));
      const webhook = openWebhook(database.url);
      stack.defer(() => webhook.close());
      await run({ disk, server, webhook, admin: database.admin });
    },
  });
}

/** Delivers one batch after the other until one is refused. Gives the number of items that were taken. */
async function deliverUntilRefused(
  webhook: Webhook,
  items: readonly unknown[],
  betweenTwo = (): Promise<unknown> => Promise.resolve(),
): Promise<number> {
  for (let taken = 0; taken < items.length; taken += BATCH) {
    const refusal = await webhook.send(bodyOf(...items.slice(taken, taken + BATCH))).then(() => null, (error) => error);
    if (refusal !== null) {
      expect(refusal).toMatchObject({ code: "database_unavailable" });
      return taken;
    }
    await betweenTwo();
  }
  throw new Error("The disk was never full");
}

/** Everything comes again, and ends as the auditor says. */
async function settleAll({ webhook, admin }: Scene, items: readonly unknown[]): Promise<void> {
  for (let from = 0; from < items.length; from += BATCH * 10) {
    const batch = items.slice(from, from + BATCH * 10);
    expect(await webhook.send(bodyOf(...batch))).toMatchObject({ received: batch.length, quarantined: 0 });
  }
  expect(await foundAfterwards(admin, readItems(items))).toEqual([]);
}

diskTest(
  "row 55: a full disk means 503, reads go on, nothing is half; with room again everything settles",
  "everything",
  async (scene) => {
    const { disk, server, webhook, admin } = scene;
    const items = chainItems("full disk", ITEMS);
    // There is room in the log; for rows and indexes there is not.
    await admin`select pg_switch_wal()`;
    await admin`checkpoint`;
    await disk.leave(128 * 1024);
    const begun = await deliverUntilRefused(webhook, items);
    expect(await server.log()).toContain("No space left on device");
    expect(await foundAfterwards(admin, readItems(items.slice(0, begun)))).toEqual([]);
    // A little may still find room: then it is taken as if nothing were the matter, or not at all.
    const [taken, alone] = [items.slice(0, begun), items.slice(begun, begun + ALONE)];
    for (const item of alone) {
      const refusal = await webhook.send(bodyOf(item)).then(() => null, (error) => error);
      if (refusal === null) taken.push(item);
      else expect(refusal).toMatchObject({ code: "database_unavailable" });
    }
    expect(taken.length).toBeLessThan(begun + ALONE);
    expect(await server.log()).not.toContain("PANIC");
    expect((await webhook.get("/api/health")).status).toBe(200);
    expect(await heardOtherwise(admin, readItems(taken))).toEqual([]);
    await disk.grow(256 * MIB);
    await settleAll(scene, items);
  },
);

diskTest(
  "row 56: a log that cannot be written stops the server; with room again it starts, and nothing taken is lost",
  "log",
  async (scene) => {
    const { disk, server, webhook, admin } = scene;
    const items = chainItems("full log", ITEMS);
    await disk.leave(0);
    // The file that the log is in is as long as it will be: a few MiB more, and it wants another one.
    const fill = (): Promise<unknown> =>
      admin`select pg_logical_emit_message(false, 'filler', repeat('x', ${2 * MIB}))`.catch(() => {});
    const taken = await deliverUntilRefused(webhook, items, fill);
    expect(taken).toBeGreaterThan(0);
    await server.exited();
    expect(await server.log()).toMatch(/PANIC: .*No space left on device/);
    expect((await webhook.get("/api/health")).status).toBe(503);
    await disk.grow(256 * MIB);
    await server.restart();
    // The last thing that a server commits it may be unable to tell.
    const [row] = await admin`select count(*)::integer as deliveries from vaultbook.deliveries`;
    const kept = Number(row?.deliveries) * BATCH;
    expect([taken, taken + BATCH]).toContain(kept);
    expect(await foundAfterwards(admin, readItems(items.slice(0, kept)))).toEqual([]);
    await settleAll(scene, items);
  },
);

Deno.test("row 55: what runs out in the middle of the work is never taken for a mistake in the delivery", async () => {
  const database = await openTestDatabase();
  const webhook = openWebhook(database.url);
  const items = chainItems("middle", 12);
  try {
    // disk_full, out_of_memory, configuration_limit_exceeded, io_error
    for (const code of ["53100", "53200", "53400", "58030"]) {
      await database.admin.unsafe(`
        create or replace function public.run_out() returns trigger language plpgsql as
          $$begin raise exception 'out of it' using errcode = '${code}'; end$$;
        create or replace trigger run_out before insert on public.transactions for each row execute function public.run_out()`);
      await expect(webhook.send(bodyOf(...items))).rejects.toMatchObject({ code: "database_unavailable" });
      expect([code, ...await foundAfterwards(database.admin, [])]).toEqual([code]);
    }
    await database.admin`drop trigger run_out on public.transactions`;
    await webhook.send(bodyOf(...items));
    expect(await foundAfterwards(database.admin, readItems(items))).toEqual([]);
  } finally {
    await webhook.close();
    await database.close();
  }
});
