/**
 * What the tests' databases did, each kept in a file when it is closed, as `deno test --coverage` does it for TypeScript.
 *
 * @module
 */
import { join } from "node:path";
import type { Sql } from "postgres";

/** Names the folder for the files. Nothing is recorded where it is unset. */
export const COVERAGE_FOLDER = "VAULTBOOK_SQL_COVERAGE";

/** A statement of PL/pgSQL, as plpgsql_check's profiler tells of it. */
export interface ProfiledStatement {
  readonly where: string;
  /** Its number in the function. */
  readonly id: number;
  /** Number of the statement it lies in, and in which of that one's lists of statements. */
  readonly parent: number | null;
  readonly list: string | null;
  /** Place in that list, from 1. */
  readonly place: number;
  readonly line: number;
  /** What kind of statement it is. */
  readonly name: string;
  /** How often it began. */
  readonly begun: number;
  /** How often it ended with an error of its own. */
  readonly failed: number;
}

/** What one database did, or all of them together. */
export interface Coverage {
  readonly statements: readonly ProfiledStatement[];
  /** How often each probe was reached. */
  readonly probes: Readonly<Record<string, number>>;
}

/** Keeps what this database did, where somebody wants to know. */
export async function recordCoverage(admin: Sql): Promise<void> {
  const folder = Deno.env.get(COVERAGE_FOLDER);
  if (!folder) return;
  const [instrumented] = await admin`select from pg_namespace where nspname = 'coverage'`;
  if (!instrumented) return;
  const statements = await admin`
    select p.oid::regprocedure::text as where, s.stmtid as id, s.parent_stmtid as parent, s.parent_note as list, s.block_num as place,
           s.lineno as line, s.stmtname as name, s.exec_stmts::integer as begun, s.exec_stmts_err::integer as failed
      from pg_proc as p
      join pg_language as l on l.oid = p.prolang and l.lanname = 'plpgsql'
     cross join lateral extensions.plpgsql_profiler_function_statements_tb(p.oid) as s
     where p.pronamespace = 'vaultbook'::regnamespace`;
  const probes = await admin`
    select sequencename as name, last_value::integer as count from pg_sequences where schemaname = 'coverage' and last_value is not null`;
  const coverage = { statements, probes: Object.fromEntries(probes.map(({ name, count }) => [name, count])) };
  await Deno.writeTextFile(join(folder, `${crypto.randomUUID()}.json`), JSON.stringify(coverage));
}

/** Adds up what was recorded in the folder. */
export async function readCoverage(folder: string): Promise<Coverage> {
  const statements = new Map<string, ProfiledStatement>();
  const probes: Record<string, number> = {};
  for await (const { name } of Deno.readDir(folder)) {
    const one: Coverage = JSON.parse(await Deno.readTextFile(join(folder, name)));
    for (const statement of one.statements) {
      const key = `${statement.where} ${statement.id}`;
      const { begun, failed } = statements.get(key) ?? { begun: 0, failed: 0 };
      statements.set(key, { ...statement, begun: begun + statement.begun, failed: failed + statement.failed });
    }
    for (const [probe, count] of Object.entries(one.probes)) probes[probe] = (probes[probe] ?? 0) + count;
  }
  return { statements: [...statements.values()], probes };
}
