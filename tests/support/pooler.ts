/**
 * PgBouncer in transaction mode in front of a PostgreSQL, as a hosted project's functions have one.
 *
 * @module
 */
import { join } from "node:path";
import { isRoot, unprivilegedAccount } from "@/supabase/local/postgres/account.ts";
import { debianProgram, type FoundProgram, type Unavailable } from "./debian_package.ts";

/** A running pooler. */
export interface Pooler {
  /** The same database as the same role, through the pooler. */
  through(url: string): string;
  close(): Promise<void>;
}

/** The roles that tests log in as. They share one password; see {@link openTestDatabase}. */
const ROLES = ["postgres", "authenticator"];

/** How long it may take until it answers. Milliseconds. */
const PATIENCE = 10_000;

/** How often another port is tried: somebody else may take a free one first. */
const ATTEMPTS = 3;

let located: Promise<FoundProgram | Unavailable> | undefined;

/** Where PgBouncer is: on the path, or in Debian's package, which is fetched once. */
export function locatePooler(): Promise<FoundProgram | Unavailable> {
  return located ??= debianProgram("pgbouncer", ["pgbouncer"]);
}

/**
 * Starts a pooler that holds at most `size` connections for each pair of a database and a role.
 *
 * @param url connection string of the server behind it, with the password of the roles.
 * @throws {Error} where there is no PgBouncer, or with what it said when it does not start.
 */
export async function startPooler(url: string, size: number): Promise<Pooler> {
  const program = await locatePooler();
  if ("reason" in program) throw new Error(`No PgBouncer: ${program.reason}`);
  const folder = await Deno.makeTempDir({ prefix: "vaultbook-pooler-" });
  for (let attempt = 1;; attempt++) {
    try {
      return await start(program, folder, new URL(url), size);
    } catch (error) {
      if (attempt < ATTEMPTS) continue;
      await Deno.remove(folder, { recursive: true });
      throw error;
    }
  }
}

async function start(program: FoundProgram, folder: string, server: URL, size: number): Promise<Pooler> {
  const port = unusedPort();
  const settings = await writeSettings(folder, server, port, size);
  const streams = { stdin: "null", stdout: "null", stderr: "piped" } as const;
  const child = new Deno.Command(program.path, { args: [settings], env: program.env, ...streams }).spawn();
  const said = new Response(child.stderr).text();
  let hasEnded = false;
  child.status.then(() => hasEnded = true);
  const close = async (): Promise<void> => {
    if (!hasEnded) child.kill("SIGTERM");
    await child.status;
    await said;
    await Deno.remove(folder, { recursive: true });
  };
  for (const deadline = performance.now() + PATIENCE; performance.now() < deadline && !hasEnded;) {
    if (await listens(port)) return { through: (url) => withPort(url, port), close };
    await new Promise((resume) => setTimeout(resume, 20));
  }
  if (!hasEnded) child.kill("SIGKILL");
  throw new Error(`PgBouncer did not start: ${(await said).split("\n").slice(-4).join("\n")}`);
}

function withPort(url: string, port: number): string {
  const changed = new URL(url);
  changed.host = `127.0.0.1:${port}`;
  return changed.href;
}

/** Writes what it reads at its start. It refuses to be root: there it reads, and becomes an account without rights. */
async function writeSettings(folder: string, server: URL, port: number, size: number): Promise<string> {
  const [settings, users] = [join(folder, "pgbouncer.ini"), join(folder, "users.txt")];
  const password = decodeURIComponent(server.password).replaceAll('"', '""');
  await Deno.writeTextFile(users, ROLES.map((role) => `"${role}" "${password}"\n`).join(""), { mode: 0o600 });
  const own = {
    listen_addr: "127.0.0.1",
    listen_port: port,
    unix_socket_dir: "",
    auth_type: "scram-sha-256",
    auth_file: users,
    pool_mode: "transaction",
    default_pool_size: size,
    max_client_conn: 500,
    // Seconds until it tries a server again that refused it.
    server_login_retry: 1,
    ...(isRoot() ? { user: (await unprivilegedAccount()).name } : {}),
  };
  const lines = Object.entries(own).map(([name, value]) => `${name} = ${value}\n`);
  const databases = `[databases]\n* = host=${server.hostname} port=${server.port}\n`;
  await Deno.writeTextFile(settings, `${databases}[pgbouncer]\n${lines.join("")}`);
  return settings;
}

async function listens(port: number): Promise<boolean> {
  return await Deno.connect({ hostname: "127.0.0.1", port }).then((probe) => (probe.close(), true), () => false);
}

function unusedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
