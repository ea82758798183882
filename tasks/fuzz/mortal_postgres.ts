/**
 * A PostgreSQL that keeps its word through `kill -9`, for those who want to see it do so.
 *
 * @module
 */
import { join } from "node:path";
import { type PostgresServer, startPostgres } from "@/supabase/local/postgres/server.ts";
import { descendantsOf, killAtOnce } from "@/tests/support/process_tree.ts";
import { unusedPort } from "../test/server.ts";

/** A durable PostgreSQL on a folder of its own. */
export interface MortalPostgres {
  /** Connection string of a superuser; the same after each revival. */
  readonly adminUrl: string;
  /** Ends all of its processes at once. */
  kill(): Promise<void>;
  /** Starts it again on what it has left. */
  revive(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one in this folder, which other users must be able to pass through. */
export async function startMortalPostgres(folder: string): Promise<MortalPostgres> {
  const options = {
    dataDir: join(folder, "mortal"),
    host: "127.0.0.1",
    port: unusedPort(),
    password: crypto.randomUUID(),
    durable: true,
    logFile: join(folder, "mortal.log"),
  };
  let server: PostgresServer = await startPostgres(options);
  return {
    adminUrl: server.adminUrl,
    async kill(): Promise<void> {
      killAtOnce([server.pid, ...descendantsOf(server.pid)]);
      await server.exited;
    },
    async revive(): Promise<void> {
      server = await startPostgres(options);
    },
    stop: () => server.stop(),
  };
}
