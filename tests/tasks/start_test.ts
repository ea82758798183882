import { createClient } from "@supabase/supabase-js";
import { expect } from "expect";
import postgres from "postgres";
import { PROJECT, type Running, runProjectTask, startRunning } from "@/tests/support/running_instance.ts";
import { eventually } from "@/tests/supabase/local/support/eventually.ts";

/** Runs a test with a data folder that is gone afterwards, and nothing left running on it. */
function folderTest(
  name: string,
  run: (dir: string, start: (...args: string[]) => Promise<Running>) => Promise<void>,
): void {
  Deno.test(name, async () => {
    const dir = await Deno.makeTempDir({ prefix: "vaultbook-" });
    // PostgreSQL, which does not run as root, must get through.
    await Deno.chmod(dir, 0o711);
    const running: Running[] = [];
    try {
      await run(dir, async (...args) => {
        const instance = await startRunning(dir, ...args);
        running.push(instance);
        return instance;
      });
    } finally {
      for (const instance of running) await instance.killTree();
      await runProjectTask("stop", "--data-dir", dir);
      await Deno.remove(dir, { recursive: true });
    }
  });
}

/** The first of four free ports in a row, below those that the system gives to outgoing connections. */
function fourPorts(): number {
  for (;;) {
    const first = 20_000 + 4 * Math.floor(Math.random() * 2_500);
    try {
      for (let port = first; port < first + 4; port++) Deno.listen({ hostname: "127.0.0.1", port }).close();
      return first;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/** Flags for ports of a test's own, away from those of an instance that a developer has running. */
function ports(first: number = fourPorts()): string[] {
  return ["--port", String(first), "--db-port", String(first + 1)];
}

/** Writes a row into the ledger as only a superuser can, with the guard off. */
async function plantRow(dir: string): Promise<void> {
  const { databasePasswords: { admin } } = JSON.parse(await Deno.readTextFile(`${dir}/secrets.json`));
  const { DB_URL } = JSON.parse((await runProjectTask("status", "-o", "json", "--quiet", "--data-dir", dir)).stdout);
  const url = new URL(DB_URL);
  url.username = "supabase_admin";
  url.password = admin;
  const sql = postgres(url.href, { max: 1, onnotice: () => {} });
  await sql.unsafe(`
    alter table public.transactions disable trigger transactions_append_only;
    insert into public.transactions
      (vault_owner, transaction_type, amount, signature, status, balance_before, balance_after, confirmed_at, slot,
       transaction_index, event_index, total_after, locked_after)
    select owner, 'deposit', 0, repeat('1', 88), 'confirmed', 0, 0, now(), 1, 0, 0, 0, 0 from public.vaults limit 1;
    alter table public.transactions enable always trigger transactions_append_only;`).simple();
  await sql.end();
}

const count = async (url: string, query: string): Promise<number> => {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const [row] = await sql.unsafe(query);
    return Number(row?.count);
  } finally {
    await sql.end();
  }
};

folderTest("start brings everything up, and what it prints to try works when pasted", async (dir, start) => {
  const instance = await start(...ports());
  const { status } = instance;
  expect(Object.keys(status)).toEqual([
    ...["API_URL", "DB_URL", "FUNCTIONS_URL", "REALTIME_URL", "PUBLISHABLE_KEY", "SECRET_KEY", "JWKS_URL"],
    ...["HELIUS_WEBHOOK_SECRET", "CRON_SECRET", "SOLANA_RPC_URL", "VAULT_PROGRAM_ID", "PID"],
  ]);
  const { email, password } = JSON.parse(await Deno.readTextFile(`${dir}/operator.json`));
  expect(instance.printed()).toContain(
    `Ops page  ${status.API_URL}/\n            sign in as ${email} with ${password}\n`,
  );
  const commands = instance.printed().replaceAll("\\\n", " ").split("\n").map((line) => line.trim());
  const shell = async (start: string): Promise<string> => {
    const command = (commands.find((line) => line.startsWith(start)) ?? "").replace(
      "npx -y deno",
      `timeout 15 ${Deno.execPath()}`,
    );
    const { stdout } = await new Deno.Command("bash", {
      args: ["-c", command],
      cwd: PROJECT,
      stdout: "piped",
      stderr: "null",
    }).output();
    return new TextDecoder().decode(stdout);
  };
  expect(JSON.parse(await shell("curl -s http"))).toMatchObject({ status: "ok" });
  expect(JSON.parse(await shell("curl -s 'http"))).toHaveLength(5);
  const app = await shell("npx -y deno run -A examples/own_vault.ts");
  expect(app).toMatch(/My vault: \[\s+\{\s+total_balance: "[0-9]+"/);
  expect(app).toContain("Listening to my vault: SUBSCRIBED");
  expect((await runProjectTask("verify", "--data-dir", dir)).code).toBe(0);
  const rebuilt = await runProjectTask("rebuild", "--data-dir", dir);
  expect([rebuilt.code, rebuilt.stdout]).toEqual([
    0,
    expect.stringMatching(/deliveries give the same book: [0-9]+ rows, byte for byte/),
  ]);
  // A row that nobody delivered: the shadow lacks it.
  await plantRow(dir);
  const forged = await runProjectTask("rebuild", "--data-dir", dir, "--quiet");
  expect([forged.code, forged.stdout]).toEqual([1, expect.stringContaining("only in the book:   transaction")]);
  expect((await runProjectTask("verify", "--data-dir", dir)).stdout).toMatch(/^I1 +1 /m);
  expect(await instance.stop()).toBe(0);
  const after = await runProjectTask("status", "--data-dir", dir);
  expect([after.code, after.stderr]).toEqual([1, `Vaultbook does not run on ${dir}\n`]);
});

folderTest("what start brings up is swept, reconciled and watched by itself", async (_dir, start) => {
  const { status } = await start(...ports());
  const sql = postgres(status.DB_URL, { max: 1, onnotice: () => {} });
  try {
    // The stand-in for pg_cron knows seconds: nobody waits for a quarter of an hour here.
    await sql`update public.job_schedules set schedule = '2 seconds' where not is_daily`;
    await eventually("a run of each job", async () => {
      const done =
        await sql`select distinct job from public.job_runs where status in ('done', 'partial') and code is null`;
      return done.length === (await sql`select from public.job_schedules where not is_daily`).length;
    }, 30_000);
    expect(await sql`select job, code, message from public.job_runs where status = 'failed'`).toEqual([]);
    expect(await sql`select name, problem from public.job_states where problem is not null`).toEqual([]);
    const { checks } = await (await fetch(`${status.FUNCTIONS_URL}/api/health`)).json();
    expect(checks).toMatchObject({ last_sweep: { code: null }, late_jobs: [], schedule_problem: null });
  } finally {
    await sql.end();
  }
});

folderTest("start refuses a folder that another start uses, with exit code 1", async (dir, start) => {
  const { status, printed } = await start(...ports(), "--no-demo");
  expect(printed()).toContain("nobody can sign in: give --operator EMAIL");
  const second = await runProjectTask("start", "--data-dir", dir, ...ports());
  expect(second).toMatchObject({ code: 1, stderr: `Vaultbook already runs on ${dir} (process ${status.PID})\n` });
});

folderTest("start takes the next free ports, with a notice, when the wanted ones are taken", async (_dir, start) => {
  const first = fourPorts();
  using api = Deno.listen({ hostname: "127.0.0.1", port: first });
  using database = Deno.listen({ hostname: "127.0.0.1", port: first + 1 });
  const instance = await start(...ports(first), "--no-demo");
  expect(new URL(instance.status.DB_URL).port).toBe(String(first + 2));
  expect(new URL(instance.status.API_URL).port).toBe(String(first + 3));
  expect(instance.printed()).toContain(`Port ${database.addr.port} is taken: PostgreSQL is on ${first + 2}`);
  expect(instance.printed()).toContain(`Port ${api.addr.port} is taken: the API is on ${first + 3}`);
});

folderTest(
  "start comes back after kill -9 of everything amid traffic, and no acknowledged delivery is lost",
  async (dir, start) => {
    const flags = ports();
    const first = await start(...flags);
    const acknowledged: string[] = [];
    let posting = true;
    const writer = (async (): Promise<void> => {
      for (let n = 0; posting; n++) {
        const body = JSON.stringify([{ note: `delivery ${n}` }]);
        const headers = { authorization: first.status.HELIUS_WEBHOOK_SECRET };
        const answer = await fetch(`${first.status.FUNCTIONS_URL}/api/webhooks/helius`, {
          method: "POST",
          body,
          headers,
        })
          .then(async (response) => [response.status, await response.text()] as const, () => [0, ""] as const);
        if (answer[0] === 200) acknowledged.push(body);
        if (answer[0] === 0) break;
      }
    })();
    const applied = (url: string): Promise<number> =>
      count(url, "select count(*) from vaultbook.inbox where outcome = 'applied'");
    await new Promise((resume) => setTimeout(resume, 3_000));
    const before = await applied(first.status.DB_URL);
    await first.killTree();
    posting = false;
    await writer;
    expect(acknowledged.length).toBeGreaterThan(20);
    expect(before).toBeGreaterThan(40);

    const second = await start(...flags);
    const sql = postgres(second.status.DB_URL, { max: 1, onnotice: () => {} });
    const kept = await sql`select convert_from(body, 'UTF8') as body from vaultbook.deliveries`;
    await sql.end();
    const bodies = new Set(kept.map((row) => row.body));
    expect(acknowledged.filter((body) => !bodies.has(body))).toEqual([]);
    expect(await applied(second.status.DB_URL)).toBeGreaterThanOrEqual(before);
    expect(await runProjectTask("verify", "--data-dir", dir)).toMatchObject({ code: 0 });
    // The keys are the folder's own, and stay.
    expect(second.status.SECRET_KEY).toBe(first.status.SECRET_KEY);
  },
);

folderTest("start comes back after kill -9 of its own process alone, which orphans PostgreSQL", async (dir, start) => {
  const flags = ports();
  const first = await start(...flags, "--no-demo");
  await first.killParent();
  const second = await start(...flags, "--no-demo");
  expect(new URL(second.status.DB_URL).port).toBe(new URL(first.status.DB_URL).port);
  expect(await runProjectTask("verify", "--data-dir", dir)).toMatchObject({ code: 0 });
});

folderTest("stop ends a running instance, and its data is there at the next start", async (dir, start) => {
  const flags = ports();
  const first = await start(...flags);
  const admin = createClient(first.status.API_URL, first.status.SECRET_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const before = (await admin.from("vaults").select("*", { count: "exact", head: true })).count ?? 0;
  expect(before).toBeGreaterThan(5);
  expect(await runProjectTask("stop", "--data-dir", dir)).toMatchObject({ code: 0 });
  const second = await start(...flags, "--no-demo");
  expect(await count(second.status.DB_URL, "select count(*) from public.vaults")).toBe(before);
});

folderTest("start --fresh begins with an empty book and new keys", async (_dir, start) => {
  const flags = ports();
  const first = await start(...flags);
  await first.stop();
  const second = await start(...flags, "--no-demo", "--fresh", "--operator", "anna@example.com");
  expect(second.printed()).toContain("sign in as anna@example.com with ");
  expect(await count(second.status.DB_URL, "select count(*) from public.vaults")).toBe(0);
  expect(second.status.SECRET_KEY).not.toBe(first.status.SECRET_KEY);
});

Deno.test("start refuses a flag it does not know, with exit code 2, and explains itself with --help", async () => {
  expect(await runProjectTask("start", "--prot", "1")).toMatchObject({ code: 2, stdout: "" });
  expect(await runProjectTask("start", "--port", "abc")).toMatchObject({ code: 2 });
  expect(await runProjectTask("start", "--operator", "anna")).toMatchObject({ code: 2 });
  const help = await runProjectTask("start", "--help");
  expect(help.code).toBe(0);
  for (
    const flag of [
      "--no-demo",
      "--fresh",
      "--data-dir",
      "--port",
      "--db-port",
      "--db-url",
      "--operator",
      "--quiet",
      "--help",
    ]
  ) {
    expect(help.stdout).toContain(flag);
  }
});
