/**
 * Vaultbook as a user runs it: a process of its own, on a data folder in the temporary directory.
 *
 * @module
 */
import type { Status } from "@/supabase/local/instance/status.ts";
import { descendantsOf, killAtOnce } from "./process_tree.ts";

/** The project's folder. */
export const PROJECT = new URL("../../", import.meta.url);

/** A finished command. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of the project's tasks to its end. */
export async function runProjectTask(task: string, ...args: string[]): Promise<Finished> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", `tasks/${task}.ts`, ...args],
    cwd: PROJECT,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** A started instance. */
export interface Running {
  readonly dir: string;
  readonly status: Status;
  /** What it has printed so far. */
  printed(): string;
  /** Asks it to stop, as Ctrl-C does – which through `deno task` and npx arrives several times –, and waits for its end. */
  stop(): Promise<number>;
  /** Kills the process and everything it started, at once and without asking. */
  killTree(): Promise<void>;
  /** Kills the process alone, which leaves PostgreSQL without a parent. */
  killParent(): Promise<void>;
}

/** How long a start may take: downloads are over, but two cores are shared by the whole suite. */
const PATIENCE_MS = 60_000;

/**
 * Starts an instance and waits until it is up.
 *
 * @throws with what it printed when it ends instead.
 */
export async function startRunning(dir: string, ...args: string[]): Promise<Running> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "tasks/start.ts", "--data-dir", dir, ...args],
    cwd: PROJECT,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let printed = "";
  const reading = Promise.all([child.stdout, child.stderr].map(async (stream) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) printed += text;
  }));
  const ended = child.status.then(async ({ code, signal }) => {
    await reading;
    return signal === null ? code : 128;
  });
  const status = await awaitStatus(dir, ended, () => printed);
  const kill = async (pids: number[]): Promise<void> => {
    killAtOnce(pids);
    await ended;
  };
  return {
    dir,
    status,
    printed: () => printed,
    async stop(): Promise<number> {
      for (let time = 0; time < 3; time++) {
        child.kill("SIGINT");
        await new Promise((resume) => setTimeout(resume, 5));
      }
      return await ended;
    },
    killTree: async () => await kill([child.pid, ...descendantsOf(child.pid)]),
    killParent: async () => await kill([child.pid]),
  };
}

async function awaitStatus(dir: string, ended: Promise<number>, printed: () => string): Promise<Status> {
  let over: number | null = null;
  ended.then((code) => over = code);
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline;) {
    const { code, stdout } = await runProjectTask("status", "-o", "json", "--quiet", "--data-dir", dir);
    if (code === 0) return JSON.parse(stdout);
    if (over !== null) break;
    await new Promise((resume) => setTimeout(resume, 100));
  }
  throw new Error(`The instance did not come up (exit code ${over}):\n${printed()}`);
}
