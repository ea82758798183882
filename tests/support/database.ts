/**
 * One database per test file, cloned from a template that holds the platform's stand-ins and every migration.
 *
 * `VAULTBOOK_TEST_ADMIN_URL` names a PostgreSQL server and a superuser on it; `deno task test` sets it. With
 * `VAULTBOOK_TEST_POOLER=N`, everybody but the superuser comes through a pooler in transaction mode that holds N connections.
 *
 * @module
 */
import postgres, { type Sql } from "postgres";
import { applyMigrations } from "@/supabase/local/migrations.ts";
import { installProject } from "@/supabase/local/project.ts";
import { quoteLiteral } from "@/supabase/local/sql_text.ts";
import { type Pooler, startPooler } from "./pooler.ts";
import { recordCoverage } from "./sql/record.ts";

/** A database of a test file's own. */
export interface TestDatabase {
  /** Connection string of the superuser. */
  readonly adminUrl: string;
  /** Connection string of `postgres`: no superuser, bypasses row security; what hosted functions connect as. */
  readonly url: string;
  /** Connection string of `authenticator`, the role that REST requests come in by. */
  readonly authenticatorUrl: string;
  /** A small pool of the superuser. int8 arrives as a string. */
  readonly admin: Sql;
  /** Closes the pool and drops the database. */
  close(): Promise<void>;
}

/**
 * Creates a database for one test file.
 *
 * @param options.migrated false leaves out Vaultbook's migrations (the stand-ins are always there); default true.
 * @param options.server connection string of a superuser; default `VAULTBOOK_TEST_ADMIN_URL`.
 * @param options.pooler how many connections the pooler holds between the database and all but the superuser; default
 * `VAULTBOOK_TEST_POOLER`, else there is none.
 */
export async function openTestDatabase(
  options: { migrated?: boolean; server?: string; pooler?: number } = {},
): Promise<TestDatabase> {
  const base = options.server ?? Deno.env.get("VAULTBOOK_TEST_ADMIN_URL");
  if (!base) throw new Error("No test server: run `deno task test`, which starts one");
  const migrated = options.migrated ?? true;
  const name = `test_${crypto.randomUUID().replaceAll("-", "")}`;
  await connected(base, async (server) => {
    const template = await prepareTemplate(server, base, migrated);
    await server.unsafe(`create database ${name} template ${template}`);
    // Grants on a database are not copied with it.
    await server.unsafe(`grant all on database ${name} to postgres`);
  });
  const adminUrl = withDatabase(base, name);
  const poolSize = options.pooler ?? Number(Deno.env.get("VAULTBOOK_TEST_POOLER") ?? 0);
  const pooler = poolSize > 0 ? await startPooler(base, poolSize) : DIRECT;
  const admin = postgres(adminUrl, { max: 4, onnotice: () => {} });
  return {
    adminUrl,
    url: pooler.through(withRole(adminUrl, "postgres")),
    authenticatorUrl: pooler.through(withRole(adminUrl, "authenticator")),
    admin,
    async close(): Promise<void> {
      await recordCoverage(admin);
      await admin.end();
      await pooler.close();
      await connected(base, (server) => server.unsafe(`drop database if exists ${name} with (force)`));
    },
  };
}

/** No pooler. */
const DIRECT: Pooler = { through: (url) => url, close: () => Promise.resolve() };

/** Makes the template database once per content of its SQL files, whichever test process comes first. */
async function prepareTemplate(server: Sql, base: string, migrated: boolean): Promise<string> {
  const name = `template_${await fingerprint()}_${migrated ? "migrated" : "bare"}`;
  return await server.begin(async (sql) => {
    // Parallel test files wait here for the finished template. One lock for all of them: roles belong to the whole server.
    await sql`select pg_advisory_xact_lock(hashtext('vaultbook test templates'))`;
    const [found] = await sql`select 1 from pg_database where datname = ${name}`;
    if (found) return name;
    await connected(base, (other) => buildTemplate(other, base, name, migrated));
    return name;
  });
}

/** Under another name until it is complete. */
async function buildTemplate(server: Sql, base: string, name: string, migrated: boolean): Promise<void> {
  const building = `${name}_building`;
  await server.unsafe(`drop database if exists ${building} with (force)`);
  await server.unsafe(`create database ${building}`);
  await connected(withDatabase(base, building), async (admin) => {
    await installProject(admin);
    await sharePassword(admin, base);
  });
  if (migrated) await connected(withDatabase(withRole(base, "postgres"), building), applyMigrations);
  await server.unsafe(`alter database ${building} rename to ${name}`);
}

/** Gives the roles that tests log in as the superuser's password; a server that asks for none needs none. */
async function sharePassword(admin: Sql, base: string): Promise<void> {
  const password = decodeURIComponent(new URL(base).password);
  if (!password) return;
  for (const role of ["postgres", "authenticator"]) {
    await admin.unsafe(`alter role ${role} password ${quoteLiteral(password)}`);
  }
}

/** Works over one connection, which is closed whatever happens. */
async function connected<Result>(url: string, work: (sql: Sql) => Promise<Result>): Promise<Result> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}

/** A short hash of every SQL file that shapes a database, so that an edited migration makes a new template. */
async function fingerprint(): Promise<string> {
  let text = "";
  for (const folder of ["../../supabase/local/project/", "../../supabase/migrations/"]) {
    const root = new URL(folder, import.meta.url);
    const names = [...Deno.readDirSync(root)].map((entry) => entry.name).sort();
    for (const name of names) text += await Deno.readTextFile(new URL(name, root));
  }
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest).slice(0, 6)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

/** Every role has the superuser's password, so the role's name is all that differs. */
function withRole(url: string, role: string): string {
  const changed = new URL(url);
  changed.username = role;
  return changed.href;
}
