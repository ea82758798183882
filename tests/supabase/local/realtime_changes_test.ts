import type { RealtimePostgresChangesPayload } from "@supabase/supabase-js";
import { expect } from "expect";
import {
  pause,
  type RealtimeFixture,
  subscribe,
  testRealtime,
  type Token,
  until,
  type Version,
  VERSIONS,
} from "./realtime_fixture.ts";
import { openRawClient } from "./realtime_raw_client.ts";

type Change = RealtimePostgresChangesPayload<Record<string, unknown>>;

/** Subscribes to changes of `notes`; resolves once the server says that it is so, with what it says. */
async function watch(
  fixture: RealtimeFixture,
  token: Token,
  subscription: Record<string, unknown>,
  vsn: Version = "2.0.0",
): Promise<{ changes: Change[]; announcement: string }> {
  const client = await fixture.client(token, { vsn });
  const changes: Change[] = [];
  const announcements: string[] = [];
  const channel = client.channel("changes")
    .on("system", {}, ({ extension, message }) => extension === "postgres_changes" && announcements.push(message))
    .on(
      "postgres_changes",
      { event: "*", schema: "public", table: "notes", ...subscription } as { event: "*"; schema: string },
      (change) => changes.push(change),
    );
  expect(await subscribe(channel)).toEqual({ status: "SUBSCRIBED", error: undefined });
  await until(() => announcements.length > 0);
  return { changes, announcement: announcements[0] ?? "" };
}

for (const vsn of VERSIONS) {
  testRealtime(`an INSERT reaches the row's owner and nobody else (${vsn})`, async (fixture) => {
    const owner = await watch(fixture, "alice", { event: "INSERT" }, vsn);
    const other = await watch(fixture, "bob", { event: "*" }, vsn);
    const nobody = await watch(fixture, null, { event: "*" }, vsn);
    expect(owner.announcement).toBe("Subscribed to PostgreSQL");
    await fixture.owner`insert into public.notes values (1, 'alice', 5, 'hidden')`;
    await until(() => owner.changes.length > 0);
    expect(owner.changes).toEqual([{
      schema: "public",
      table: "notes",
      commit_timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      eventType: "INSERT",
      new: { id: 1, owner: "alice", amount: 5 },
      old: {},
      errors: null,
    }]);
    await pause(50);
    expect(other.changes).toEqual([]);
    // Without the right to read the table's key, upstream sends an error and no row.
    expect(nobody.changes.map(({ new: row, errors }) => [row, errors])).toEqual([[{}, ["Error 401: Unauthorized"]]]);
  });
}

testRealtime("an UPDATE gives the new row and the old key, a DELETE the key alone, even to others", async (fixture) => {
  const owner = await watch(fixture, "alice", {});
  const other = await watch(fixture, "bob", {});
  await fixture.owner`insert into public.notes values (1, 'alice', 5, 'hidden')`;
  await until(() => owner.changes.length === 1);
  await fixture.owner`update public.notes set amount = 6`;
  // Row security is asked about the row as it is now: one that is gone by then is nobody's to see, upstream too.
  await until(() => owner.changes.length === 2);
  await fixture.owner`delete from public.notes`;
  await until(() => owner.changes.length === 3 && other.changes.length === 1);
  const told = ({ eventType, new: row, old }: Change): unknown[] => [eventType, row, old];
  expect(owner.changes.slice(1).map(told)).toEqual([
    ["UPDATE", { id: 1, owner: "alice", amount: 6 }, { id: 1 }],
    ["DELETE", {}, { id: 1 }],
  ]);
  expect(other.changes.map(told)).toEqual([["DELETE", {}, { id: 1 }]]);
});

testRealtime(
  "with full replica identity the old row is told, but of a deleted one under row security the key",
  async (fixture) => {
    await fixture.owner`alter table public.notes replica identity full`;
    const owner = await watch(fixture, "alice", {});
    await fixture.owner`insert into public.notes values (1, 'alice', 5, 'hidden')`;
    await until(() => owner.changes.length === 1);
    await fixture.owner`update public.notes set amount = 6`;
    await until(() => owner.changes.length === 2);
    await fixture.owner`delete from public.notes`;
    await until(() => owner.changes.length === 3);
    expect(owner.changes.slice(1).map(({ old }) => old)).toEqual([{ id: 1, owner: "alice", amount: 5 }, { id: 1 }]);
  },
);

