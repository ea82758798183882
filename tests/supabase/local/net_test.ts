import { expect } from "expect";
import postgres, { type Sql } from "postgres";
import { startJobs } from "@/supabase/local/jobs/jobs.ts";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";
import { eventually } from "./support/eventually.ts";

let database: TestDatabase;
let owner: Sql;
let server: Deno.HttpServer<Deno.NetAddr>;
let url: string;
/** What the server has been asked, in order. */
let seen: { method: string; path: string; headers: Record<string, string>; body: string }[] = [];

Deno.test.beforeAll(async () => {
  database = await openTestDatabase({ migrated: false });
  owner = postgres(database.url, { max: 1, onnotice: () => {} });
  await Promise.all([owner`select 1`, database.admin`select 1`]);
  server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, answer);
  url = `http://127.0.0.1:${server.addr.port}`;
});

Deno.test.beforeEach(async () => {
  await database.admin`truncate net.http_request_queue, net._http_response`;
  seen = [];
});

Deno.test.afterAll(async () => {
  await server.shutdown();
  await owner.end();
  await database.close();
});

async function answer(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const body = await request.text();
  seen.push({ method: request.method, path: pathname + search, headers: Object.fromEntries(request.headers), body });
  if (pathname === "/slow") await pause(700, request.signal);
  if (pathname === "/fail") return new Response("broken", { status: 500 });
  if (pathname === "/empty") return new Response(null, { status: 204 });
  if (pathname === "/moved") return Response.redirect(`${url}/here`, 302);
  if (pathname === "/zero") return new Response("before\0after");
  return Response.json({ ok: true });
}

/** Waits for a while, or until the client hangs up. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** How many sessions workers have. */
async function sessions(): Promise<number> {
  return (await database.admin`
    select from pg_stat_activity where datname = current_database() and application_name like 'pg_net%'`).length;
}

async function whileSending(body: () => Promise<void>): Promise<string[]> {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const jobs = await startJobs({ adminUrl: database.adminUrl, cron: false, net: true, log });
  try {
    await body();
  } finally {
    await jobs.close();
  }
  await eventually("its sessions' end", async () => await sessions() === 0);
  return lines;
}

type StoredResponse = {
  status_code: number | null;
  content_type: string | null;
  headers: Record<string, string> | null;
  content: string | null;
  timed_out: boolean;
  error_msg: string | null;
};

/** The response to a request, once it is there. */
async function responseTo(id: unknown): Promise<StoredResponse> {
  return await eventually(`the response to request ${id}`, async () => {
    const [row] = await owner<StoredResponse[]>`
      select status_code, content_type, headers, content, timed_out, error_msg from net._http_response where id = ${
      String(id)
    }`;
    return row;
  });
}

/** Runs one statement that queues a request; gives the request's id. */
async function queue(statement: string): Promise<string> {
  const [row] = await owner.unsafe(statement);
  return String(row?.id);
}

Deno.test("net.http_post() sends its JSON body and stores the response", async () => {
  await whileSending(async () => {
    const id = await queue(`select net.http_post('${url}/in', '{"a": [1, "é"]}', headers := '{"x-one": "1"}') as id`);
    const response = await responseTo(id);
    expect(response).toMatchObject({
      status_code: 200,
      content_type: "application/json",
      content: '{"ok":true}',
      timed_out: false,
      error_msg: null,
    });
    expect(response.headers?.["content-type"]).toBe("application/json");
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ method: "POST", path: "/in", body: '{"a": [1, "é"]}' });
    expect(seen[0]?.headers).toMatchObject({
      "content-type": "application/json",
      "x-one": "1",
      "user-agent": "pg_net/0.20.4",
      "accept": "*/*",
    });
    expect(await owner`select from net.http_request_queue`).toHaveLength(0);
    const [collected] = await owner`select * from net._http_collect_response(${id})`;
    expect(collected).toMatchObject({ status: "SUCCESS", message: "ok" });
  });
});

