/**
 * Somebody who has just cloned the project, started it, and now types what the documents say.
 *
 * @module
 */
import { cp } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import bs58 from "bs58";
import postgres, { type Sql } from "postgres";
import type { Status } from "@/supabase/local/instance/status.ts";
import { PROJECT, type Running, startRunning } from "@/tests/support/running_instance.ts";

/** What no clone has. */
const LEFT_OUT = new Set([".git", ".vaultbook", "node_modules"]);

/** A running clone. */
export interface Newcomer {
  /** The clone's folder. */
  readonly folder: string;
  readonly status: Status;
  /** As postgres, as Studio does. */
  readonly sql: Sql;
  /** What `deno task start` has printed. */
  printed(): string;
  /** The text with this instance's addresses, keys and wallet for those that documents print. */
  fillIn(text: string): string;
  /** Runs a command in the clone by bash, as typed; ended as soon as it has said `until`. */
  type(command: string, until?: string): Promise<{ code: number; stdout: string; stderr: string }>;
  close(): Promise<void>;
}

/** Clones the project into a folder of its own and starts it there, with the demo chain. */
export async function openNewcomer(port: number): Promise<Newcomer> {
  const folder = await Deno.makeTempDir({ prefix: "vaultbook-clone-" });
  // PostgreSQL, which does not run as root, must get through.
  await Deno.chmod(folder, 0o711);
  for await (const { name } of Deno.readDir(PROJECT)) {
    if (!LEFT_OUT.has(name)) await cp(fileURLToPath(new URL(name, PROJECT)), `${folder}/${name}`, { recursive: true });
  }
  const commands = await writeCommands(folder);
  let running: Running;
  try {
    running = await startRunning(`${folder}/.vaultbook`, "--port", `${port}`, "--db-port", `${port + 1}`);
  } catch (error) {
    await Deno.remove(folder, { recursive: true });
    throw error;
  }
  const { status } = running;
  const wallet = /own_vault\.ts \S+ \S+ (\w+)$/m.exec(running.printed())?.[1] ?? "";
  const sql = postgres(status.DB_URL, { max: 1, onnotice: () => {} });
  const shown = new Map([
    ["http://127.0.0.1:54321", status.API_URL],
    ["sb_publishable_…", status.PUBLISHABLE_KEY],
    ["sb_secret_…", status.SECRET_KEY],
    ["<SOLANA_RPC_URL>", status.SOLANA_RPC_URL],
    ["<wallet>", wallet],
    ["<owner>", bs58.encode(bs58.decode(wallet).slice(32))],
  ]);
  return {
    folder,
    status,
    sql,
    printed: running.printed,
    fillIn: (text) => [...shown].reduce((filled, [name, value]) => filled.replaceAll(name, value), text),
    type: (command, until) => typed(command, folder, commands, until),
    async close(): Promise<void> {
      await sql.end();
      await running.stop();
      await running.killTree();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** `deno` and `npx -y deno` as commands, both this very Deno: what npx would download is the same. */
async function writeCommands(folder: string): Promise<string> {
  const commands = `${folder}/.commands`;
  await Deno.mkdir(commands);
  await Deno.symlink(Deno.execPath(), `${commands}/deno`);
  await Deno.writeTextFile(
    `${commands}/npx`,
    `#!/bin/sh\n[ "$1 $2" = "-y deno" ] || exit 127\nshift 2\nexec deno "$@"\n`,
    { mode: 0o755 },
  );
  return commands;
}

/** How long a command may take. */
const PATIENCE_MS = 30_000;

async function typed(
  command: string,
  folder: string,
  commands: string,
  until?: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = new Deno.Command("bash", {
    // What this very process was started from is nobody else's folder.
    args: ["-euo", "pipefail", "-c", `unset INIT_CWD\n${command}`],
    cwd: folder,
    env: { NO_COLOR: "1", PATH: `${commands}:${Deno.env.get("PATH")}` },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached: true,
  }).spawn();
  const end = (): void => {
    try {
      Deno.kill(-child.pid, "SIGKILL"); // with all that it started
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound || error instanceof TypeError)) throw error;
    }
  };
  const patience = setTimeout(end, PATIENCE_MS);
  const stderr = new Response(child.stderr).text();
  let stdout = "";
  let isSaid = false;
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    stdout += text;
    if (until === undefined || !stdout.includes(until)) continue;
    isSaid = true;
    end();
    break;
  }
  const { code } = await child.status;
  clearTimeout(patience);
  return { code: isSaid ? 0 : code, stdout, stderr: await stderr };
}
