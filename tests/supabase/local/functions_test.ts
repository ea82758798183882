import { expect } from "expect";
import { eventually } from "./support/eventually.ts";
import { ask, type FunctionsProject, makeFunctionsProject } from "./support/functions_project.ts";

let project: FunctionsProject;

Deno.test.beforeAll(async () => {
  project = await makeFunctionsProject();
});

Deno.test.afterAll(async () => {
  await project.remove();
});

Deno.test("startFunctions() serves each folder that holds an index.ts, under its name", async () => {
  await project.run(async (functions) => {
    expect(functions.names).toEqual(["background", "broken", "echo", "faults", "silent", "streams"]);
    const response = await ask(functions, "/echo/a%20b/c?q=1&q=2", {
      method: "PUT",
      body: "é",
      headers: { "x-one": "1" },
    });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      method: "PUT",
      url: "http://api.test:54321/echo/a%20b/c?q=1&q=2",
      body: "é",
      x: "1",
    });
  });
});

Deno.test("startFunctions() gives functions the environment they are given and nothing else", async () => {
  await project.run(async (functions) => {
    const response = await ask(functions, "/echo/env");
    expect(await response.json()).toEqual({ SUPABASE_URL: "http://127.0.0.1:1", SECRET: "s" });
  });
});

Deno.test("startFunctions() answers for functions that cannot, with the edge runtime's codes", async () => {
  await project.run(async (functions) => {
    const read = async (path: string): Promise<[number, unknown, string | null]> => {
      const response = await ask(functions, path);
      const text = await response.text();
      const body = response.headers.get("content-type") === "application/json" ? JSON.parse(text) : text;
      return [response.status, body, response.headers.get("sb-error-code")];
    };
    const notFound = { code: "NOT_FOUND", message: "Requested function was not found" };
    for (const path of ["/missing", "/empty/x", "/", "/..%2fecho/x", "/deno.json"]) {
      expect([path, ...await read(path)]).toEqual([path, 404, notFound, "NOT_FOUND"]);
    }
    const boot = { code: "BOOT_ERROR", message: "Function failed to start (please check logs)" };
    expect(await read("/broken/x")).toEqual([503, boot, "BOOT_ERROR"]);
    expect(await read("/silent")).toEqual([503, boot, "BOOT_ERROR"]);
    expect(await read("/faults/throw")).toEqual([500, "Internal Server Error", "EDGE_FUNCTION_ERROR"]);
    expect(await read("/faults/nothing")).toEqual([500, "Internal Server Error", "EDGE_FUNCTION_ERROR"]);
    expect(await read("/faults/status")).toEqual([503, "teapot", "EDGE_FUNCTION_ERROR"]);
    expect(await read("/faults/read")).toEqual([500, "Internal Server Error", "EDGE_FUNCTION_ERROR"]);
    await eventually("the log", () => project.lines.some((line) => line.includes("secret detail")));
    expect(project.lines.join("\n")).toMatch(/faults failed on GET \/faults\/throw: Error: secret detail/);
    expect(project.lines.join("\n")).toMatch(/silent failed to start: Error: its module does not call Deno\.serve/);
    expect(project.lines.join("\n")).toMatch(/broken failed to start: .*missing\.ts/);
    expect(project.lines.join("\n")).toMatch(/NotCapable: Requires read access to "\/etc\/hostname"/);
  });
});

Deno.test("startFunctions() imports every function at once when it is told to be eager", async () => {
  await project.run(async () => {
    await eventually("the log", () => project.lines.some((line) => line.includes("silent failed to start")));
  }, { eager: true });
});

Deno.test("handle() passes answers without a body on", async () => {
  await project.run(async (functions) => {
    const empty = await ask(functions, "/faults/empty");
    expect([empty.status, empty.body, empty.headers.get("x-own")]).toEqual([204, null, "1"]);
    expect((await ask(functions, "/faults/same")).status).toBe(304);
    const head = await ask(functions, "/echo/x", { method: "HEAD" });
    expect([head.status, await head.text(), head.headers.get("content-type")]).toEqual([200, "", "application/json"]);
  });
});

Deno.test("handle() passes redirects on", async () => {
  await project.run(async (functions) => {
    const response = await ask(functions, "/faults/moved");
    expect([response.status, response.headers.get("location")]).toEqual([302, "http://elsewhere.test/"]);
    await response.body?.cancel();
  });
});

/** So many bytes, made as they are read. */
function bytes(megabytes: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = megabytes;
  return new ReadableStream({
    pull(controller): void {
      if (left-- > 0) controller.enqueue(new Uint8Array(1 << 20).fill(left));
      else controller.close();
    },
  });
}

Deno.test("handle() streams 20 MB in and 20 MB out", async () => {
  await project.run(async (functions) => {
    const counted = await ask(functions, "/streams/count", { method: "POST", body: bytes(20) });
    expect(await counted.json()).toEqual({ bytes: 20 << 20, length: null });
    const sized = await ask(functions, "/streams/count", {
      method: "POST",
      body: new Uint8Array(20 << 20),
      headers: { "content-length": String(20 << 20) },
    });
    expect(await sized.json()).toEqual({ bytes: 20 << 20, length: String(20 << 20) });
    const returned = await ask(functions, "/streams/back", { method: "POST", body: bytes(20) });
    const digest = async (data: ArrayBuffer): Promise<string> =>
      new Uint8Array(await crypto.subtle.digest("SHA-256", data)).toHex();
    expect(await digest(await returned.arrayBuffer())).toBe(await digest(await new Response(bytes(20)).arrayBuffer()));
  });
});

Deno.test("handle() gives the beginning of a body before its end is there", async () => {
  await project.run(async (functions) => {
    const pass = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>();
    const writer = pass.writable.getWriter();
    const asked = ask(functions, "/streams/back", { method: "POST", body: pass.readable });
    writer.write(new TextEncoder().encode("one")).catch(() => {});
    const reader = (await asked).body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("one");
    writer.write(new TextEncoder().encode("two")).catch(() => {});
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("two");
    await writer.close();
    expect((await reader?.read())?.done).toBe(true);
  });
});

Deno.test("handle() tells the function when the client has gone", async () => {
  await project.run(async (functions) => {
    const client = new AbortController();
    const response = await ask(functions, "/streams/endless", { signal: client.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    client.abort();
    await reader?.cancel().catch(() => {});
    await eventually("the function to hear of it", async () => {
      const state = await (await ask(functions, "/streams/ended")).text();
      return state !== "none" && state;
    });
  });
});
