/**
 * Holds a migrated database against the house's rules and against the pinned list of privileges.
 *
 * @module
 */
import type { Sql } from "postgres";
import { SCHEMA_RULES } from "./schema_rules.ts";

/** The pinned privileges: one line each of role, privilege and object. */
export const PRIVILEGES = new URL("../../tests/schema/privileges.txt", import.meta.url);

/** Returns what breaks a schema rule, one complaint each. */
export async function schemaComplaints(sql: Sql): Promise<string[]> {
  const complaints: string[] = [];
  for (const { promise, breaks } of SCHEMA_RULES) {
    const rows = await sql.unsafe(breaks).values();
    complaints.push(...rows.map(([what]) => `${what} breaks: ${promise}`).sort());
  }
  return complaints;
}

/** Returns the privileges that differ from those pinned, one complaint each. */
export async function privilegeComplaints(sql: Sql, pinned: string): Promise<string[]> {
  const now = await readPrivileges(sql);
  const lines = new Set(pinned.split("\n").filter((line) => line !== ""));
  return [
    ...now.filter((line) => !lines.has(line)).map((line) => `Not pinned: ${line}`),
    ...[...lines].filter((line) => !now.includes(line)).map((line) => `Pinned, but gone: ${line}`),
  ];
}

/** Every privilege that somebody else than the owner has, as pinned: one line each, in order. */
export async function readPrivileges(sql: Sql): Promise<string[]> {
  const query = await Deno.readTextFile(new URL("./privileges.sql", import.meta.url));
  return (await sql.unsafe(query)).map((row) => String(row.line));
}
