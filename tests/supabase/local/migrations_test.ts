import { expect } from "expect";
import postgres from "postgres";
import { applyMigrations } from "@/supabase/local/migrations.ts";
import { openTestDatabase } from "@/tests/support/database.ts";

Deno.test("applyMigrations() refuses a database that holds another version of a file, and changes nothing", async () => {
  const database = await openTestDatabase();
  const owner = postgres(database.url, { max: 1, onnotice: () => {} });
  try {
    expect(await applyMigrations(owner)).toEqual([]);
    await owner`
      update supabase_migrations.schema_migrations set statements = array['select 1'] where name = 'snapshots'`;
    await owner`delete from supabase_migrations.schema_migrations where name = 'views'`;
    await expect(applyMigrations(owner)).rejects.toThrow(/_snapshots\.sql was changed .* only a new database takes it/);
    const views = await owner`select from supabase_migrations.schema_migrations where name = 'views'`;
    expect(views.length).toBe(0);
  } finally {
    await owner.end();
    await database.close();
  }
});