Deno.test("net.http_get() and net.http_delete() append their parameters to the URL", async () => {
  await whileSending(async () => {
    const get = await queue(`select net.http_get('${url}/a?b=1#c', '{"q r": "1&2", "ü": "x"}') as id`);
    await responseTo(get);
    await responseTo(await queue(`select net.http_delete('${url}', '{"id": "7"}', body := '{"why": 1}') as id`));
    expect(seen.map(({ method, path, body }) => [method, path, body])).toEqual([
      ["GET", "/a?b=1&%C3%BC=x&q%20r=1%262", ""],
      ["DELETE", "/?id=7", '{"why": 1}'],
    ]);
  });
});

Deno.test("net.http_post() sends nothing when its transaction is rolled back, nor before it commits", async () => {
  await whileSending(async () => {
    await owner.begin(async (sql) => {
      await sql`select net.http_post(${`${url}/rolled-back`})`;
      throw new Error("roll back");
    }).catch(() => {});
    await owner.begin(async (sql) => {
      await sql`select net.http_post(${`${url}/committed`})`;
      await new Promise((resolve) => setTimeout(resolve, 1300));
      expect(seen).toEqual([]);
    });
    await eventually("the request", () => seen.length > 0, 1000);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(seen.map(({ path }) => path)).toEqual(["/committed"]);
  });
});

Deno.test("net.http_post() leaves a header out whose value is NULL", async () => {
  await whileSending(async () => {
    const headers = "jsonb_build_object('x-secret', null, 'x-empty', '', 'x-kept', 'k')";
    await responseTo(await queue(`select net.http_post('${url}', headers := ${headers}) as id`));
    expect(Object.keys(seen[0]?.headers ?? {}).filter((name) => name.startsWith("x-"))).toEqual(["x-kept"]);
  });
});

Deno.test("net.http_post() refuses a NULL url, a bad url and another content type", async () => {
  const message = async (statement: string): Promise<string> => {
    const error = await owner.unsafe(statement).then(() => undefined, (error: Error) => error);
    return error?.message ?? "was not refused";
  };
  expect(await message("select net.http_post(null)")).toMatch(/^null value in column "url"/);
  expect(await message("select net.http_get('localhost:80')")).toBe("Unsupported URL scheme");
  expect(await message("select net.http_get('/path')")).toBe("URL using bad/illegal format or missing URL");
  expect(await message(`select net.http_post('${url}', headers := '{"content-type": "text/plain"}')`))
    .toBe('Content-Type header must be "application/json"');
});

Deno.test("a response row says what went wrong, as pg_net does", async () => {
  const unused = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const closedPort = unused.addr.port;
  unused.close();
  const silent = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const hangUp = (async (): Promise<void> => {
    for await (const connection of silent) connection.close();
  })();
  await whileSending(async () => {
    const ids = {
      slow: await queue(`select net.http_get('${url}/slow', timeout_milliseconds := 200) as id`),
      failed: await queue(`select net.http_get('${url}/fail') as id`),
      empty: await queue(`select net.http_get('${url}/empty') as id`),
      moved: await queue(`select net.http_get('${url}/moved') as id`),
      zero: await queue(`select net.http_get('${url}/zero') as id`),
      refused: await queue(`select net.http_get('http://127.0.0.1:${closedPort}') as id`),
      silent: await queue(`select net.http_get('http://127.0.0.1:${silent.addr.port}') as id`),
      unknown: await queue(`select net.http_get('http://no-such-host.invalid') as id`),
      ftp: await queue(`select net.http_get('ftp://127.0.0.1/x') as id`),
    };
    const none = { status_code: null, content_type: null, headers: null, content: null, timed_out: false };
    const slow = await responseTo(ids.slow);
    expect(slow).toMatchObject({ ...none, timed_out: true });
    expect(slow.error_msg).toMatch(
      /^Timeout of 200 ms reached\. Total time: \d+\.\d{6} ms \(DNS time: .* ms, HTTP Request\/Response time: .* ms\)$/,
    );
    expect(await responseTo(ids.failed)).toMatchObject({ status_code: 500, content: "broken", error_msg: null });
    expect(await responseTo(ids.empty)).toMatchObject({ status_code: 204, content: null, content_type: null });
    expect(await responseTo(ids.moved)).toMatchObject({ status_code: 200, content: '{"ok":true}' });
    expect(await responseTo(ids.zero)).toMatchObject({ status_code: 200, content: "before" });
    expect(await responseTo(ids.refused)).toEqual({ ...none, error_msg: "Couldn't connect to server" });
    expect(await responseTo(ids.silent)).toEqual({
      ...none,
      error_msg: "Server returned nothing (no headers, no data)",
    });
    expect(await responseTo(ids.unknown)).toEqual({ ...none, error_msg: "Couldn't resolve host name" });
    expect(await responseTo(ids.ftp)).toEqual({ ...none, error_msg: "Unsupported protocol" });
    const [collected] = await owner`select status, message from net._http_collect_response(${ids.ftp})`;
    expect(collected).toEqual({ status: "ERROR", message: "Unsupported protocol" });
  });
  silent.close();
  await hangUp.catch(() => {});
});

