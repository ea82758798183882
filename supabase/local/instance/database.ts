/**
 * The database of an instance: the embedded PostgreSQL, or one that is there already; made ready for the platform either way.
 *
 * @module
 */
import { join } from "node:path";
import postgres, { type Sql } from "postgres";
import { applyMigrations } from "../migrations.ts";
import { freePort } from "../postgres/port.ts";
import { startPostgres } from "../postgres/server.ts";
import { installProject } from "../project.ts";
import { quoteLiteral } from "../sql_text.ts";
import type { Secrets } from "./secrets.ts";

/** Which database to use. */
export interface DatabaseOptions {
  /** The instance's folder. */
  readonly dir: string;
  readonly host: string;
  /** Wanted port of the embedded PostgreSQL; the next free one is taken where it is not. */
  readonly port: number;
  /** Connection string of a superuser on another PostgreSQL, from 15 on, to use instead of the embedded one. */
  readonly url?: string;
  readonly passwords: Secrets["databasePasswords"];
  /** Hears of each step, and of what the user should know. */
  readonly onProgress: (message: string) => void;
}

/** A database with the stand-ins and every migration. */
export interface InstanceDatabase {
  readonly adminUrl: string;
  readonly authenticatorUrl: string;
  /** Of the role that owns Vaultbook's tables, which functions connect as. */
  readonly ownerUrl: string;
  /** Extensions of Supabase's that are really there, and need no stand-in. */
  readonly has: { readonly cron: boolean; readonly net: boolean };
  /** Rejects when the embedded PostgreSQL ends by itself; never settles for another. */
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

/** Oldest PostgreSQL that the migrations run on. */
const OLDEST_VERSION = 150_000;

/**
 * Brings the database up.
 *
 * @throws {Error} saying what is wrong with the server or which migration failed.
 */
export async function openInstanceDatabase(options: DatabaseOptions): Promise<InstanceDatabase> {
  const server = options.url === undefined ? await startEmbedded(options) : adopt(options.url);
  try {
    const admin = postgres(server.adminUrl, { max: 1, onnotice: () => {}, connect_timeout: 10 });
    try {
      const { owner, has } = await prepare(admin, server.embedded, options);
      const withRole = (role: string, password: string): string => withUser(server.adminUrl, role, password);
      return {
        adminUrl: server.adminUrl,
        authenticatorUrl: withRole("authenticator", options.passwords.authenticator),
        ownerUrl: owner === "postgres" && server.embedded
          ? withRole("postgres", options.passwords.postgres)
          : server.adminUrl,
        has,
        failed: server.failed,
        close: server.close,
      };
    } finally {
      await admin.end();
    }
  } catch (error) {
    await server.close();
    throw error;
  }
}

interface Server {
  readonly adminUrl: string;
  readonly embedded: boolean;
  readonly failed: Promise<never>;
  close(): Promise<void>;
}

async function startEmbedded(options: DatabaseOptions): Promise<Server> {
  const { dir, host, onProgress } = options;
  const port = async (): Promise<number> => {
    const free = await freePort(host, options.port);
    if (free !== options.port) onProgress(`Port ${options.port} is taken: PostgreSQL is on ${free}`);
    return free;
  };
  const logFile = join(dir, "postgres.log");
  const server = await startPostgres({
    dataDir: join(dir, "postgres"),
    host,
    port,
    password: options.passwords.admin,
    logFile,
    onProgress,
  });
  let stopping = false;
  const failed = server.exited.then((code) => {
    if (!stopping) throw new Error(`PostgreSQL ended by itself with code ${code}: see ${logFile}`);
    return new Promise<never>(() => {});
  });
  failed.catch(() => {}); // Whoever waits for it hears of it.
  return {
    adminUrl: server.adminUrl,
    embedded: true,
    failed,
    async close(): Promise<void> {
      stopping = true;
      await server.stop();
    },
  };
}

function adopt(url: string): Server {
  return { adminUrl: url, embedded: false, failed: new Promise<never>(() => {}), close: () => Promise.resolve() };
}

/** Stand-ins, passwords, migrations. */
async function prepare(
  admin: Sql,
  embedded: boolean,
  { passwords, onProgress }: DatabaseOptions,
): Promise<{ owner: string; has: { cron: boolean; net: boolean } }> {
  const [server] = await admin`
    select current_setting('server_version_num')::integer as version, current_setting('server_version') as name,
           current_user as role, (select rolsuper from pg_roles where rolname = current_user) as superuser,
           current_setting('shared_preload_libraries') as preloaded,
           current_setting('cron.database_name', true) = current_database() as cron_here`;
  if (Number(server?.version) < OLDEST_VERSION) {
    throw new Error(`Cannot use PostgreSQL ${server?.name}: it must be 15 or later`);
  }
  if (!server?.superuser) {
    throw new Error(`Cannot use the database as ${server?.role}: making it like a Supabase project takes a superuser`);
  }
  if (/\bpg_cron\b/.test(server.preloaded) && server.cron_here) {
    await admin`create extension if not exists pg_cron`;
    onProgress("Using the server's own pg_cron");
  }
  await installProject(admin);
  // Passwords of roles that are ours to give: on another's server the superuser may well be called postgres.
  await admin.unsafe(`alter role authenticator with password ${quoteLiteral(passwords.authenticator)}`);
  if (embedded) await admin.unsafe(`alter role postgres with password ${quoteLiteral(passwords.postgres)}`);
  const owner = embedded ? "postgres" : String(server.role);
  await admin.unsafe(`set role ${embedded ? "postgres" : "none"}`);
  const applied = await applyMigrations(admin);
  if (applied.length > 0) onProgress(`Applied ${applied.length} migrations`);
  await admin.unsafe("reset role");
  const [found] = await admin`
    select exists (select from pg_extension where extname = 'pg_cron') as cron,
           exists (select from pg_extension where extname = 'pg_net') as net`;
  return { owner, has: { cron: found?.cron === true, net: found?.net === true } };
}

function withUser(url: string, role: string, password: string): string {
  const changed = new URL(url);
  changed.username = role;
  changed.password = password;
  return changed.href;
}
