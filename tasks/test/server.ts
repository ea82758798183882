/**
 * A PostgreSQL for one run of the tests: its data lies in a temporary folder and outlives nothing.
 *
 * @module
 */
import { join } from "node:path";
import { removeData } from "@/supabase/local/postgres/data_folder.ts";
import type { Installation } from "@/supabase/local/postgres/package.ts";
import { type PostgresServer, startPostgres } from "@/supabase/local/postgres/server.ts";

/** A running server. */
export interface TestServer {
  /** Connection string of a superuser. */
  readonly adminUrl: string;
  /** A temporary folder for whoever uses the server. Other users may pass through it: under root PostgreSQL is one of them. */
  readonly folder: string;
  /** Aborted when the user wants no more: the work then ends as soon as it can. */
  readonly interrupted: AbortSignal;
}

/** What to do beside the work. */
export interface TestServerOptions {
  /** Leaves the server running and the folder where it is, and says how to end it. */
  readonly keep?: boolean;
  /** Starts one in any case, for work that needs an empty server. */
  readonly fresh?: boolean;
  /** Whether commits wait for the disk, as outside of tests; default false. */
  readonly durable?: boolean;
  /** Starts this PostgreSQL, which implies a fresh one; default the embedded one. */
  readonly installation?: Installation;
  /** Further settings of the one that is started. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Hears of what takes long, and of what the user should know. */
  readonly onProgress: (message: string) => void;
}

/**
 * Starts an embedded PostgreSQL in a temporary folder, works, and takes everything away again, whatever happens: also on
 * Ctrl-C, and also what the work itself left running in the folder. Where the environment names a server in
 * VAULTBOOK_TEST_ADMIN_URL, that one is used and left alone.
 *
 * @throws {Error} "Interrupted" after Ctrl-C; else what the work throws, or why the server does not start.
 */
export async function withTestServer<Result>(
  options: TestServerOptions,
  work: (server: TestServer) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const interrupt = (): void => controller.abort();
  for (const name of SIGNALS) Deno.addSignalListener(name, interrupt);
  const folder = await makeFolder();
  let server: PostgresServer | undefined;
  try {
    const given = options.fresh || options.installation ? undefined : Deno.env.get("VAULTBOOK_TEST_ADMIN_URL");
    if (!given) server = await start(folder, options);
    const adminUrl = server?.adminUrl ?? given ?? "";
    if (server && options.keep) {
      options.onProgress(`PostgreSQL stays (kill ${server.pid} ends it, ${folder}): ${adminUrl}`);
    }
    const result = await work({ adminUrl, folder, interrupted: controller.signal });
    if (controller.signal.aborted) throw new Error("Interrupted");
    return result;
  } finally {
    for (const name of SIGNALS) Deno.removeSignalListener(name, interrupt);
    if (!options.keep) {
      await server?.stop();
      await removeFolder(folder);
    }
  }
}

const SIGNALS: Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];

async function makeFolder(): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "vaultbook-test-" });
  if (Deno.build.os !== "windows") await Deno.chmod(folder, 0o711);
  return folder;
}

async function start(folder: string, options: TestServerOptions): Promise<PostgresServer> {
  return await startPostgres({
    dataDir: join(folder, "postgres"),
    host: "127.0.0.1",
    port: unusedPort(),
    password: crypto.randomUUID(),
    durable: options.durable ?? false,
    logFile: join(folder, "postgres.log"),
    settings: { max_connections: "200", ...options.settings },
    onProgress: options.onProgress,
    ...(options.installation && { installation: options.installation }),
  });
}

/** Deletes the folder, and whatever the tests have left behind in it. */
async function removeFolder(folder: string): Promise<void> {
  await removeDatabases(folder);
  await unmountDisks(folder);
  await Deno.remove(folder, { recursive: true });
}

/** Stops every PostgreSQL whose data lies in the folder, however deep, and deletes the data. */
async function removeDatabases(folder: string): Promise<void> {
  for await (const entry of Deno.readDir(folder)) {
    const inner = join(folder, entry.name);
    const holdsDatabase = await Deno.stat(join(inner, "PG_VERSION")).then(() => true, () => false);
    if (holdsDatabase) await removeData(inner);
    else if (entry.isDirectory) await removeDatabases(inner);
  }
}

/** A test that was killed has not unmounted the disk that it mounted in the folder. */
async function unmountDisks(folder: string): Promise<void> {
  const mounts = await Deno.readTextFile("/proc/self/mounts").catch(() => "");
  const points = mounts.split("\n").flatMap((line) => line.split(" ").slice(1, 2));
  for (const point of points.filter((path) => path.startsWith(`${folder}/`))) {
    await new Deno.Command("umount", { args: ["--lazy", point] }).output();
  }
}

/** One of the ports that the system gives to whoever asks for none in particular. */
export function unusedPort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}
