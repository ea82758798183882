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
 * @throws {Error} naming the file, with the database's error as its cause; that file then left no trace. Also where a file was
 * changed since this database applied it: until the first release chapters are rewritten in place, and only a new database takes
 * them.
 */
export async function applyMigrations(owner: Sql): Promise<string[]> {
  await owner.unsafe(`
    create schema if not exists supabase_migrations;
    create table if not exists supabase_migrations.schema_migrations (
      version text primary key,
      statements text[],
      name text
    )`).simple();
  const rows = await owner<{ version: string; statements: string[] | null }[]>`
    select version, statements from supabase_migrations.schema_migrations`;
  const seen = new Map(rows.map(({ version, statements }) => [version, statements]));
  const applied: string[] = [];
  for (const file of listMigrations()) {
    const text = await Deno.readTextFile(new URL(file.path, FOLDER));
    const known = seen.get(file.version);
    // One statement is a whole file of ours; the CLI keeps them one by one.
    if (known?.length === 1 && known[0] !== text) {
      throw new Error(
        `Migration ${file.path} was changed since this database applied it: only a new database takes it (start --fresh)`,
      );
    }
    if (seen.has(file.version)) continue;
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
