/**
 * A small project with functions of its own, for tests of the runtime that they run in.
 *
 * @module
 */
import { type Functions, startFunctions } from "@/supabase/local/functions/functions.ts";

/** The functions of a small project, by name. */
const SOURCES: Record<string, string> = {
  echo: `
    import { Hono } from "hono";
    const app = new Hono().basePath("/echo");
    app.get("/env", (c) => c.json(Deno.env.toObject()));
    app.all("/*", async (c) => c.json({ method: c.req.method, url: c.req.url, body: await c.req.text(), x: c.req.header("x-one") }));
    Deno.serve(app.fetch);`,
  faults: `
    Deno.serve({ onListen() {} }, async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/faults/throw") throw new Error("secret detail");
      if (pathname === "/faults/nothing") return undefined as unknown as Response;
      if (pathname === "/faults/status") return new Response("teapot", { status: 503, headers: { "x-own": "1" } });
      if (pathname === "/faults/empty") return new Response(null, { status: 204, headers: { "x-own": "1" } });
      if (pathname === "/faults/same") return new Response(null, { status: 304 });
      if (pathname === "/faults/moved") return Response.redirect("http://elsewhere.test/", 302);
      if (pathname === "/faults/read") return new Response(await Deno.readTextFile("/etc/hostname"));
      if (pathname === "/faults/exit") setTimeout(() => { throw new Error("uncaught"); });
      if (pathname === "/faults/pid") return new Response(String(Deno.pid));
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      return new Response("late");
    });`,
  streams: `
    let ended = "none";
    Deno.serve(async (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/streams/ended") return new Response(ended);
      if (pathname === "/streams/count") {
        let bytes = 0;
        for await (const chunk of request.body ?? []) bytes += chunk.length;
        return Response.json({ bytes, length: request.headers.get("content-length") });
      }
      if (pathname === "/streams/back") return new Response(request.body);
      request.signal.addEventListener("abort", () => ended = "aborted");
      let timer: ReturnType<typeof setInterval>;
      return new Response(new ReadableStream({
        start(controller) { timer = setInterval(() => controller.enqueue(new TextEncoder().encode("tick\\n")), 50); },
        cancel() { clearInterval(timer); ended = "canceled"; },
      }));
    });`,
  background: `
    declare const EdgeRuntime: { waitUntil<T>(work: Promise<T>): Promise<T> };
    Deno.serve((request) => {
      const target = new URL(request.url).searchParams.get("to") ?? "";
      EdgeRuntime.waitUntil(new Promise((resolve) => setTimeout(resolve, 500)).then(() => fetch(target)));
      return new Response(null, { status: 202 });
    });`,
  broken: `import "./missing.ts"; Deno.serve(() => new Response("never"));`,
  silent: `export const nothing = 1;`,
};

/** A project in a folder of its own. */
export interface FunctionsProject {
  readonly dir: string;
  /** What the functions of `run` wrote, and what was said of them. */
  readonly lines: string[];
  /** Runs the functions while `body` runs. */
  run(body: (functions: Functions) => Promise<void>, options?: { eager?: boolean }): Promise<void>;
  remove(): Promise<void>;
}

/** Makes the project; its packages come from this project's import map and from Deno's cache alone. */
export async function makeFunctionsProject(): Promise<FunctionsProject> {
  const dir = await Deno.makeTempDir({ prefix: "functions, #1 " });
  await Deno.writeTextFile(`${dir}/deno.json`, `{ "importMap": "./import_map.json", "nodeModulesDir": "none" }`);
  await Deno.copyFile("import_map.json", `${dir}/import_map.json`);
  for (const [name, source] of Object.entries(SOURCES)) {
    await Deno.mkdir(`${dir}/functions/${name}`, { recursive: true });
    await Deno.writeTextFile(`${dir}/functions/${name}/index.ts`, source);
  }
  await Deno.mkdir(`${dir}/functions/empty`);
  const lines: string[] = [];
  return {
    dir,
    lines,
    async run(body, options = {}): Promise<void> {
      lines.length = 0;
      const env = { SUPABASE_URL: "http://127.0.0.1:1", SECRET: "s" };
      const log = (line: string): void => void lines.push(line);
      const functions = await startFunctions({ projectDir: dir, env, log, offline: true, ...options });
      try {
        await body(functions);
      } finally {
        await functions.close();
      }
    },
    remove: () => Deno.remove(dir, { recursive: true }),
  };
}

/** Asks `functions` for a path such as `/echo/x?y=1`, as the gateway does. */
export async function ask(functions: Functions, path: string, init?: RequestInit): Promise<Response> {
  const [, name = "", rest = ""] = /^\/([^/?]*)([^?]*)/.exec(path) ?? [];
  return await functions.handle(new Request(`http://api.test:54321${path}`, init), name, rest);
}

/** The process id of the functions' process. */
export async function pidOf(functions: Functions): Promise<number> {
  return Number(await (await ask(functions, "/faults/pid")).text());
}

/** Whether a process runs. */
export function isAlive(pid: number): boolean {
  try {
    // A process that has ended and that nobody has waited for yet is a zombie.
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}
