/**
 * Serves the ops page: files as they lie in `ops_page/`, and three npm packages from Deno's cache. Nothing is built.
 *
 * The page has no rights of its own: it signs in and reads as any client does, with the publishable key.
 *
 * @module
 */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Answers what is asked of the page: `/` and below `/ops/`. */
export interface OpsPage {
  /** 404 for what the page does not have. */
  handle(request: Request): Promise<Response>;
}

/** A file as it is sent. */
interface Served {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
  readonly etag: string;
}

const FOLDER = fileURLToPath(new URL("./ops_page/", import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
  woff2: "font/woff2",
};

/** What the page takes from packages, by the name that it asks for, below `/ops/package/`. */
const PACKAGES: Readonly<Record<string, () => Promise<Uint8Array<ArrayBuffer>>>> = {
  "supabase.js": async () => {
    await import("@supabase/supabase-js");
    const bundle = await packageFile("@supabase/supabase-js", "../dist/umd/supabase.js");
    // The package's one-file build is no module: it declares a variable.
    return new TextEncoder().encode(`${new TextDecoder().decode(bundle)}\nexport const { createClient } = supabase;\n`);
  },
  "uplot.js": async () => {
    await import("uplot");
    return await packageFile("uplot", "../dist/uPlot.esm.js");
  },
  "uplot.css": () => packageFile("uplot", "../dist/uPlot.min.css"),
};

const require = createRequire(import.meta.url);

/** A file of a package that Deno has fetched; the path is relative to the folder of the package's entry. */
async function packageFile(name: string, path: string): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(join(dirname(require.resolve(name)), path));
}

/** @param publishableKey what any client of the project has; it is no secret. */
export function openOpsPage(publishableKey: string): OpsPage {
  // Packages do not change while we run; what lies in the folder may, under who works on it.
  const packages = new Map<string, Promise<Served | null>>();
  const find = (path: string): Promise<Served | null> => {
    const kept = packages.get(path) ?? read(path, publishableKey);
    if (path.startsWith("package/") && path.slice("package/".length) in PACKAGES) packages.set(path, kept);
    return kept;
  };
  return {
    async handle(request: Request): Promise<Response> {
      const { pathname } = new URL(request.url);
      const file = await find(pathname === "/" ? "index.html" : pathname.replace(/^\/ops\//, ""));
      if (!file) return Response.json({ message: "no Route matched with those values" }, { status: 404 });
      const headers = { ...HEADERS, "content-type": file.type, etag: file.etag, ...await policy(file) };
      if (request.headers.get("if-none-match") === file.etag) return new Response(null, { status: 304, headers });
      return new Response(file.body, { headers });
    },
  };
}

/** The page may be shown by nobody else, and asks for nothing but its own. */
const HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-cache",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Scripts and styles of this origin alone, beside the import map, which browsers take inline only: it is named by its digest. */
async function policy({ type, body }: Served): Promise<Record<string, string>> {
  if (type !== TYPES.html) return {};
  const inline = /<script type="importmap">([^<]*)<\/script>/.exec(new TextDecoder().decode(body))?.[1] ?? "";
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(inline)));
  return {
    "content-security-policy": [
      "default-src 'none'",
      `script-src 'self' 'sha256-${digest.toBase64()}'`,
      "style-src 'self'",
      "font-src 'self'",
      "img-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ].join("; "),
  };
}

async function read(path: string, publishableKey: string): Promise<Served | null> {
  const name = /^(?:package\/)?([a-z_]+\.(html|css|js|svg|woff2))$/.exec(path);
  if (!name) return null;
  const body = await bytesOf(path, publishableKey);
  if (!body) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  return { body, type: TYPES[name[2] ?? ""] ?? "text/plain", etag: `"${digest.toHex().slice(0, 32)}"` };
}

async function bytesOf(path: string, publishableKey: string): Promise<Uint8Array<ArrayBuffer> | null> {
  if (path.startsWith("package/")) {
    return (await PACKAGES[path.slice("package/".length)]?.()) ?? null;
  }
  const file = await Deno.readFile(join(FOLDER, path)).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  });
  if (!file || path !== "index.html") return file;
  return new TextEncoder().encode(new TextDecoder().decode(file).replace("PUBLISHABLE_KEY", publishableKey));
}
