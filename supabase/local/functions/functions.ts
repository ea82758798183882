/**
 * The project's functions, as requests reach them: a process of their own that is started again whenever it dies.
 *
 * @module
 */
import { pathToFileURL } from "node:url";
import { type Child, type ChildOptions, startChild } from "./child.ts";
import { refuseForNow } from "./refusals.ts";

/** What the functions run with. */
export interface FunctionsOptions {
  /** The project's folder, which holds `deno.json` and `functions/<name>/index.ts`. */
  readonly projectDir: string;
  /** The whole environment that functions see. */
  readonly env: Record<string, string>;
  /** Takes each line that functions write, and one line for each time their process dies. */
  log(line: string): void;
  /** Whether every function is imported at the start instead of when it is first asked for; default false. */
  readonly eager?: boolean;
  /** Whether packages that are not in Deno's cache are refused instead of fetched; default false. */
  readonly offline?: boolean;
}

/** The running functions. */
export interface Functions {
  /** The functions' names: the folders of `functions/` that hold an `index.ts`, in order. */
  readonly names: readonly string[];
  /**
   * Passes a request on and streams both bodies. Answers 404 for an unknown function, and 503 with `Retry-After` when the
   * process dies under the request or does not come up.
   *
   * @param name the function.
   * @param rest the path behind the name, empty or with its leading slash; the query is the request's own.
   */
  handle(request: Request, name: string, rest: string): Promise<Response>;
  /** Ends the process; background work may go on for two seconds. */
  close(): Promise<void>;
}

/** How long a request waits for a process that is being started again. */
const PATIENCE_MILLISECONDS = 10_000;

/** A process that lived so long is started again at once; others with growing delays. */
const HEALTHY_MILLISECONDS = 10_000;
const FIRST_DELAY_MILLISECONDS = 50;
const LAST_DELAY_MILLISECONDS = 5000;

/** How long after a failed request the process's death may show. */
const NOTICE_MILLISECONDS = 200;

/** Headers that concern one connection and not the message. */
const HOP_BY_HOP = [
  ...["connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding"],
  "upgrade",
];

/** What Deno says where the client left off in the middle of a body. Watching the body itself would cost its announced length. */
const CUT_BODY = /request body/i;

/**
 * Starts the functions' process.
 *
 * @throws {Error} when it does not come up now.
 */
export async function startFunctions(options: FunctionsOptions): Promise<Functions> {
  const { projectDir, env, log, eager = false, offline = false } = options;
  const names = listFunctions(projectDir);
  const functionsUrl = pathToFileURL(`${projectDir}/functions/`).href;
  const setup = { functionsUrl, env, eager: eager ? names : [] };
  const keeper = await keepChild({ projectDir, isOffline: offline, setup, log });

  async function handle(request: Request, name: string, rest: string): Promise<Response> {
    const child = await keeper.child();
    if (!child) return refuseForNow("BOOT_ERROR");
    try {
      const path = `/${encodeURIComponent(name)}${rest}${new URL(request.url).search}`;
      return await forward(child, request, path);
    } catch (error) {
      if (CUT_BODY.test(describe(error))) {
        return Response.json({ message: "The body ended too early" }, { status: 400 });
      }
      if (!request.signal.aborted) {
        log(`${name} gave no answer: ${describe(error)}`);
        // That the process died shows a moment later; the client's next request must find another.
        await pause(NOTICE_MILLISECONDS, signalOf(child.gone));
      }
      return refuseForNow("WORKER_ERROR");
    }
  }

  return { names, handle, close: keeper.close };
}

/** Sends a request to the process; its answer's body is still to come. */
async function forward(child: Child, request: Request, path: string): Promise<Response> {
  const { status, statusText, headers, body } = await fetch(child.origin + path, {
    method: request.method,
    headers: forwardedHeaders(request),
    body: request.body,
    redirect: "manual",
    signal: request.signal,
    client: child.client,
  });
  return new Response(body, { status, statusText, headers: withoutHopByHop(headers) });
}

/** An error's message with that of its cause, in which Deno tells what happened. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/** The folders of `functions/` that hold an `index.ts`, in order. */
function listFunctions(projectDir: string): string[] {
  const folder = `${projectDir}/functions`;
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const hasEntry = isDirectory && [...Deno.readDirSync(`${folder}/${name}`)].some((file) => file.name === "index.ts");
    return hasEntry ? [name] : [];
  }).sort();
}

/** Keeps one process running: starts another whenever it dies. */
async function keepChild(
  options: ChildOptions,
): Promise<{ child(): Promise<Child | undefined>; close(): Promise<void> }> {
  let current: Child | undefined = await startChild(options);
  const stop = new AbortController();
  const waiting = new Set<() => void>();

  async function keep(child: Child): Promise<void> {
    let delay = FIRST_DELAY_MILLISECONDS;
    for (let running: Child | undefined = child;;) {
      const since = performance.now();
      const status: Deno.CommandStatus | undefined = await running?.gone;
      current = undefined;
      if (stop.signal.aborted) return;
      if (status) {
        options.log(`the functions' process ended with ${status.signal ?? `code ${status.code}`}; starting another`);
      }
      delay = performance.now() - since >= HEALTHY_MILLISECONDS ? FIRST_DELAY_MILLISECONDS : delay;
      await pause(delay, stop.signal);
      if (stop.signal.aborted) return;
      delay = Math.min(delay * 2, LAST_DELAY_MILLISECONDS);
      running = await startChild(options).catch(() => undefined);
      if (stop.signal.aborted) return await running?.end();
      current = running;
      if (running) { for (const wake of waiting) wake(); }
    }
  }

  const keeping = keep(current);
  return {
    async child(): Promise<Child | undefined> {
      if (current || stop.signal.aborted) return current;
      const patience = new AbortController();
      const wake = (): void => patience.abort();
      waiting.add(wake);
      await pause(PATIENCE_MILLISECONDS, AbortSignal.any([patience.signal, stop.signal]));
      waiting.delete(wake);
      return current;
    },
    async close(): Promise<void> {
      stop.abort();
      await current?.end();
      await keeping;
    },
  };
}

/** A signal that aborts when a promise resolves. */
function signalOf(event: Promise<unknown>): AbortSignal {
  const controller = new AbortController();
  event.then(() => controller.abort());
  return controller.signal;
}

/** Waits for a while, or until the signal. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

/** The client's headers, and where it thought it was going. */
function forwardedHeaders(request: Request): Headers {
  const url = new URL(request.url);
  const headers = withoutHopByHop(request.headers);
  headers.delete("host");
  headers.set("x-forwarded-host", url.host);
  headers.set("x-forwarded-proto", url.protocol.slice(0, -1));
  // What goes over the loopback is not worth compressing; the gateway compresses for the client.
  headers.set("accept-encoding", "identity");
  return headers;
}

function withoutHopByHop(given: Headers): Headers {
  const headers = new Headers(given);
  for (const name of HOP_BY_HOP) headers.delete(name);
  return headers;
}
