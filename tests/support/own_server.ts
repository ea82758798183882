/**
 * A PostgreSQL of a test's own, for faults that the server of the other tests must not suffer.
 *
 * @module
 */
import { join } from "node:path";
import { removeData } from "@/supabase/local/postgres/data_folder.ts";
import { freePort } from "@/supabase/local/postgres/port.ts";
import { type PostgresServer, startPostgres } from "@/supabase/local/postgres/server.ts";

/** A server that can be started again on its data. */
export interface OwnServer {
  /** Connection string of the superuser; the same after every start. */
  readonly adminUrl: string;
  /** What PostgreSQL has said so far. */
  log(): Promise<string>;
  /** Resolves with the exit code when it has ended, for whatever reason. */
  exited(): Promise<number>;
  /** Ends it, if it has not ended, works on its files, and starts it again. */
  restart(work?: (dataDir: string) => Promise<void>): Promise<void>;
  /** Ends it, and deletes its data. */
  close(): Promise<void>;
}

/** How the server is set up. */
export interface OwnServerOptions {
  /** Settings by PostgreSQL's names. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A folder that PostgreSQL's account may enter; default a temporary one. */
  readonly folder?: string;
  /** Whether every commit is on the disk before it is told; default false. */
  readonly durable?: boolean;
}

/** Starts a server. Its port is any free one: ports are looked for in another place for each process. */
export async function openOwnServer(options: OwnServerOptions = {}): Promise<OwnServer> {
  const folder = options.folder ?? await Deno.makeTempDir({ prefix: "vaultbook-server-" });
  await Deno.chmod(folder, 0o711);
  const logFile = join(await Deno.makeTempDir({ prefix: "vaultbook-log-" }), "postgres.log");
  const port = await freePort("127.0.0.1", 20_000 + Deno.pid % 10_000);
  const password = crypto.randomUUID();
  const dataDir = join(folder, "postgres");
  const start = (): Promise<PostgresServer> =>
    startPostgres({
      dataDir,
      host: "127.0.0.1",
      port,
      password,
      durable: options.durable ?? false,
      logFile,
      settings: options.settings ?? {},
    });
  let server = await start();
  return {
    adminUrl: server.adminUrl,
    log: () => Deno.readTextFile(logFile),
    exited: () => server.exited,
    async restart(work): Promise<void> {
      await server.stop();
      await work?.(dataDir);
      server = await start();
    },
    async close(): Promise<void> {
      await server.stop();
      await removeData(dataDir);
      if (options.folder === undefined) await Deno.remove(folder, { recursive: true });
      await Deno.remove(join(logFile, ".."), { recursive: true });
    },
  };
}
