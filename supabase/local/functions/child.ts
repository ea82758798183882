/**
 * One process of the functions' runtime: starting it, and ending it for sure.
 *
 * @module
 */
import type { RuntimeSetup } from "./runtime.ts";

/** What a process is started with. */
export interface ChildOptions {
  /** The project's folder: the only one that functions can read. Its `deno.json` and import map are theirs. */
  readonly projectDir: string;
  /** Whether packages that are not in Deno's cache are refused instead of fetched. */
  readonly isOffline: boolean;
  readonly setup: RuntimeSetup;
  /** Takes each line that functions write. */
  log(line: string): void;
}

/** A process that serves. */
export interface Child {
  readonly pid: number;
  /** Where it serves, e.g. `http://127.0.0.1:40123`. */
  readonly origin: string;
  /** Connections to this process alone, so that none outlives it. */
  readonly client: Deno.HttpClient;
  /** Resolves when the process is gone; never rejects. */
  readonly gone: Promise<Deno.CommandStatus>;
  /** Asks the process to end, which grants background work two seconds, and kills it if it does not. */
  end(): Promise<void>;
}

/** What Deno itself needs of the environment to find its cache and to fetch; functions do not see it. */
const PASSED_ON = [
  ...["HOME", "PATH", "DENO_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA", "USERPROFILE", "SYSTEMROOT", "TMPDIR", "TEMP"],
  ...["DENO_TLS_CA_STORE", "DENO_CERT", "NPM_CONFIG_REGISTRY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"],
];

/** How long a process may take to end before it is killed: more than the two seconds it grants to background work. */
const KILL_AFTER_MILLISECONDS = 4000;

/**
 * Starts a process and waits until it serves.
 *
 * @throws {Error} with the last lines it wrote when it ends before that.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const process = new Deno.Command(Deno.execPath(), {
    args: commandLine(options),
    cwd: options.projectDir,
    clearEnv: true,
    env: Object.fromEntries(PASSED_ON.flatMap((name) => {
      const value = Deno.env.get(name) ?? Deno.env.get(name.toLowerCase());
      return value === undefined ? [] : [[name, value]];
    })),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lastLines: string[] = [];
  let onPort: (port: number) => void = () => {};
  const serving = new Promise<number>((resolve) => onPort = resolve);
  const take = (line: string): void => {
    lastLines.splice(0, Math.max(0, lastLines.length - 20));
    lastLines.push(line);
    options.log(line);
  };
  const readers = [
    forEachLine(process.stdout, (line, index) => index === 0 ? onPort(JSON.parse(line).port) : take(line)),
    forEachLine(process.stderr, take),
  ];
  const input = process.stdin.getWriter();
  const gone = Promise.all([process.status, ...readers]).then(async ([status]) => {
    await input.close().catch(() => {});
    return status;
  });
  // A process that ended at once shows in `gone`; that its pipe is broken adds nothing.
  await input.write(new TextEncoder().encode(`${JSON.stringify(options.setup)}\n`)).catch(() => {});
  const port = await Promise.race([serving, gone]);
  if (typeof port !== "number") {
    throw new Error(`The functions' process ended at its start:\n${lastLines.join("\n")}`);
  }
  const client = Deno.createHttpClient({});
  gone.then(() => client.close());
  return {
    pid: process.pid,
    origin: `http://127.0.0.1:${port}`,
    client,
    gone,
    async end(): Promise<void> {
      const killer = setTimeout(() => process.kill("SIGKILL"), KILL_AFTER_MILLISECONDS);
      await input.close().catch(() => {});
      await gone;
      clearTimeout(killer);
    },
  };
}

/** The least that functions need: the network, their environment, and the project's own files. */
function commandLine({ projectDir, isOffline }: ChildOptions): string[] {
  return [
    "run",
    "--no-prompt",
    "--quiet",
    `--config=${projectDir}/deno.json`,
    ...(isOffline ? ["--cached-only"] : []),
    // A request's signal aborts when its client goes, not also when it has been answered.
    "--unstable-no-legacy-abort",
    "--allow-net",
    "--allow-env",
    // Of the project's folder, which the process is started in: a path of its own could hold a comma, which ends it.
    "--allow-read=.",
    new URL("./runtime.ts", import.meta.url).href,
  ];
}

/** Calls `take` for each line with its number from 0; resolves when the stream ends. */
async function forEachLine(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (line: string, index: number) => void,
): Promise<void> {
  let rest = "";
  let index = 0;
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line, index++);
  }
  if (rest) take(rest, index);
}
