/**
 * Runs an embedded PostgreSQL on a data folder.
 *
 * @module
 */
import { dirname } from "node:path";
import { tryLockFile } from "../instance/lock.ts";
import type { Account } from "./account.ts";
import { type DataFolder, lockOf, prepareDataFolder } from "./data_folder.ts";
import { environmentOf, initialize } from "./initialize.ts";
import { identifyingArguments, stopLeftovers } from "./leftovers.ts";
import { type Installation, locatePostgres } from "./package.ts";
import { awaitReady } from "./readiness.ts";
import { keepLog, openLogFile, type ServerLog } from "./server_log.ts";

/** How long a shutdown may take for each way of asking before the next, harder one. Milliseconds. */
const PATIENCE = 10_000;

/** How to run PostgreSQL. */
export interface PostgresOptions {
  /** The data folder; made when it is not there. May become a link, see {@link prepareDataFolder}. */
  readonly dataDir: string;
  /** The address to listen on: IPv4 or a name. */
  readonly host: string;
  /** The port to listen on; must be free. A function is asked once what a killed run left has freed its own. */
  readonly port: number | (() => Promise<number>);
  /** The password of the superuser `supabase_admin`: given to a new database, expected of an old one. */
  readonly password: string;
  /**
   * Whether a commit survives a power failure; default true. False is faster, for tests: a power failure may then cost the
   * whole database, but kill -9 still costs no commit.
   */
  readonly durable?: boolean;
  /** Where PostgreSQL's log is appended. */
  readonly logFile: string;
  /** Which PostgreSQL to run; default the embedded one. */
  readonly installation?: Installation;
  /** Further settings, by PostgreSQL's names, which win over those made here. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Hears of what takes long, and of what the user should know. One sentence without a full stop. */
  readonly onProgress?: (message: string) => void;
}

