/**
 * Turns an empty PostgreSQL database into what a new Supabase project already has: roles, schemas, and stand-ins for Auth,
 * Realtime, pg_cron, pg_net and Vault. On a real project none of this runs.
 *
 * @module
 */
import type { Sql } from "postgres";

/** The chapters in the order in which they must run. Each is safe to run again. */
const CHAPTERS = ["roles", "auth", "realtime", "net", "cron", "vault"] as const;

/** Runs every chapter on the database that `admin` (a superuser) is connected to. Running it again changes nothing. */
export async function installProject(admin: Sql): Promise<void> {
  for (const chapter of CHAPTERS) {
    const text = await Deno.readTextFile(new URL(`./project/${chapter}.sql`, import.meta.url));
    await admin.unsafe(text).simple();
  }
}
