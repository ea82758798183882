/**
 * The process that the project's functions run in, apart from the rest of the platform: `deno run runtime.ts`.
 *
 * Reads one JSON line, a `RuntimeSetup`, from standard input; writes one JSON line, `{"port"}`, to standard output when it
 * serves; and ends when standard input ends, which it also does when the parent dies. Each function is imported when it is
 * first asked for. Functions share this process, where hosted ones have one each.
 *
 * @module
 */
import { FUNCTION_FAILED, refuse } from "./refusals.ts";

/** What the parent tells. */
export interface RuntimeSetup {
  /** The folder whose folders are the functions, as a file URL that ends in a slash. */
  readonly functionsUrl: string;
  /** The only environment that functions see. */
  readonly env: Record<string, string>;
  /** Functions to import before serving; the others are imported when they are first asked for. */
  readonly eager: readonly string[];
}

/** What a function gives to `Deno.serve`. */
interface ServedFunction {
  handler: (request: Request, info: Deno.ServeHandlerInfo) => Response | Promise<Response>;
  onError: ((error: unknown) => Response | Promise<Response>) | undefined;
}

/** How long background work may go on after the end was asked for. */
const GRACE_MILLISECONDS = 2000;

if (import.meta.main) await main();

async function main(): Promise<void> {
  const input = readLines(Deno.stdin.readable);
  const first = await input.next();
  const setup = JSON.parse(first.value ?? "") as RuntimeSetup;
  for (const name of Object.keys(Deno.env.toObject())) Deno.env.delete(name);
  for (const [name, value] of Object.entries(setup.env)) Deno.env.set(name, value);

  const serve = Deno.serve;
  const background = provideEdgeRuntime();
  const find = createFinder(setup.functionsUrl);
  for (const name of setup.eager) await find(name);
  const options = { hostname: "127.0.0.1", port: 0, onListen: announce };
  const server = serve(options, async (request, info) => {
    const name = new URL(request.url).pathname.split("/")[1] ?? "";
    const found = await find(name);
    return typeof found === "string" ? refuse(found) : await call(found, name, withOuterHost(request), info);
  });
  // Ctrl-C reaches every process of the terminal; this one ends when its parent wants it to.
  Deno.addSignalListener("SIGINT", () => {});
  while (!(await input.next()).done);
  const work = server.shutdown().then(() => Promise.all(background));
  await Promise.race([work, new Promise((resolve) => setTimeout(resolve, GRACE_MILLISECONDS))]);
  Deno.exit(0);
}

function announce({ port }: Deno.NetAddr): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify({ port })}\n`));
}

/** The lines of a stream of bytes. */
async function* readLines(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

/** Makes `EdgeRuntime.waitUntil`; gives the set of what it waits for. */
function provideEdgeRuntime(): Set<Promise<unknown>> {
  const background = new Set<Promise<unknown>>();
  function waitUntil<T>(work: Promise<T>): Promise<T> {
    const settled = Promise.resolve(work).catch((error) => report("background work failed", error));
    background.add(settled);
    settled.finally(() => background.delete(settled));
    return work;
  }
  Object.assign(globalThis, { EdgeRuntime: { waitUntil } });
  return background;
}

/**
 * Finds functions by name and keeps what it found. What a module gives to `Deno.serve` while it is imported is its function,
 * so modules are imported one after another.
 */
function createFinder(functionsUrl: string): (name: string) => Promise<ServedFunction | "NOT_FOUND" | "BOOT_ERROR"> {
  const found = new Map<string, Promise<ServedFunction | "BOOT_ERROR">>();
  let served: ServedFunction | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  Object.defineProperty(Deno, "serve", {
    value: (...given: unknown[]): unknown => {
      served = readServeArguments(given);
      const finished = new Promise<void>(() => {});
      return { finished, addr: {}, shutdown: () => Promise.resolve(), ref(): void {}, unref(): void {} };
    },
  });

  async function load(name: string, url: URL): Promise<ServedFunction | "BOOT_ERROR"> {
    try {
      served = undefined;
      await import(url.href);
      if (served) return served;
      throw new Error("its module does not call Deno.serve");
    } catch (error) {
      report(`${name} failed to start`, error);
      return "BOOT_ERROR";
    }
  }

  return async (name) => {
    const known = found.get(name);
    if (known) return await known;
    const url = new URL(`${name}/index.ts`, functionsUrl);
    if (!/^[\w-]+$/.test(name) || !(await isFile(url))) return "NOT_FOUND";
    const loading = found.get(name) ?? turn.then(() => load(name, url));
    found.set(name, loading);
    turn = loading;
    return await loading;
  };
}

async function isFile(url: URL): Promise<boolean> {
  return await Deno.stat(url).then((entry) => entry.isFile, () => false);
}

/** `Deno.serve` takes a handler, options and a handler, or options with a handler. */
function readServeArguments(given: unknown[]): ServedFunction {
  const options = given.find((value) => typeof value === "object") as Partial<ServedFunction> | undefined;
  const handler = given.find((value) => typeof value === "function") ?? options?.handler;
  if (typeof handler !== "function") throw new TypeError("A handler function must be provided.");
  return { handler: handler as ServedFunction["handler"], onError: options?.onError };
}

/** Calls a function. One that throws answers 500, as hosted; its error goes to the log alone. */
async function call(
  { handler, onError }: ServedFunction,
  name: string,
  request: Request,
  info: Deno.ServeHandlerInfo,
): Promise<Response> {
  let response: Response;
  try {
    response = await answer(handler, onError, request, info);
  } catch (error) {
    report(`${name} failed on ${request.method} ${new URL(request.url).pathname}`, error);
    response = new Response("Internal Server Error", { status: 500 });
  }
  if (response.status < 500) return response;
  const headers = new Headers(response.headers);
  headers.set("sb-error-code", FUNCTION_FAILED);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

async function answer(
  handler: ServedFunction["handler"],
  onError: ServedFunction["onError"],
  request: Request,
  info: Deno.ServeHandlerInfo,
): Promise<Response> {
  try {
    const response: unknown = await handler(request, info);
    if (response instanceof Response) return response;
    throw new TypeError("Return value from serve handler must be a response or a promise resolving to a response");
  } catch (error) {
    if (onError) return await onError(error);
    throw error;
  }
}

/** Functions see the host that the client asked, not the one that this process listens on. */
function withOuterHost(request: Request): Request {
  const host = request.headers.get("x-forwarded-host");
  if (!host) return request;
  const url = new URL(request.url);
  url.host = host;
  return new Request(url, request);
}

function report(what: string, error: unknown): void {
  const text = error instanceof Error ? error.stack ?? error.message : String(error);
  Deno.stderr.writeSync(new TextEncoder().encode(`${what}: ${text}\n`));
}