/** A running PostgreSQL. */
export interface PostgresServer {
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** Whether the database was made by this start. */
  readonly fresh: boolean;
  /** Connection string of the superuser `supabase_admin` on the database `postgres`. */
  readonly adminUrl: string;
  /** Resolves with the exit code when PostgreSQL has ended, for whatever reason. */
  readonly exited: Promise<number>;
  /** Ends it: open transactions are rolled back. Resolves when the process is gone. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL on `dataDir` and resolves when it answers a query. Makes the database when there is none; stops what
 * a killed run left on it; recovers from a crash.
 *
 * It runs in a session of its own, so that Ctrl-C reaches only the caller, who stops it when its users are gone.
 *
 * @throws {TypeError} when the host is an IPv6 address, which the driver (npm's `postgres`) cannot connect to.
 * @throws {Error} when the platform has no PostgreSQL, when another living process runs it on this folder, when the port
 * is taken, when the password is not that of the database, or with PostgreSQL's own last words. Nothing runs then.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const onProgress = options.onProgress ?? ((): void => {});
  const folder = await prepareDataFolder(options.dataDir, onProgress);
  const lock = await tryLockFile(lockOf(folder.path));
  if (!lock) throw new Error(`Another process runs PostgreSQL on ${folder.path}`);
  try {
    const installation = options.installation ?? await locatePostgres(folder.account, onProgress);
    if (folder.initialized) {
      await stopLeftovers(folder.path, onProgress);
    } else {
      onProgress("Making a new database");
      const durable = options.durable ?? true;
      await initialize({ ...folder, installation, password: options.password, durable });
    }
    const port = typeof options.port === "number" ? options.port : await options.port();
    const adminUrl = adminUrlOf(options, port);
    const running = await runUntilReady(() => run(options, port, folder, installation), adminUrl, onProgress);
    const exited = running.exited.finally(() => lock.release());
    return {
      host: options.host,
      port,
      pid: running.pid,
      fresh: !folder.initialized,
      adminUrl,
      exited,
      stop: running.stop,
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A started process, whether or not it answers yet. */
interface Running {
  readonly pid: number;
  readonly exited: Promise<number>;
  readonly log: ServerLog;
  stop(): Promise<void>;
}

/** How long the memory of a killed backend may be held while the system buries it. Milliseconds. */
const BURIAL_MS = 5_000;

/** Starts it, and again while a backend that was just killed is not quite gone. @throws {Error} with its last words. */
async function runUntilReady(
  start: () => Promise<Running>,
  adminUrl: string,
  onProgress: (message: string) => void,
): Promise<Running> {
  const deadline = performance.now() + BURIAL_MS;
  while (true) {
    const running = await start();
    try {
      await awaitReady(adminUrl, running.exited, onProgress);
      return running;
    } catch (error) {
      await running.stop();
      const words = running.log.tail();
      const isHaunted = words.includes("pre-existing shared memory block") && performance.now() < deadline;
      const reason = error instanceof Error ? error.message : String(error);
      if (!isHaunted) throw new Error(`PostgreSQL did not start: ${reason}\n${words}`, { cause: error });
      await new Promise((resume) => setTimeout(resume, 100));
    }
  }
}

async function run(
  options: PostgresOptions,
  port: number,
  folder: DataFolder,
  installation: Installation,
): Promise<Running> {
  const logFile = await openLogFile(options.logFile);
  const child = new Deno.Command(installation.postgres, {
    args: [...identifyingArguments(folder.path, port), ...settingsOf(options)],
    ...environmentOf(installation),
    ...idsOf(folder.account),
    cwd: dirname(folder.path),
    detached: true,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const log = keepLog(child.stderr, logFile);
  const exited = child.status.then(({ code }) => code);
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => stopping ??= shutDown(child, folder, installation).then(() => log.close());
  return { pid: child.pid, exited, log, stop };
}

/** As settings on the command line they win over postgresql.conf and `alter system`. */
function settingsOf(options: PostgresOptions): string[] {
  const durable = options.durable ?? true ? "on" : "off";
  const settings: Record<string, string> = {
    listen_addresses: options.host,
    unix_socket_directories: "",
    wal_level: "logical",
    max_connections: "100",
    timezone: "UTC",
    log_timezone: "UTC",
    fsync: durable,
    synchronous_commit: "on",
    full_page_writes: durable,
    ...options.settings,
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** Asks for a fast shutdown, then for an immediate one (which the next start recovers from), then ends the process. */
async function shutDown(
  child: Deno.ChildProcess,
  folder: DataFolder,
  installation: Installation,
): Promise<void> {
  for (const name of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
    await signal(child, name, installation);
    const timer = Promise.withResolvers<"late">();
    const timeout = setTimeout(() => timer.resolve("late"), PATIENCE);
    const first = await Promise.race([child.status, timer.promise]);
    clearTimeout(timeout);
    if (first !== "late") return;
  }
  throw new Error(`PostgreSQL on ${folder.path} (process ${child.pid}) will not end`);
}

/** Windows has no signals: PostgreSQL's own program stands in for them there. */
async function signal(child: Deno.ChildProcess, name: Deno.Signal, installation: Installation): Promise<void> {
  if (Deno.build.os === "windows" && name !== "SIGKILL") {
    await new Deno.Command(installation.pgCtl, { args: ["kill", name.slice(3), String(child.pid)] }).output();
    return;
  }
  try {
    child.kill(name);
  } catch (error) {
    // Deno says TypeError of a child that it knows to have ended.
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function idsOf(account: Account | null): { uid?: number; gid?: number } {
  return account ? { uid: account.uid, gid: account.gid } : {};
}

/** A server that listens on every address is reached on the loopback one. */
function adminUrlOf({ host, password }: PostgresOptions, port: number): string {
  if (host.includes(":")) throw new TypeError(`PostgreSQL cannot listen on ${host}: give an IPv4 address`);
  const address = host === "0.0.0.0" || host === "*" ? "127.0.0.1" : host;
  return `postgres://supabase_admin:${encodeURIComponent(password)}@${address}:${port}/postgres`;
}