testRealtime("filters compare values of the column's type, and select picks columns", async (fixture) => {
  const rich = await watch(fixture, "alice", { filter: "amount=gt.9,id=not.in.(7)", select: ["amount"] });
  await fixture.owner`
    insert into public.notes values (1, 'alice', 5), (2, 'alice', 10), (7, 'alice', 11), (8, 'alice', 9007199254740993)`;
  await until(() => rich.changes.length === 2);
  await pause(50);
  expect(rich.changes.map(({ new: row }) => row)).toEqual([{ id: 2, amount: 10 }, { id: 8, amount: 9007199254740992 }]);
});

testRealtime("a change has every digit on the wire, and one frame has all of a channel's ids", async (fixture) => {
  const client = await openRawClient(fixture);
  const notes = { schema: "public", table: "notes" };
  const reply = await client.join(
    "changes",
    {
      postgres_changes: [{ event: "*", ...notes }, { event: "INSERT", ...notes, filter: "id=eq.1" }, {
        event: "UPDATE",
        ...notes,
      }],
    },
    "alice",
  );
  expect(reply).toContain('"postgres_changes":[{"event":"*","schema":"public","table":"notes","id":1},');
  await client.frame("Subscribed to PostgreSQL");
  await fixture.owner`insert into public.notes values (1, 'alice', 9223372036854775807)`;
  const frame = await client.frame('postgres_changes",{"ids"');
  expect(frame).toContain('{"ids":[1,2],"data":');
  expect(frame).toContain('"amount": 9223372036854775807');
  await client.close();
});

testRealtime("a transaction that is rolled back is no change", async (fixture) => {
  const owner = await watch(fixture, "alice", {});
  await expect(fixture.owner.begin(async (sql) => {
    await sql`insert into public.notes values (1, 'alice', 5)`;
    throw new Error("undo");
  })).rejects.toThrow("undo");
  await fixture.owner`insert into public.notes values (2, 'alice', 5)`;
  await until(() => owner.changes.length > 0);
  expect(owner.changes.map(({ new: row }) => (row as { id: number }).id)).toEqual([2]);
});

testRealtime("a subscription that can receive nothing is told so in upstream's words", async (fixture) => {
  const announcement = async (subscription: Record<string, unknown>): Promise<string> =>
    (await watch(fixture, "alice", subscription)).announcement;
  expect(await announcement({ table: "unpublished" })).toBe(
    "Unable to subscribe to changes with given parameters. Please check Realtime is enabled for the given connect " +
      "parameters: [event: *, schema: public, table: unpublished, filters: [], select: nil]",
  );
  expect(await announcement({ filter: "secret=eq.x" })).toMatch(
    /Exception: ERROR P0001 invalid column for filter secret$/,
  );
  expect(await announcement({ filter: "amount=eq.x" })).toMatch(
    /Exception: ERROR 22P02 invalid input syntax for type bigint/,
  );
  expect(await announcement({ filter: "amount=about.5" })).toBe('Error parsing `filter` params: ["about", "5"]');
});

testRealtime(
  "a table that is added to the publication later is heard from, and no more once it is taken out",
  async (fixture) => {
    await fixture.owner`grant select on public.unpublished to authenticated`;
    await fixture.owner`alter publication supabase_realtime add table public.unpublished`;
    const watcher = await watch(fixture, "alice", { table: "unpublished" });
    await fixture.owner`insert into public.unpublished values (1)`;
    await until(() => watcher.changes.length === 1);
    await fixture.owner`alter publication supabase_realtime drop table public.unpublished`;
    await fixture.owner`insert into public.unpublished values (2)`;
    await pause(100);
    expect(watcher.changes.length).toBe(1);
  },
);

testRealtime("a policy that raises withholds the row and says so", async (fixture) => {
  await fixture.owner`create policy "broken" on public.notes for select to authenticated using (1 / (amount - 5) > 0)`;
  const owner = await watch(fixture, "bob", {});
  await fixture.owner`insert into public.notes values (1, 'alice', 5)`;
  await until(() => owner.changes.length > 0);
  expect(owner.changes.map(({ new: row, errors }) => [row, errors])).toEqual([
    [{}, ["Error 500: Internal Server Error, RLS policy evaluation failed"]],
  ]);
});
