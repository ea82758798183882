import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { expect } from "expect";
import { type Platform, startPlatform } from "@/supabase/local/platform.ts";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";
import { disconnect } from "./realtime_fixture.ts";
import { newSigningKey } from "./running_auth.ts";
import { eventually } from "./support/eventually.ts";
import { type FunctionsProject, makeFunctionsProject } from "./support/functions_project.ts";

const PUBLISHABLE = "sb_publishable_gateway";
const SECRET = "sb_secret_gateway";

let database: TestDatabase;
let project: FunctionsProject;
/** The platform of the present test, and what it logged. */
let platform: Platform;
let lines: string[];

Deno.test.beforeAll(async () => {
  database = await openTestDatabase({ migrated: false });
  project = await makeFunctionsProject();
  await database.admin.unsafe(`
    create table public.notes (id bigint generated always as identity primary key, text text not null);
    grant select on public.notes to anon, authenticated, service_role;
    grant insert on public.notes to service_role;
    alter table public.notes enable row level security;
    create policy "signed in users read" on public.notes for select to authenticated using (true);
    insert into public.notes (text) values ('one'), ('two')`).simple();
});

Deno.test.beforeEach(async () => {
  lines = [];
  platform = await start(0);
});

Deno.test.afterEach(async () => {
  await platform.close();
});

Deno.test.afterAll(async () => {
  await project.remove();
  await database.close();
});

async function start(port: number): Promise<Platform> {
  return await startPlatform({
    adminUrl: database.adminUrl,
    authenticatorUrl: database.authenticatorUrl,
    functionsDatabaseUrl: database.url,
    host: "127.0.0.1",
    port,
    secrets: { publishable: PUBLISHABLE, secret: SECRET, signingKey: await newSigningKey("gateway") },
    projectDir: project.dir,
    functionsEnv: { CRON_SECRET: "hush", SUPABASE_URL: "http://not.this" },
    siteUrl: "http://localhost:3000",
    redirectUrls: [],
    jobs: { cron: true, net: true },
    log: (line) => lines.push(line),
    offlineFunctions: true,
  });
}

async function ask(path: string, init: RequestInit = {}): Promise<{ status: number; headers: Headers; body: string }> {
  const response = await fetch(platform.url + path, { redirect: "manual", ...init });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

function client(key: string): SupabaseClient {
  return createClient(platform.url, key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { fetch: fetchWhole },
    realtime: { fetch: fetchWhole },
  });
}

/** supabase-js leaves bodies unread, which the test runner calls a leak. */
async function fetchWhole(...request: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...request);
  return new Response(await response.text() || null, response);
}

Deno.test("the gateway serves REST, Auth and functions to supabase-js", async () => {
  const user = client(PUBLISHABLE);
  expect((await user.from("notes").select("text")).data).toEqual([]);
  const signedUp = await user.auth.signUp({ email: "ann@example.test", password: "correct horse" });
  expect(signedUp.error).toBeNull();
  const notes = await user.from("notes").select("text", { count: "exact" }).order("id");
  expect([notes.count, notes.data]).toEqual([2, [{ text: "one" }, { text: "two" }]]);
  expect((await user.from("notes").insert({ text: "three" })).error?.code).toBe("42501");
  expect((await client(SECRET).from("notes").insert({ text: "three" })).error).toBeNull();
  const echoed = await user.functions.invoke("echo/deep/path", { body: { a: 1 }, headers: { "x-one": "1" } });
  expect(echoed.data).toEqual({ method: "POST", url: `${platform.url}/echo/deep/path`, body: '{"a":1}', x: "1" });
});

Deno.test("the gateway serves Realtime's sockets and its broadcasts over HTTP", async () => {
  const listener = client(PUBLISHABLE);
  const heard: unknown[] = [];
  const channel = listener.channel("room").on("broadcast", { event: "hello" }, ({ payload }) => heard.push(payload));
  const joined = Promise.withResolvers<string>();
  channel.subscribe((status) => joined.resolve(status));
  expect(await joined.promise).toBe("SUBSCRIBED");
  const sender = client(SECRET).channel("room");
  await sender.httpSend("hello", { from: "http" });
  await eventually("the message", () => heard.length > 0);
  expect(heard[0]).toMatchObject({ from: "http" });
  await disconnect(listener);
});

