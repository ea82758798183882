import { expect } from "expect";
import { at, bookTest, initialise, type Unplaced } from "@/tests/support/book.ts";
import { key } from "@/tests/support/raw_delivery.ts";

const [alice, bob, carol] = ["alice", "bob", "carol"].map((who) => key(who)) as [string, string, string];

bookTest("ingest() dates a vault by its event, else by its block, else by now", async ({ take, sql }) => {
  const timeless = (owner: string): Unplaced => ({ ...initialise(owner), at: null } as Unplaced);
  await take(at(1, [initialise(alice)]), at(2, [timeless(bob)]), { ...at(3, [timeless(carol)]), blockTime: null });
  const rows = await sql`
    select owner, case when created_at > now() - interval '1 minute' then 'now' else extract(epoch from created_at)::text end as created
      from public.vaults`;
  expect(Object.fromEntries(rows.map(({ owner, created }) => [owner, created]))).toEqual({
    [alice]: "1700000000.000000",
    [bob]: "1700000002.000000",
    [carol]: "now",
  });
});
