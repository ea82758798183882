/**
 * A stand-in for Supabase Auth (GoTrue): what supabase-js needs to sign users in with an email and password, anonymously, or
 * with a Solana wallet, on the tables that a hosted project has. No mail, no MFA, no OAuth.
 *
 * @module
 */
import postgres from "postgres";
import type { ProjectKeys } from "../keys.ts";
import { getUser, logOut, updateUser } from "./account.ts";
import { createUser, deleteUser, getUserById, listUsers, updateUserById } from "./admin.ts";
import { AuthRefused, errorResponse, isRefusal } from "./auth_error.ts";
import { bearerToken } from "./bearer.ts";
import type { AuthContext } from "./context.ts";
import { allowedUrls } from "./redirect_urls.ts";
import { signUp } from "./signup.ts";
import { grantToken } from "./token.ts";

const DEFAULT_LIFETIME_SECONDS = 3600;

/** `schema.function`, both plain names. */
const FUNCTION_NAME = /^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$/;

/** How Auth is set up. */
export interface AuthOptions {
  /** A superuser's connection string; every session becomes supabase_auth_admin's. */
  readonly adminUrl: string;
  readonly keys: ProjectKeys;
  /** The app's own URL, e.g. `http://localhost:54321`; its whole origin may be signed in for. */
  readonly siteUrl: string;
  /** Further URLs, with `*` and `**`. */
  readonly redirectUrls: readonly string[];
  /** Default 3600. */
  readonly accessTokenLifetimeSeconds?: number;
  readonly hook?: {
    /** The custom access token hook, `schema.function`. When set it must exist, or nobody can sign in. */
    readonly customAccessToken?: string | undefined;
  };
  /** The time, milliseconds since the epoch; default the system's clock. */
  readonly now?: () => number;
  /** Told of every error that is answered with a 5xx. */
  readonly onError?: (error: unknown) => void;
}

/** A running Auth. */
export interface Auth {
  /**
   * Answers a request; errors become GoTrue's error bodies.
   *
   * @param path what follows `/auth/v1/`, without the query.
   * @param caller whose API key came with the request, as `ProjectKeys.keyRole` tells.
   */
  handle(request: Request, path: string, caller: { readonly role: string }): Promise<Response>;
  /** Closes the connections. */
  close(): Promise<void>;
}

/** Opens Auth; connects when the first request comes. @throws {TypeError} when the hook's name is no `schema.function`. */
export function openAuth(options: AuthOptions): Auth {
  const hook = options.hook?.customAccessToken;
  if (hook !== undefined && !FUNCTION_NAME.test(hook)) throw new TypeError(`Not a schema.function: ${hook}`);
  const sql = postgres(options.adminUrl, {
    max: 3,
    onnotice: () => {},
    connection: { application_name: "supabase_auth", role: "supabase_auth_admin", search_path: "auth" },
  });
  const context: AuthContext = {
    sql,
    keys: options.keys,
    lifetimeSeconds: options.accessTokenLifetimeSeconds ?? DEFAULT_LIFETIME_SECONDS,
    customAccessTokenHook: hook,
    now: options.now ?? Date.now,
    isAllowedUrl: allowedUrls(options),
  };

  async function handle(request: Request, path: string, caller: { readonly role: string }): Promise<Response> {
    try {
      const response = await answer(context, request, path.replace(/^\/+|\/+$/g, ""), caller);
      return response instanceof Response ? response : Response.json(response);
    } catch (error) {
      if (!isRefusal(error)) options.onError?.(error);
      return errorResponse(error, request);
    }
  }

  return { handle, close: () => sql.end({ timeout: 5 }) };
}

/** The endpoints. */
async function answer(
  context: AuthContext,
  request: Request,
  path: string,
  caller: { readonly role: string },
): Promise<unknown> {
  if (path.startsWith("admin/")) return await answerAdmin(context, request, path, caller);
  switch (`${request.method} ${path}`) {
    case "GET health":
      return { version: "local", name: "GoTrue", description: "GoTrue is a user registration and authentication API" };
    case "GET settings":
      return settings();
    case "GET .well-known/jwks.json":
      return context.keys.jwks;
    case "POST signup":
      return await signUp(context, request);
    case "POST token":
      return await grantToken(context, request);
    case "GET user":
      return await getUser(context, request);
    case "PUT user":
      return await updateUser(context, request);
    case "POST logout":
      await logOut(context, request);
      return new Response(null, { status: 204 });
    default:
      throw notServed(request, path);
  }
}

async function answerAdmin(
  context: AuthContext,
  request: Request,
  path: string,
  caller: { readonly role: string },
): Promise<unknown> {
  // A user's token beside the secret key stands for the user.
  if (caller.role !== "service_role" || bearerToken(request) !== undefined) {
    throw new AuthRefused(403, "not_admin", "User not allowed");
  }
  const id = /^admin\/users\/([^/]+)$/.exec(path)?.[1];
  if (id !== undefined && request.method === "GET") return await getUserById(context, id);
  if (id !== undefined && request.method === "PUT") return await updateUserById(context, request, id);
  if (id !== undefined && request.method === "DELETE") return await deleteUser(context, request, id);
  if (path === "admin/users" && request.method === "GET") return await listUsers(context, request);
  if (path === "admin/users" && request.method === "POST") return await createUser(context, request);
  throw notServed(request, path);
}

function settings(): Record<string, unknown> {
  return {
    external: { anonymous_users: true, email: true, phone: false, web3_solana: true, web3_ethereum: false },
    disable_signup: false,
    mailer_autoconfirm: true,
    phone_autoconfirm: false,
    sms_provider: "",
    saml_enabled: false,
  };
}

function notServed(request: Request, path: string): AuthRefused {
  return new AuthRefused(404, "not_found", `The local Auth does not serve ${request.method} /${path}`);
}