Deno.test("the gateway gives functions the environment that hosted ones have", async () => {
  const { body } = await ask("/functions/v1/echo/env");
  const env = JSON.parse(body);
  expect(env).toMatchObject({
    CRON_SECRET: "hush",
    SUPABASE_URL: platform.url,
    SUPABASE_DB_URL: database.url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: PUBLISHABLE }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: SECRET }),
  });
  const published = JSON.parse((await ask("/auth/v1/.well-known/jwks.json")).body);
  expect(JSON.parse(env.SUPABASE_JWKS)).toEqual(published);
});

Deno.test("the gateway refuses requests without a known key, in the words of the hosted one", async () => {
  const missing = {
    message: "No API key found in request",
    hint: "No `apikey` request header or url param was found.",
  };
  for (const path of ["/rest/v1/notes", "/auth/v1/settings", "/auth/v1/user", "/realtime/v1/api/broadcast"]) {
    const { status, body, headers } = await ask(path);
    expect([path, status, JSON.parse(body)]).toEqual([path, 401, missing]);
    expect(headers.get("access-control-allow-origin")).toBe("*");
  }
  const wrong = await ask("/rest/v1/notes", { headers: { apikey: "sb_publishable_other" } });
  expect([wrong.status, JSON.parse(wrong.body).message]).toEqual([401, "Invalid API key"]);
  const token = await ask("/rest/v1/notes", { headers: { apikey: PUBLISHABLE, authorization: "Bearer a.b.c" } });
  expect([token.status, JSON.parse(token.body).code]).toEqual([401, "PGRST301"]);
  expect((await ask("/rest/v1/notes?apikey=" + PUBLISHABLE)).status).toBe(200);
  expect((await ask("/realtime/v1/websocket?apikey=nothing")).status).toBe(401);
});

Deno.test("the gateway answers preflights with what they ask for, but leaves those for functions to the function", async () => {
  const headers = {
    origin: "https://app.test",
    "access-control-request-method": "POST",
    "access-control-request-headers": "apikey, x-client-info",
  };
  for (const path of ["/rest/v1/notes", "/auth/v1/token", "/nowhere"]) {
    const preflight = await ask(path, { method: "OPTIONS", headers });
    expect([path, preflight.status, preflight.headers.get("access-control-allow-headers")])
      .toEqual([path, 200, "apikey, x-client-info"]);
    expect(preflight.headers.get("access-control-allow-methods")).toContain("PATCH");
  }
  const ofFunction = await ask("/functions/v1/echo/x", { method: "OPTIONS", headers });
  expect(JSON.parse(ofFunction.body).method).toBe("OPTIONS");
  expect(ofFunction.headers.get("access-control-allow-origin")).toBeNull();
  const read = await ask("/rest/v1/notes", { headers: { apikey: PUBLISHABLE, origin: "https://app.test" } });
  expect(read.headers.get("access-control-allow-origin")).toBe("*");
  expect(read.headers.get("access-control-expose-headers")).toContain("content-range");
});

Deno.test("the gateway answers / and refuses paths that it does not know", async () => {
  const index = await ask("/");
  expect([index.status, index.headers.get("content-type")]).toEqual([200, "text/plain;charset=UTF-8"]);
  for (const path of ["/x", "/rest/v2/notes", "/rest", "/functions", "/storage/v1/bucket", "/realtime/v1"]) {
    const { status, body } = await ask(path);
    expect([path, status, body]).toEqual([path, 404, '{"message":"no Route matched with those values"}']);
  }
  const missing = await ask("/functions/v1/missing/x");
  expect([missing.status, missing.body])
    .toEqual([404, '{"code":"NOT_FOUND","message":"Requested function was not found"}']);
  expect((await ask("/functions/v1/")).status).toBe(404);
});

