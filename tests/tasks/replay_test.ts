import { expect } from "expect";
import { lockInstance } from "@/supabase/local/instance/lock.ts";
import { removeStatus, writeStatus } from "@/supabase/local/instance/status.ts";
import { postDelivery, readDeliveries, showRows, showTotal } from "@/tasks/replay.ts";

/** The bodies of a file with this content. */
async function bodiesOf(name: string, content: string | Uint8Array): Promise<string[][]> {
  const folder = await Deno.makeTempDir();
  try {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(`${folder}/${name}`, bytes);
    return (await readDeliveries(`${folder}/${name}`)).map(({ name, body }) => [name, new TextDecoder().decode(body)]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("readDeliveries() takes a body of JSON as one delivery, byte for byte", async () => {
  const pretty = '[\n {"a": 1}\n]\n';
  expect(await bodiesOf("one.json", pretty)).toEqual([["one.json", pretty]]);
  expect(await bodiesOf("poison.json", "{ not json\nat all")).toEqual([["poison.json", "{ not json\nat all"]]);
});

Deno.test("readDeliveries() takes each line of NDJSON as one delivery", async () => {
  const lines = '[{"a":1}]\r\n\n[{"b":2}]';
  expect(await bodiesOf("many.ndjson", lines)).toEqual([["many.ndjson:1", '[{"a":1}]\r'], [
    "many.ndjson:3",
    '[{"b":2}]',
  ]]);
  expect((await bodiesOf("many.json", lines)).length).toBe(2);
  expect((await bodiesOf("damaged.ndjson", "[1]\n{ oops\n")).length).toBe(2);
});

Deno.test("readDeliveries() names the file that it cannot read", async () => {
  await expect(readDeliveries("/nowhere/x.json")).rejects.toThrow("Cannot read /nowhere/x.json");
});

/** Posts one delivery to a webhook with this answer. */
async function post(answer: Response): Promise<{ rows: unknown; body: string; authorization: string | null }> {
  let [body, authorization]: [string, string | null] = ["", null];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    body = await request.text();
    authorization = request.headers.get("authorization");
    return answer;
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const rows = await postDelivery({ name: "f", body: new TextEncoder().encode("[ 1 ]\n") }, url, "the secret");
  await server.shutdown();
  return { rows, body, authorization };
}

Deno.test("postDelivery() posts verbatim and gives each signature's outcome", async () => {
  const results = [{ signature: "abc", outcome: "applied" }, {
    signature: "de",
    outcome: "quarantined",
    code: "bad_amount",
  }];
  const { rows, body, authorization } = await post(Response.json({ received: 2, applied: 1, quarantined: 1, results }));
  expect([body, authorization]).toEqual(["[ 1 ]\n", "the secret"]);
  expect(rows).toEqual([
    { delivery: "f", signature: "abc", outcome: "applied", code: "" },
    { delivery: "f", signature: "de", outcome: "quarantined", code: "bad_amount" },
  ]);
});

Deno.test("postDelivery() shows a refusal with its status and code", async () => {
  const error = { code: "body_too_large", message: "…" };
  const refused = (code: string): unknown => [{ delivery: "f", signature: "-", outcome: "refused", code }];
  expect((await post(Response.json({ error }, { status: 413 }))).rows).toEqual(refused("413 body_too_large"));
  expect((await post(new Response("?", { status: 502 }))).rows).toEqual(refused("502"));
  expect((await post(new Response("ok"))).rows).toEqual(refused("the answer has not the webhook's form"));
  const [row] = await postDelivery({ name: "f", body: new Uint8Array() }, "http://127.0.0.1:1/", "s");
  expect(row?.outcome).toBe("refused");
});

Deno.test("showRows() and showTotal() line up and count", () => {
  const rows = [
    { delivery: "a.json", signature: "5xyz", outcome: "applied", code: "" },
    { delivery: "b.ndjson:12", signature: "-", outcome: "refused", code: "401 bad_secret" },
  ] as const;
  expect(showRows(rows)).toBe([
    "delivery     signature  outcome  code",
    "a.json       5xyz       applied",
    "b.ndjson:12  -          refused  401 bad_secret",
  ].join("\n"));
  expect(showTotal(rows, 2)).toBe("2 deliveries, 1 transaction: 1 applied, 1 refused");
});

/** Runs the task as a user does. */
async function run(...args: string[]): Promise<{ code: number; out: string; error: string }> {
  const task = new URL("../../tasks/replay.ts", import.meta.url).pathname;
  const root = new URL("../../", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", task, ...args],
    cwd: root,
  }).output();
  return { code, out: new TextDecoder().decode(stdout), error: new TextDecoder().decode(stderr) };
}

Deno.test("replay says what is wrong: no instance, no file, an unknown flag", async () => {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/one.json`;
  await Deno.writeTextFile(file, "[]");
  try {
    const [help, idle, none, flag] = await Promise.all([
      run("--help"),
      run(file, "--data-dir", folder),
      run("--data-dir", folder),
      run(file, "--frobnicate"),
    ]);
    expect([help.code, help.out.split("\n")[2]]).toEqual([0, "  deno task replay FILE... [--data-dir DIR] [--quiet]"]);
    expect([idle.code, idle.error]).toEqual([1, `Vaultbook does not run on ${folder}\n`]);
    expect([none.code, none.error.split("\n")[0]]).toEqual([2, "No file given"]);
    expect(flag.code).toBe(2);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("replay posts to the instance of the data folder, and fails when something is quarantined", async () => {
  const folder = await Deno.makeTempDir();
  const asked: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    asked.push(`${request.method} ${new URL(request.url).pathname} ${request.headers.get("authorization")}`);
    const outcome = (await request.text()).includes("poison") ? "quarantined" : "applied";
    return Response.json({ results: [{ signature: "sig", outcome }] });
  });
  const lock = await lockInstance(`${folder}/data`);
  try {
    await writeStatus(`${folder}/data`, statusOf(`http://127.0.0.1:${server.addr.port}`));
    await Deno.writeTextFile(`${folder}/good.json`, "[]");
    await Deno.writeTextFile(`${folder}/bad.json`, "poison");
    const good = await run(`${folder}/good.json`, "--data-dir", `${folder}/data`);
    expect([good.code, good.out.split("\n").at(-2)]).toEqual([0, "1 delivery, 1 transaction: 1 applied"]);
    expect(asked).toEqual(["POST /functions/v1/api/webhooks/helius the secret"]);
    const bad = await run(`${folder}/good.json`, `${folder}/bad.json`, "--data-dir", `${folder}/data`);
    expect([bad.code, bad.out.split("\n").at(-2)]).toEqual([
      1,
      "2 deliveries, 2 transactions: 1 applied, 1 quarantined",
    ]);
    await removeStatus(`${folder}/data`);
    expect((await run(`${folder}/good.json`, "--data-dir", `${folder}/data`)).error).toContain("is still starting");
  } finally {
    lock.release();
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  }
});

/** The status of an instance whose gateway is this process's server. */
function statusOf(url: string): Parameters<typeof writeStatus>[1] {
  return {
    API_URL: url,
    DB_URL: "",
    FUNCTIONS_URL: `${url}/functions/v1`,
    REALTIME_URL: "",
    PUBLISHABLE_KEY: "",
    SECRET_KEY: "",
    JWKS_URL: "",
    HELIUS_WEBHOOK_SECRET: "the secret",
    CRON_SECRET: "",
    SOLANA_RPC_URL: "",
    VAULT_PROGRAM_ID: "",
    PID: Deno.pid,
  };
}
