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
 * How long a migration waits for a lock. Whoever writes meanwhile waits behind it, so it gives up soon, lets them pass, and
 * tries again.
 */
const LOCK_TIMEOUT = "500ms";

/** How often a migration is tried before it is given up: for about a minute. */
const ATTEMPTS_MAX = 60;

/** The longest pause between two attempts. Milliseconds. */
const PAUSE_MS = 1_000;

/**
 * Applies the migrations that the database has not seen yet, in order of version. Others may go on writing: none of them waits
 * for long, and what keeps a lock for long is waited for.
 *
 * @param owner a connection of the role that will own the tables: `postgres`, which is no superuser.
 * @param folder where the migrations lie; default `supabase/migrations`.
 * @returns the names of the files applied now, in order; empty when the database was up to date.
 * @throws {Error} naming the file, with the database's error as its cause; that file then left no trace. Also where a file was
 * changed since this database applied it: until the first release chapters are rewritten in place, and only a new database takes
 * them.
 */
export async function applyMigrations(owner: Sql, folder: URL = FOLDER): Promise<string[]> {
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
  for (const file of listMigrations(folder)) {
    const text = await Deno.readTextFile(new URL(file.path, folder));
    const known = seen.get(file.version);
    // One statement is a whole file of ours; the CLI keeps them one by one.
    if (known?.length === 1 && known[0] !== text) {
      throw new Error(
        `Migration ${file.path} was changed since this database applied it: only a new database takes it (start --fresh)`,
      );
    }
    if (seen.has(file.version)) continue;
    try {
      await apply(owner, file, text);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`Cannot apply migration ${file.path}: ${reason}`, { cause });
    }
    applied.push(file.path);
  }
  return applied;
}

/** Applies one migration, whole or not at all; again while others are in its way. */
async function apply(owner: Sql, { version, name }: Migration, text: string): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      await owner.begin(async (sql) => {
        await sql`select set_config('lock_timeout', ${LOCK_TIMEOUT}, true)`;
        await sql.unsafe(text).simple();
        await sql`insert into supabase_migrations.schema_migrations (version, statements, name)
                  values (${version}, ${[text]}, ${name})`;
      });
      return;
    } catch (error) {
      if (!isInTheWay(error) || attempt === ATTEMPTS_MAX) throw error;
      await new Promise((resume) => setTimeout(resume, PAUSE_MS * Math.random()));
    }
  }
}

/** lock_not_available, deadlock_detected. */
function isInTheWay(error: unknown): boolean {
  return ["55P03", "40P01"].includes(String((error as { code?: unknown } | null)?.code));
}

/** A file and what its name says. */
interface Migration {
  readonly version: string;
  readonly name: string;
  readonly path: string;
}

/** Every migration file in order of version. */
function listMigrations(folder: URL): Migration[] {
  const files = [...Deno.readDirSync(folder)].flatMap(({ name: path }) => {
    const parts = FILE_NAME.exec(path);
    return parts ? [{ version: parts[1] ?? "", name: parts[2] ?? "", path }] : [];
  });
  return files.sort((a, b) => (a.version < b.version ? -1 : 1));
}
