/**
 * Backups as operators make them: pg_dump, and pg_restore into a database that has nothing in it.
 *
 * @module
 */
import { dirname, join } from "node:path";
import postgres from "postgres";
import type { Installation } from "@/supabase/local/postgres/package.ts";
import type { TestDatabase } from "./database.ts";

/** A dump of a database. */
export interface Dump {
  /** Takes it, as of now. */
  take(): Promise<void>;
  /** Loses the database for good, and restores the dump into a new one of its name. */
  restore(): Promise<void>;
}

/** Dumps of a database, in `folder`, by the programs of its own server. */
export function openDump(
  { adminUrl }: Pick<TestDatabase, "adminUrl">,
  installation: Installation,
  folder: string,
): Dump {
  const name = new URL(adminUrl).pathname.slice(1);
  const file = join(folder, `${name}.dump`);
  const outside = new URL(adminUrl);
  outside.pathname = "/postgres";
  return {
    take: () => run(installation, "pg_dump", "--format=custom", `--file=${file}`, adminUrl),
    async restore(): Promise<void> {
      const sql = postgres(outside.href, { max: 1, onnotice: () => {} });
      try {
        await sql.unsafe(`drop database ${name} with (force)`);
        await sql.unsafe(`create database ${name} template template0`);
      } finally {
        await sql.end();
      }
      await run(installation, "pg_restore", "--exit-on-error", "--single-transaction", `--dbname=${adminUrl}`, file);
      // A dump holds no statistics: without them the planner takes every table for an empty one.
      const restored = postgres(adminUrl, { max: 1, onnotice: () => {} });
      await restored`analyze`;
      await restored.end();
    },
  };
}

/** @throws with what it complained of. */
async function run({ pgCtl, env }: Installation, program: string, ...args: string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command(join(dirname(pgCtl), program), { args, env: env ?? {} }).output();
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${new TextDecoder().decode(stderr)}`);
}
