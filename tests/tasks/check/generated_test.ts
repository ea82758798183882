import { expect } from "expect";
import { dirname, join } from "node:path/posix";
import { fileURLToPath } from "node:url";
import { databaseTypes } from "@/tasks/check/database_types.ts";
import { GENERATED, staleComplaints } from "@/tasks/check/generated.ts";
import { openTestDatabase } from "@/tests/support/database.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

Deno.test("every generated file is fresh, and one that is changed or missing is complained of", async () => {
  const copy = await Deno.makeTempDir();
  const database = await openTestDatabase();
  try {
    expect(await staleComplaints(ROOT, database.admin)).toEqual([]);
    await Deno.copyFile(join(ROOT, "deno.json"), join(copy, "deno.json"));
    await Deno.copyFile(join(ROOT, "import_map.json"), join(copy, "import_map.json"));
    for (const [at, { path }] of GENERATED.entries()) {
      await Deno.mkdir(dirname(join(copy, path)), { recursive: true });
      const text = await Deno.readTextFile(join(ROOT, path));
      if (at > 0) await Deno.writeTextFile(join(copy, path), `another line\n${text}`);
    }
    expect(await staleComplaints(copy, database.admin)).toEqual(
      GENERATED.map(({ path }) => `${path} is stale: line 1 would be another`),
    );
  } finally {
    await database.close();
    await Deno.remove(copy, { recursive: true });
  }
});

Deno.test("the database types follow the schema: a new column, no grant, and what nobody thought of", async () => {
  const database = await openTestDatabase();
  const sql = database.admin;
  try {
    await sql`alter table public.vaults add column bonus bigint`;
    await sql`comment on column public.vaults.bonus is 'What is given'`;
    expect(await databaseTypes(sql)).toContain("/** What is given */\nbonus: RoundedAmount | null;");
    await sql`revoke all on public.vault_ledger from public, anon, authenticated, service_role`;
    expect(await databaseTypes(sql)).not.toContain("vault_ledger: {");
    await sql`alter table public.vaults add column share double precision`;
    await expect(databaseTypes(sql)).rejects.toThrow("share, a double precision");
    await sql`alter table public.vaults drop column share`;
    await sql`create function public.f() returns integer language sql as 'select 1'`;
    await expect(databaseTypes(sql)).rejects.toThrow("how to describe f()");
  } finally {
    await database.close();
  }
});
