/**
 * The whole local platform on one database: keys, REST, Auth, Realtime, functions, background jobs, and the gateway in front.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { openAuth } from "./auth/auth.ts";
import type { Caller } from "./caller.ts";
import { startFunctions } from "./functions/functions.ts";
import { type Gateway, localUrl, startGateway } from "./gateway.ts";
import { startJobs } from "./jobs/jobs.ts";
import { openKeys, type ProjectKeys } from "./keys.ts";
import { openRealtime } from "./realtime/realtime.ts";
import { openRest } from "./rest/rest.ts";

/** How the platform is set up. */
export interface PlatformOptions {
  /** Connection string of a superuser, in a database that `installProject` has run on. */
  readonly adminUrl: string;
  /** Connection string of `authenticator`, for REST. */
  readonly authenticatorUrl: string;
  /** Connection string of `postgres`, for the functions. */
  readonly functionsDatabaseUrl: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly secrets: {
    readonly publishable: string;
    readonly secret: string;
    /** A private P-256 key in JWK form with a `kid`. */
    readonly signingKey: JsonWebKey;
  };
  /** The project's folder, which holds `deno.json` and `functions/`; default this project's. */
  readonly projectDir?: string;
  /** The project's secrets: what functions see beside what the platform tells them. */
  readonly functionsEnv: Record<string, string>;
  /** The app's own URL, and further ones with `*` and `**`, that users may sign in for. */
  readonly siteUrl: string;
  readonly redirectUrls: readonly string[];
  /** The custom access token hook, `schema.function`. */
  readonly accessTokenHook?: string;
  /** Which background work is not done by real extensions. */
  readonly jobs: { readonly cron: boolean; readonly net: boolean };
  /** Answers `GET /` and what is below `/ops/`. */
  page?(request: Request): Response | Promise<Response>;
  log(line: string): void;
  /** Whether every function is imported at the start; default false. */
  readonly eagerFunctions?: boolean;
  /** Whether functions may only use packages that are in Deno's cache; default false. */
  readonly offlineFunctions?: boolean;
}

/** A running platform. */
export interface Platform {
  readonly url: string;
  readonly port: number;
  readonly keys: ProjectKeys;
  /** Closes everything, the gateway first. */
  close(): Promise<void>;
}

/** As `[api]` in `supabase/config.toml`. */
const EXPOSED_SCHEMAS = ["public"];
const MAX_ROWS = 1000;

/**
 * Starts the platform.
 *
 * @throws when one part does not come up; those that did are closed again.
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { adminUrl, authenticatorUrl, host, log } = options;
  const port = options.port || findFreePort(host);
  const url = localUrl(host, port);
  await using opened = new AsyncDisposableStack();
  let gateway: Gateway | undefined = undefined;
  // The gateway is closed first, and waited for last, when nothing is left that could hold up an answer.
  opened.defer(() => gateway?.close());
  const keep = <T extends { close(): Promise<void> }>(part: T): T => {
    opened.defer(() => part.close());
    return part;
  };

  const keys = await openKeys({ ...options.secrets, issuer: `${url}/auth/v1` });
  const rest = keep(await openRest({ authenticatorUrl, adminUrl, schemas: EXPOSED_SCHEMAS, maxRows: MAX_ROWS }));
  const auth = keep(openAuth({
    adminUrl,
    keys,
    siteUrl: options.siteUrl,
    redirectUrls: options.redirectUrls,
    hook: { customAccessToken: options.accessTokenHook },
    onError: (error) => log(`auth: ${error instanceof Error ? error.stack ?? error.message : error}`),
  }));
  const realtime = keep(await openRealtime({ adminUrl, callerOfToken: (token) => callerOfToken(keys, token), log }));
  const functions = keep(
    await startFunctions({
      projectDir: options.projectDir ?? fileURLToPath(new URL("../..", import.meta.url)),
      env: functionsEnvironment(options, keys, url),
      log: (line) => log(`functions: ${line}`),
      eager: options.eagerFunctions ?? false,
      offline: options.offlineFunctions ?? false,
    }),
  );
  keep(await startJobs({ adminUrl, ...options.jobs, log }));
  const page = options.page ? { page: options.page } : {};
  gateway = keep(startGateway({ host, port, keys, rest, auth, realtime, functions, log, ...page }));

  const running = opened.move();
  return { url, port, keys, close: () => running.disposeAsync() };
}

/** The issuer of access tokens and the functions' environment name the port, so it must be known before anything opens. */
function findFreePort(host: string): number {
  using listener = Deno.listen({ hostname: host, port: 0 });
  return listener.addr.port;
}

/** Realtime's clients give either an API key or a user's token in one place. */
async function callerOfToken(keys: ProjectKeys, token: string): Promise<Caller> {
  const headers: Record<string, string> = token.startsWith("sb_")
    ? { apikey: token }
    : { apikey: keys.publishable, authorization: `Bearer ${token}` };
  return await keys.callerOf(new Request("http://realtime.local/", { headers }));
}

/** What hosted functions find in their environment; like there, secrets cannot take these names. */
function functionsEnvironment(options: PlatformOptions, keys: ProjectKeys, url: string): Record<string, string> {
  return {
    ...options.functionsEnv,
    SUPABASE_URL: url,
    SUPABASE_DB_URL: options.functionsDatabaseUrl,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: keys.publishable }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: keys.secret }),
    SUPABASE_JWKS: JSON.stringify(keys.jwks),
    SB_REGION: "local",
  };
}
