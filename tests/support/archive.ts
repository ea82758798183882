/**
 * Backups: a copy of a database, and the day on which nothing else is left.
 *
 * @module
 */
import postgres from "postgres";
import type { TestDatabase } from "./database.ts";

/** Makes and brings back a copy of a database, file by file, while nobody is connected to it. */
export interface Archive {
  copy(): Promise<void>;
  /** Loses the database for good, and puts the copy in its place. */
  bringBack(): Promise<void>;
  close(): Promise<void>;
}

/** The archive of a database, empty. */
export async function openArchive({ admin, adminUrl }: Pick<TestDatabase, "admin" | "adminUrl">): Promise<Archive> {
  const [{ name } = { name: "" }] = await admin<{ name: string }[]>`select current_database() as name`;
  const outside = new URL(adminUrl);
  outside.pathname = "/postgres";
  const sql = postgres(outside.href, { max: 1, onnotice: () => {} });
  const alone = async (...statements: string[]): Promise<void> => {
    await sql`select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = ${name}`;
    for (const statement of statements) await sql.unsafe(statement);
  };
  const copied = `${name}_copy`;
  return {
    copy: () => alone(`create database ${copied} template ${name} strategy file_copy`),
    bringBack: () => alone(`drop database ${name}`, `alter database ${copied} rename to ${name}`),
    async close(): Promise<void> {
      await sql.unsafe(`drop database if exists ${copied}`);
      await sql.end();
    },
  };
}