Deno.test("the gateway never answers 500 to a malformed request", async () => {
  const key = { apikey: PUBLISHABLE };
  const json = { ...key, "content-type": "application/json" };
  const requests: [string, RequestInit][] = [
    ["/rest/v1/%E0%A4%A", { headers: key }],
    ["/rest/v1/notes?id=eq.%E0%A4%A", { headers: key }],
    ["/rest/v1/notes?select=(((", { headers: key }],
    ["/rest/v1/notes", { method: "POST", headers: json, body: "{" }],
    ["/rest/v1/rpc/", { method: "POST", headers: json, body: "\0" }],
    ["/auth/v1/token?grant_type=password", { method: "POST", headers: json, body: "[" }],
    ["/auth/v1/token?grant_type=%00", { method: "POST", headers: json, body: "null" }],
    ["/auth/v1/admin/users/%E0%A4%A", { headers: { apikey: SECRET } }],
    ["/realtime/v1/api/broadcast/%E0%A4%A/events/x", { method: "POST", headers: json, body: "{}" }],
    ["/realtime/v1/api/broadcast", { method: "POST", headers: json, body: '{"messages":[null]}' }],
    ["/realtime/v1/websocket", { headers: key }],
    ["/functions/v1/%E0%A4%A/x", {}],
    ["/functions/v1/..%2f..%2fetc/passwd", {}],
    ["/functions/v1/echo/%E0%A4%A", {}],
    ["//rest/v1//notes", { headers: key }],
  ];
  for (const [path, init] of requests) {
    const { status, body } = await ask(path, init);
    expect({ path, status, body, isServerError: status >= 500 }).toMatchObject({ path, isServerError: false });
  }
  expect(lines.filter((line) => / failed: /.test(line))).toEqual([]);
});

Deno.test("the gateway streams bodies to and from functions", async () => {
  const chunk = new Uint8Array(1 << 20).fill(7);
  let left = 20;
  const body = new ReadableStream({
    pull(controller): void {
      if (left-- > 0) controller.enqueue(chunk);
      else controller.close();
    },
  });
  const returned = await fetch(`${platform.url}/functions/v1/streams/back`, { method: "POST", body });
  let bytes = 0;
  for await (const part of returned.body ?? []) bytes += part.length;
  expect([returned.status, bytes]).toEqual([200, 20 << 20]);
});

Deno.test("a job of pg_cron calls a function through pg_net, with a secret from the vault", async () => {
  const url = `${platform.url}/functions/v1/echo/cron`;
  await database.admin`select vault.create_secret('hush', 'cron_secret')`;
  await database.admin`
    select cron.schedule('t', '1 seconds', ${`
      select net.http_post(
        '${url}', '{"job": "t"}',
        headers := jsonb_build_object('x-one', (select decrypted_secret from vault.decrypted_secrets where name = 'cron_secret')),
        timeout_milliseconds := 3000)`})`;
  const [response] = await eventually("the response", async () => {
    const rows = await database
      .admin`select status_code, content from net._http_response where status_code is not null`;
    return rows.length > 0 && rows;
  });
  expect(response?.status_code).toBe(200);
  expect(JSON.parse(response?.content)).toEqual({
    method: "POST",
    url: `${platform.url}/echo/cron`,
    body: '{"job": "t"}',
    x: "hush",
  });
  const [run] = await eventually("the run", async () => {
    const rows = await database
      .admin`select status, return_message from cron.job_run_details where status <> 'running'`;
    return rows.length > 0 && rows;
  });
  expect(run).toEqual({ status: "succeeded", return_message: "1 row" });
  await database.admin`select cron.unschedule('t')`;
});

Deno.test("startPlatform() closes what it opened when one part does not come up", async () => {
  const sessions = async (): Promise<number> =>
    (await database.admin`select from pg_stat_activity where datname = current_database()`).length;
  const before = await sessions();
  await expect(start(platform.port)).rejects.toThrow(Deno.errors.AddrInUse);
  await eventually("its sessions' end", async () => await sessions() <= before);
});

Deno.test("close() ends a platform with open sockets and endless answers in good time", async () => {
  const other = await start(0);
  const socket = new WebSocket(
    `${other.url.replace("http", "ws")}/realtime/v1/websocket?apikey=${PUBLISHABLE}&vsn=2.0.0`,
  );
  await new Promise((resolve) => socket.onopen = resolve);
  const closed = new Promise((resolve) => socket.onclose = resolve);
  const endless = await fetch(`${other.url}/functions/v1/streams/endless`);
  const reader = endless.body?.getReader();
  await reader?.read();
  const started = performance.now();
  await other.close();
  await closed;
  await expect((async (): Promise<void> => {
    while (!(await reader?.read())?.done);
    throw new Error("ended");
  })()).rejects.toThrow();
  expect(performance.now() - started).toBeLessThan(7000);
});
