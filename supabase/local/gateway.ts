/**
 * The one address that clients know: passes each request to REST, Auth, Realtime or a function, as Supabase's gateway does.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import type { Auth } from "./auth/auth.ts";
import { answerPreflight, permitOrigins } from "./cors.ts";
import type { Functions } from "./functions/functions.ts";
import { refuse } from "./functions/refusals.ts";
import { type ProjectKeys, refusalOf } from "./keys.ts";
import type { Realtime } from "./realtime/realtime.ts";
import type { Rest } from "./rest/rest.ts";

/** What the gateway passes requests to, and where it listens. */
export interface GatewayOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly keys: Pick<ProjectKeys, "callerOf" | "keyRole">;
  readonly rest: Pick<Rest, "handle">;
  readonly auth: Pick<Auth, "handle">;
  readonly realtime: Pick<Realtime, "upgrade" | "broadcast">;
  readonly functions: Pick<Functions, "handle">;
  /** Answers `GET /` and what is below `/ops/`; default a short text at `/`. */
  page?(request: Request): Response | Promise<Response>;
  /** Takes one line for each request that failed by a fault of the platform. */
  log(line: string): void;
}

/** A listening gateway. */
export interface Gateway {
  readonly port: number;
  /** How to reach it from this machine, e.g. `http://127.0.0.1:54321`. */
  readonly url: string;
  /**
   * Stops listening and waits for requests under way, at most two seconds: answers without an end stop when what gives
   * them is closed. May be called again, to wait for that.
   */
  close(): Promise<void>;
}

/** What a request comes with. */
type Environment = { Bindings: Deno.ServeHandlerInfo<Deno.NetAddr> };

/** Endpoints of Auth that browsers and servers open without a key, as behind Supabase's gateway. */
const KEYLESS_AUTH = /^(verify|callback|authorize|\.well-known\/.+)$/;

/** How long `close` waits. */
const GRACE_MILLISECONDS = 2000;

/**
 * Starts to listen.
 *
 * @throws {Deno.errors.AddrInUse} when the port is taken.
 */
export function startGateway(options: GatewayOptions): Gateway {
  const app = createRoutes(options);
  const listening = { hostname: options.host, port: options.port, onListen: (): void => {} };
  const server = Deno.serve(listening, (request, info) => app.fetch(request, info));
  const { port } = server.addr;
  let ended: Promise<void> | undefined;
  return {
    port,
    url: localUrl(options.host, port),
    async close(): Promise<void> {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const patience = new Promise<void>((resolve) => timer = setTimeout(resolve, GRACE_MILLISECONDS));
      await Promise.race([ended ??= server.shutdown(), patience]);
      clearTimeout(timer);
    },
  };
}

/** The address of a server on this machine, for a client on this machine: one that listens everywhere is on the loopback. */
export function localUrl(host: string, port: number): string {
  if (host === "0.0.0.0") return `http://127.0.0.1:${port}`;
  if (host === "::") return `http://[::1]:${port}`;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function createRoutes(options: GatewayOptions): Hono<Environment> {
  const { keys, rest, auth, realtime } = options;
  const app = new Hono<Environment>();
  app.use("*", answerPreflight);
  for (const path of ["/rest/v1/*", "/auth/v1/*", "/realtime/v1/api/*"]) app.use(path, permitOrigins);

  app.all("/rest/v1/*", async ({ req: { raw } }) => {
    const caller = await keys.callerOf(raw);
    return await rest.handle(raw, pathBehind(raw, "/rest/v1"), caller);
  });
  app.all("/auth/v1/*", async ({ req: { raw } }) => {
    const path = pathBehind(raw, "/auth/v1");
    const role = KEYLESS_AUTH.test(path) ? "anon" : await keys.keyRole(raw);
    return await auth.handle(raw, path, { role });
  });
  // Realtime checks the key of a socket itself: a browser cannot read what the gateway would answer.
  app.get("/realtime/v1/websocket", (c) => realtime.upgrade(c.req.raw));
  app.all("/realtime/v1/api/*", async ({ req: { raw } }) => {
    await keys.keyRole(raw);
    return await realtime.broadcast(raw);
  });
  app.all("/functions/v1/*", (c) => callFunction(options.functions, c));
  app.get("/", (c) => options.page?.(c.req.raw) ?? c.text(INDEX));
  app.get("/ops/*", (c) => options.page?.(c.req.raw) ?? c.notFound());
  app.notFound((c) => c.json({ message: "no Route matched with those values" }, 404));
  app.onError((error, c) => {
    const refusal = refusalOf(error);
    if (refusal) return refusal;
    // A path that is no UTF-8 when it is decoded.
    if (error instanceof URIError) return c.json({ message: "Bad Request" }, 400);
    options.log(`${c.req.method} ${c.req.path} failed: ${error.stack ?? error.message}`);
    return c.json({ message: "An unexpected error occurred" }, 500);
  });
  return app;
}

const INDEX = `The local platform is running.

/rest/v1       REST
/auth/v1       Auth
/realtime/v1   Realtime
/functions/v1  functions
`;

/** What follows a prefix in the path as it was sent: not decoded, without the slash and the query. */
function pathBehind(request: Request, prefix: string): string {
  return new URL(request.url).pathname.slice(prefix.length + 1);
}

/** Functions get every request with whatever key, and answer preflights and origins themselves, as hosted. */
async function callFunction(
  functions: Pick<Functions, "handle">,
  { req: { raw }, env }: Context<Environment>,
): Promise<Response> {
  const [, name = "", rest = ""] = /^([^/]*)(.*)$/.exec(pathBehind(raw, "/functions/v1")) ?? [];
  if (name === "") return refuse("NOT_FOUND");
  const headers = new Headers(raw.headers);
  headers.set("x-forwarded-for", env.remoteAddr.hostname);
  return await functions.handle(new Request(raw, { headers }), name, rest);
}
