/**
 * plpgsql_check's judgement on the ledger's functions.
 *
 * @module
 */
import { expect } from "expect";
import type { TestServer } from "@/tasks/test/server.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { checkingTest } from "@/tests/support/sql/checking_server.ts";
import { findingsOf } from "@/tests/support/sql/findings.ts";

/** What is found in a migrated database into which these statements were put. */
async function findings(server: TestServer, statements = ""): Promise<string[]> {
  const database = await openTestDatabase({ server: server.adminUrl });
  try {
    await database.admin.unsafe(statements).simple();
    return await findingsOf(database.admin);
  } finally {
    await database.close();
  }
}

await checkingTest(
  "row 49: plpgsql_check finds nothing in the functions of schema vaultbook, no injection either, and each is as volatile as it says",
  async (server) => expect(await findings(server)).toEqual([]),
);

/** Functions with a mistake each, and what is to be said of it. */
const MISTAKES: readonly { readonly sql: string; readonly said: string }[] = [
  {
    sql: "() returns text language plpgsql as $$ begin return (select v.colour from public.vaults as v); end $$",
    said: "column v.colour does not exist",
  },
  {
    sql: `() returns trigger language plpgsql as $$ begin perform r.colour from new_rows as r; return null; end $$;
          create trigger planted after insert on public.alerts referencing new table as new_rows
            for each statement execute function vaultbook.planted()`,
    said: "column r.colour does not exist",
  },
  {
    sql: "() returns void language plpgsql as $$ declare spare text; begin perform clock_timestamp(); end $$",
    said: 'unused variable "spare"',
  },
  {
    sql: "(p_order text) returns void language plpgsql as $$ begin execute 'select ' || p_order; end $$",
    said: "text type variable is not sanitized",
  },
  {
    sql:
      "(p_owner text) returns text language sql as $$ select v.status from public.vaults as v where v.owner = p_owner $$",
    said: "routine is marked as VOLATILE, should be STABLE",
  },
  { sql: "() returns timestamptz language sql stable as $$ select clock_timestamp() $$", said: "is not stable" },
  {
    sql: "() returns timestamptz language plpgsql immutable as $$ begin return now(); end $$",
    said: "is not immutable",
  },
];

await checkingTest(`plpgsql_check finds each of ${MISTAKES.length} planted mistakes`, async (server) => {
  const planted = MISTAKES.map(({ sql }, number) =>
    `create function vaultbook.planted${sql}`.replaceAll("planted", `planted_${number}`)
  );
  const told = await findings(server, planted.join(";\n"));
  const missed = MISTAKES.filter(({ said }, number) =>
    !told.some((line) => line.startsWith(`vaultbook.planted_${number}(`) && line.includes(said))
  );
  expect(missed).toEqual([]);
});
