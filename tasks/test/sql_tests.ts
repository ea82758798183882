/**
 * Runs the pgTAP files.
 *
 * @module
 */
import { join } from "node:path";
import postgres, { type Sql } from "postgres";
import { openTestDatabase } from "@/tests/support/database.ts";
import { loadPgtap } from "./pgtap.ts";
import { NOTHING, sum, type Tally } from "./tally.ts";
import { readTap } from "./tap.ts";

/** One run of the pgTAP files. */
export interface SqlTests {
  /** The project's root. */
  readonly root: string;
  /** Paths from the root. */
  readonly files: readonly string[];
  /** Connection string of a superuser. */
  readonly adminUrl: string;
  /** Hears of each file, and of what failed in it. */
  readonly say: (line: string) => void;
  /** Ends the run after the current file. */
  readonly interrupted: AbortSignal;
}

/** Runs each file in a transaction of its own, all of them on one migrated database, as `supabase test db` does. */
export async function runSqlTests(tests: SqlTests): Promise<Tally> {
  if (tests.files.length === 0) return NOTHING;
  const database = await openTestDatabase({ server: tests.adminUrl });
  try {
    return await runSqlTestsOn(database.admin, { ...tests, adminUrl: database.adminUrl });
  } finally {
    await database.close();
  }
}

/** The same on this very database, which is migrated already. It is the same afterwards, but for pgTAP. */
export async function runSqlTestsOn(
  admin: Sql,
  { root, files, adminUrl, say, interrupted }: SqlTests,
): Promise<Tally> {
  await loadPgtap(admin);
  const tallies: Tally[] = [];
  for (const file of files) {
    if (interrupted.aborted) break;
    const started = performance.now();
    const tally = await runFile(adminUrl, file, await Deno.readTextFile(join(root, file)));
    const verdict = tally.failed.length === 0 ? "ok" : "FAILED";
    say(`${file} ... ${tally.passed} assertions ${verdict} (${Math.round(performance.now() - started)}ms)`);
    for (const failure of tally.failed) say(`  ${failure}`);
    tallies.push(tally);
  }
  return sum(tallies);
}

/** A file that ends with an error is one failure: what it returned before is lost with it. */
async function runFile(url: string, file: string, text: string): Promise<Tally> {
  if (!/^begin;$/m.test(text) || !/^rollback;\s*$/m.test(text)) {
    return { ...NOTHING, failed: [`${file} must begin a transaction and roll it back`] };
  }
  // Where a Supabase project's `postgres` looks; and nothing here waits for long.
  const connection = { search_path: "public, extensions", statement_timeout: 60_000 };
  const sql = postgres(url, { max: 1, onnotice: () => {}, connection });
  try {
    const results: unknown[] = await sql.unsafe(text).simple();
    return readTap(results.flat().flatMap(firstText), file);
  } catch (error) {
    return { ...NOTHING, failed: [`${file}${describe(error, text)}`] };
  } finally {
    await sql.end();
  }
}

function firstText(row: unknown): string[] {
  const value = Object.values(row ?? {})[0];
  return typeof value === "string" ? [value] : [];
}

/** With the line, where PostgreSQL knows it. */
function describe(error: unknown, text: string): string {
  if (!(error instanceof postgres.PostgresError)) return `: ${error instanceof Error ? error.message : String(error)}`;
  const line = error.position ? `:${text.slice(0, Number(error.position)).split("\n").length}` : "";
  return [`${line}: ${error.message} (${error.code})`, error.detail, error.hint, error.where].filter(Boolean).join(
    "\n    ",
  );
}
