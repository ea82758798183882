/**
 * Applies `supabase/migrations` as `supabase db push` does: each file once, each atomic, recorded in
 * `supabase_migrations.schema_migrations` in the CLI's own format, so that either tool can go on after the other.
 *
 * @module
 */
import type { Sql } from "postgres";

/** Where the migrations lie. */
const FOLDER = new URL("../migrations/", import.meta.url);

/** `20261122000100_foundation.sql` → version and name; the pattern is the CLI's. */
const FILE_NAME = /^([0-9]+)_(.*)\.sql$/;

/**
 * Applies the migrations that the database has not seen yet, in order of version.
 *
 * @param owner a connection of the role that will own the tables: `postgres`, which is no superuser.
 * @returns the names of the files applied now, in order; empty when the database was up to date.
 * @throws {Error} naming the file, with the database's error as its cause; that file then left no trace.
 */
export async function applyMigrations(owner: Sql): Promise<string[]> {
  await owner.unsafe(`
    create schema if not exists supabase_migrations;
    create table if not exists supabase_migrations.schema_migrations (
      version text primary key,
      statements text[],
      name text
    )`).simple();
  const seen = new Set(
    (await owner`select version from supabase_migrations.schema_migrations`).map((row) => String(row.version)),
  );
  const applied: string[] = [];
  for (const file of listMigrations()) {
    if (seen.has(file.version)) continue;
    const text = await Deno.readTextFile(new URL(file.path, FOLDER));
    try {
      await owner.begin(async (sql) => {
        await sql.unsafe(text).simple();
        await sql`insert into supabase_migrations.schema_migrations (version, statements, name)
                  values (${file.version}, ${[text]}, ${file.name})`;
      });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`Cannot apply migration ${file.path}: ${reason}`, { cause });
    }
    applied.push(file.path);
  }
  return applied;
}

/** Every migration file in order of version. */
function listMigrations(): { version: string; name: string; path: string }[] {
  const files = [...Deno.readDirSync(FOLDER)].flatMap(({ name: path }) => {
    const parts = FILE_NAME.exec(path);
    return parts ? [{ version: parts[1] ?? "", name: parts[2] ?? "", path }] : [];
  });
  return files.sort((a, b) => (a.version < b.version ? -1 : 1));
}
