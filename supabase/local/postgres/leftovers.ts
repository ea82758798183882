/**
 * Ends what a killed run left behind. `kill -9` of Vaultbook does not end its PostgreSQL, and `kill -9` of PostgreSQL's
 * first process does not end a backend that is busy: a new PostgreSQL cannot start on the same data before they are gone.
 *
 * @module
 */
import { basename, join } from "node:path";
import { exists } from "./exists.ts";
import { shortHash } from "./short_hash.ts";

/** How long a PostgreSQL may take for each way of stopping before the next, harder one. Milliseconds. */
const PATIENCE = 10_000;

/** A running process and how it was called, as far as the machine tells: arguments joined by spaces. */
interface Process {
  readonly pid: number;
  readonly command: string;
}

/** The arguments that every PostgreSQL of ours begins with, and by which it is known again. */
export function identifyingArguments(path: string, port: number): string[] {
  return ["-D", path, "-p", String(port), "-c", `cluster_name=${clusterName(path)}`];
}

/**
 * Stops every PostgreSQL process that still runs on the data in `path`, and no other process: first politely, then at
 * once. Removes the pid file when the pid in it has since been given to another program, which PostgreSQL would take for
 * a server of its own. A crash is recovered from at the next start.
 *
 * @throws {Error} when a process will not end.
 */
export async function stopLeftovers(path: string, onProgress: (message: string) => void): Promise<void> {
  const pidFile = join(path, "postmaster.pid");
  if (!(await exists(pidFile))) return;
  const pid = Number((await Deno.readTextFile(pidFile)).split("\n")[0]);
  const server = await find(pid);
  if (server && isOurs(server, path)) {
    onProgress(`Stopping the PostgreSQL that an earlier run left behind (process ${pid})`);
    signal(pid, "SIGINT");
    await ended(path, PATIENCE);
  } else if (server) {
    await Deno.remove(pidFile);
  }
  for (const hard of ["SIGQUIT", "SIGKILL"] as const) {
    for (const process of await ours(path)) signal(process.pid, hard);
    if (await ended(path, PATIENCE)) return;
  }
  throw new Error(`A PostgreSQL still runs on ${path} and will not end`);
}

/** Waits until no process of ours runs on the data, or until the time is over. Tells which. */
async function ended(path: string, milliseconds: number): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  while ((await ours(path)).length > 0) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

async function ours(path: string): Promise<Process[]> {
  return (await list()).filter((process) => isOurs(process, path));
}

/** PostgreSQL's first process shows its arguments; its children show a title with the cluster's name. */
function isOurs(process: Process, path: string): boolean {
  const [program, ...rest] = process.command.split(` -D ${path} -p `);
  if (rest.length === 1 && basename(program ?? "") === "postgres") return true;
  return process.command.startsWith(`postgres: ${clusterName(path)}: `);
}

/** A name that no other data folder of this machine has. */
function clusterName(path: string): string {
  return `vaultbook-${shortHash(path)}`;
}

async function find(pid: number): Promise<Process | undefined> {
  if (Deno.build.os !== "linux") return (await list()).find((process) => process.pid === pid);
  const command = await commandOf(pid);
  return command === null ? undefined : { pid, command };
}

/** Every process that this user may see. None on Windows, where PostgreSQL itself tells whether a pid is its own. */
async function list(): Promise<Process[]> {
  if (Deno.build.os === "windows") return [];
  if (Deno.build.os !== "linux") return await listByPs();
  const found: Process[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^[0-9]+$/.test(name)) continue;
    const command = await commandOf(Number(name));
    if (command !== null) found.push({ pid: Number(name), command });
  }
  return found;
}

async function listByPs(): Promise<Process[]> {
  const { stdout } = await new Deno.Command("ps", { args: ["-axwwo", "pid=,command="] }).output();
  return new TextDecoder().decode(stdout).split("\n").flatMap((line) => {
    const parts = /^ *([0-9]+) (.*)$/.exec(line);
    return parts ? [{ pid: Number(parts[1]), command: parts[2] ?? "" }] : [];
  });
}

/** How a process was called: empty for one that has ended and is not yet buried, null for none. */
async function commandOf(pid: number): Promise<string | null> {
  try {
    return (await Deno.readTextFile(`/proc/${pid}/cmdline`)).replaceAll("\0", " ").trim();
  } catch {
    return null;
  }
}

function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
