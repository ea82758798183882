/**
 * `deno task start`: the main job. Brings Vaultbook up on a data folder and keeps it up until Ctrl-C.
 *
 * @module
 */
import { type Instance, startInstance } from "@/supabase/local/instance/instance.ts";
import { complain, dataDirOf, INSTANCE_FLAGS, readFlags, runTask, say, UsageError } from "./command_line.ts";

const USAGE = `Brings Vaultbook up: PostgreSQL, REST, Auth, Realtime, functions, cron, and a demo chain that feeds it.

  deno task start [--no-demo] [--fresh] [--data-dir DIR] [--host HOST] [--port N] [--db-port N] [--db-url URL]
                  [--operator EMAIL] [--quiet]

  --no-demo        no demo chain; take SOLANA_RPC_URL, VAULT_PROGRAM_ID and HELIUS_WEBHOOK_SECRETS from the environment
  --fresh          delete everything in the data folder first
  --data-dir DIR   where everything is kept (default .vaultbook in the project)
  --host HOST      address to listen on (default 127.0.0.1)
  --port N         port of the API (default 54321, or the next free one)
  --db-port N      port of PostgreSQL (default 54322, or the next free one)
  --db-url URL     use this PostgreSQL (15 or later, as a superuser) instead of the embedded one
  --operator EMAIL who can sign in to the ops page (default: only the demo has somebody); the password is made and printed
  --quiet          print nothing but errors
  -h, --help       this text

Ctrl-C stops all of it. The data stays; the next start goes on with it.`;

async function main(args: string[]): Promise<number> {
  const flags = readFlags(args, {
    ...INSTANCE_FLAGS,
    "no-demo": { type: "boolean", default: false },
    fresh: { type: "boolean", default: false },
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "54321" },
    "db-port": { type: "string", default: "54322" },
    "db-url": { type: "string" },
    operator: { type: "string" },
  });
  if (flags.help) {
    say(USAGE);
    return 0;
  }
  const tell = flags.quiet ? (): void => {} : say;
  const started = performance.now();
  const seconds = (): string => ((performance.now() - started) / 1000).toFixed(1).padStart(5);
  const stopped = stopSignal();
  const starting = startInstance({
    dir: dataDirOf(flags["data-dir"]),
    host: flags.host,
    port: portOf("port", flags.port),
    databasePort: portOf("db-port", flags["db-port"]),
    rpcPort: 8899,
    ...(flags["db-url"] === undefined ? {} : { databaseUrl: flags["db-url"] }),
    demo: !flags["no-demo"],
    ...(flags.operator === undefined ? {} : { operator: emailOf(flags.operator) }),
    fresh: flags.fresh,
    environment: Deno.env.toObject(),
    onProgress: (message) => tell(`${seconds()} s  ${message}`),
  });
  const instance = await starting;
  tell(`${seconds()} s  Vaultbook is up\n`);
  tell(welcome(instance));
  const ended = await Promise.race([stopped, instance.failed.catch((error: Error) => error)]);
  if (ended instanceof Error) complain(ended.message);
  tell("\nStopping");
  await instance.close();
  tell("Stopped; the data stays");
  return ended instanceof Error ? 1 : 0;
}

function portOf(flag: string, text: string): number {
  // not an amount: a port
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new UsageError(`--${flag} must be a port from 1 to 65535: '${text}'`);
  }
  return port;
}

function emailOf(text: string): string {
  if (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)) return text;
  throw new UsageError(`--operator must be an email address: '${text}'`);
}

/** One Ctrl-C may arrive several times: from the terminal, from `deno task`, from npx. */
const ECHO_MS = 2_000;

/** Resolves at the first Ctrl-C, SIGTERM or hang-up; another one, later, ends the process at once. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    let asked: number | null = null;
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      if (Deno.build.os === "windows" && signal === "SIGTERM") continue;
      Deno.addSignalListener(signal, () => {
        if (asked !== null && performance.now() - asked > ECHO_MS) Deno.exit(130);
        asked ??= performance.now();
        resolve(signal);
      });
    }
  });
}

/** Where everything is, and three things to try that work when pasted. */
function welcome({ status, demo, operator }: Instance): string {
  const trader = demo?.owners[0];
  const wallet = trader ? ` ${trader.exportKey().base58}` : "";
  const signIn = operator
    ? `sign in as ${operator.email} with ${operator.password}`
    : "nobody can sign in: give --operator EMAIL";
  return `  Ops page  ${status.API_URL}/
            ${signIn}
  API       ${status.API_URL}
  Database  ${status.DB_URL}
  Webhook   ${status.FUNCTIONS_URL}/api/webhooks/helius
  RPC       ${status.SOLANA_RPC_URL || "none: set SOLANA_RPC_URL"}
  Keys      ${status.PUBLISHABLE_KEY}
            ${status.SECRET_KEY}

Three things to try, in another terminal:

1. Is it well?

   curl -s ${status.FUNCTIONS_URL}/api/health

2. The vaults that moved last, as the service sees them:

   curl -s '${status.API_URL}/rest/v1/vault_balances?select=owner,total_balance,locked_balance&order=updated_at.desc&limit=5' \\
     -H 'apikey: ${status.SECRET_KEY}'

3. ${
    trader
      ? "A trader's app, signed in with the trader's wallet: own vault, own alerts, nothing else"
      : "An app, signed in with a fresh wallet"
  }:

   npx -y deno run -A examples/own_vault.ts ${status.API_URL} ${status.PUBLISHABLE_KEY}${wallet}

Ctrl-C stops all of it.`;
}

if (import.meta.main) await runTask(main);