Deno.test("startJobs() hears of a commit at once, without waiting to look again", async () => {
  await whileSending(async () => {
    const started = performance.now();
    for (let i = 0; i < 5; i++) await responseTo(await queue(`select net.http_get('${url}') as id`));
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

Deno.test("startJobs() keeps a batch together: its responses appear when the slowest is done", async () => {
  await whileSending(async () => {
    await owner`select net.http_get(${`${url}/slow`}), net.http_get(${`${url}/fast`})`;
    await eventually("both requests", () => seen.length === 2);
    expect(await owner`select from net._http_response`).toHaveLength(0);
    await eventually("both responses", async () => (await owner`select from net._http_response`).length === 2);
  });
});

Deno.test("startJobs() takes rows that were put into the queue by hand, 200 at a time", async () => {
  await owner`insert into net.http_request_queue (method, url, timeout_milliseconds)
              select 'GET', ${`${url}/n`} || n, 5000 from generate_series(1, 450) as n`;
  await whileSending(async () => {
    await eventually("all responses", async () => (await owner`select from net._http_response`).length === 450, 10_000);
    const batches =
      await owner`select count(*)::integer as n from net._http_response group by created order by created`;
    expect(batches.map(({ n }) => n)).toEqual([200, 200, 50]);
  });
});

Deno.test("startJobs() drops responses that are older than six hours", async () => {
  await database.admin`insert into net._http_response (id, created)
                       values (-1, now() - interval '6 hours 1 minute'), (-2, now() - interval '5 hours 59 minutes')`;
  await whileSending(async () => {
    await responseTo(await queue(`select net.http_get('${url}') as id`));
    const left = await owner`select id from net._http_response where id < 0`;
    expect([...left]).toEqual([{ id: "-2" }]);
  });
});

Deno.test("startJobs() sends again what its end or a lost connection cut short", async () => {
  let id = "";
  await whileSending(async () => {
    id = await queue(`select net.http_get('${url}/slow') as id`);
    await eventually("the request", () => seen.length === 1);
  });
  expect(await owner`select from net.http_request_queue`).toHaveLength(1);
  const lines = await whileSending(async () => {
    await eventually("the request again", () => seen.length === 2);
    await database.admin`
      select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name like 'pg_net%'`;
    expect(await responseTo(id)).toMatchObject({ status_code: 200 });
    await responseTo(await queue(`select net.http_get('${url}') as id`));
  });
  expect(seen).toHaveLength(4);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^pg_net: cannot work on the queue/);
});

Deno.test("net.check_worker_is_up() raises exactly while no worker runs", async () => {
  const problem = await owner`select net.check_worker_is_up()`.then(() => undefined, (error: Error) => error.message);
  expect(problem).toBe("the pg_net background worker is not up");
  await whileSending(async () => {
    await owner`select net.wait_until_running(), net.check_worker_is_up(), net.worker_restart()`;
  });
});
