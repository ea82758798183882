import { expect } from "expect";
import { fileURLToPath } from "node:url";
import { instanceHolder } from "@/supabase/local/instance/lock.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** The values are hostile to a shell on purpose. */
const RPC_URL = 'http://127.0.0.1:8899/?key=$HOME`id`"\\';

/** A process that holds a folder as `deno task start` does, and ends on SIGTERM. */
const INSTANCE = `
  import { lockInstance } from "${ROOT}supabase/local/instance/lock.ts";
  import { removeStatus, writeStatus } from "${ROOT}supabase/local/instance/status.ts";
  const dir = Deno.env.get("TEST_DIR");
  const lock = await lockInstance(dir);
  if (Deno.env.get("TEST_STARTING") !== "yes") {
    await writeStatus(dir, { API_URL: "a", DB_URL: "b", FUNCTIONS_URL: "c", REALTIME_URL: "d", PUBLISHABLE_KEY: "e",
      SECRET_KEY: "f", JWKS_URL: "g", HELIUS_WEBHOOK_SECRET: "h", CRON_SECRET: "i",
      SOLANA_RPC_URL: ${JSON.stringify(RPC_URL)}, VAULT_PROGRAM_ID: "k", PID: Deno.pid });
  }
  Deno.addSignalListener("SIGTERM", () => setTimeout(async () => {
    await removeStatus(dir);
    lock.release();
    Deno.exit(0);
  }, 300));
  setInterval(() => {}, 1000);
  console.log("ready");`;

async function withInstance(
  state: "running" | "starting",
  work: (dir: string, instance: Deno.ChildProcess) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "vaultbook-test-" });
  const env = { TEST_DIR: dir, TEST_STARTING: state === "starting" ? "yes" : "no" };
  const instance = new Deno.Command(Deno.execPath(), { args: ["eval", INSTANCE], env, stdout: "piped" }).spawn();
  const reader = instance.stdout.getReader();
  try {
    await reader.read();
    await work(dir, instance);
  } finally {
    await reader.cancel();
    try {
      instance.kill("SIGKILL");
    } catch {
      // It has ended, as it should.
    }
    await instance.status;
    await Deno.remove(dir, { recursive: true });
  }
}

async function run(task: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", `${ROOT}tasks/${task}.ts`, ...args],
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("status shows the running instance as JSON, as lines for a shell, and as a table", () =>
  withInstance("running", async (dir, { pid }) => {
    const json = await run("status", "-o", "json", "--quiet", "--data-dir", dir);
    expect(json).toMatchObject({ code: 0, stderr: "" });
    const status = JSON.parse(json.stdout);
    expect(status).toMatchObject({ API_URL: "a", SOLANA_RPC_URL: RPC_URL, PID: pid });
    expect(Object.keys(status).join(" ")).toBe(
      "API_URL DB_URL FUNCTIONS_URL REALTIME_URL PUBLISHABLE_KEY SECRET_KEY JWKS_URL HELIUS_WEBHOOK_SECRET CRON_SECRET " +
        "SOLANA_RPC_URL VAULT_PROGRAM_ID PID",
    );
    const lines = (await run("status", "--output=env", "--data-dir", dir)).stdout;
    const program = `${lines}\nprintf '%s %s' "$SOLANA_RPC_URL" "$PID"`;
    const { stdout } = await new Deno.Command("sh", { args: ["-c", program] }).output();
    expect(new TextDecoder().decode(stdout)).toBe(`${RPC_URL} ${pid}`);
    const table = (await run("status", "--data-dir", dir)).stdout;
    expect(table).toContain(`Vaultbook runs on ${dir}\n`);
    expect(table).toContain("         API_URL  a\n");
    expect((await run("status", "--quiet", "--data-dir", dir)).stdout).not.toContain("Vaultbook runs");
  }));

Deno.test("status and stop say in one line that nothing runs", async () => {
  const dir = "/tmp/no such folder";
  for (const task of ["status", "stop"]) {
    const answer = await run(task, "--data-dir", dir);
    expect(answer).toEqual({ code: 1, stdout: "", stderr: `Vaultbook does not run on ${dir}\n` });
  }
});

Deno.test("status says that an instance is starting, and stop ends it", () =>
  withInstance("starting", async (dir, instance) => {
    const answer = await run("status", "-o", "json", "--data-dir", dir);
    expect(answer).toEqual({ code: 1, stdout: "", stderr: `Vaultbook on ${dir} is still starting\n` });
    expect(await run("stop", "--quiet", "--data-dir", dir)).toEqual({ code: 0, stdout: "", stderr: "" });
    expect((await instance.status).code).toBe(0);
  }));

Deno.test("stop ends the instance and returns when it is gone", () =>
  withInstance("running", async (dir, instance) => {
    const answer = await run("stop", "--data-dir", dir);
    expect(await instanceHolder(dir)).toBe(null);
    expect(answer).toEqual({ code: 0, stdout: `Vaultbook on ${dir} has stopped\n`, stderr: "" });
    expect((await instance.status).code).toBe(0);
    expect((await run("status", "--data-dir", dir)).code).toBe(1);
  }));

Deno.test("status and stop refuse flags that they do not have", async () => {
  for (const args of [["--foo"], ["extra"], ["--data-dir"]]) {
    expect(await run("status", ...args)).toMatchObject({ code: 2, stdout: "" });
    expect(await run("stop", ...args)).toMatchObject({ code: 2, stdout: "" });
  }
  expect((await run("status", "-o", "toString")).stderr).toContain("Unknown format 'toString'");
  expect((await run("stop", "-o", "json")).code).toBe(2);
  expect(await run("stop", "--help")).toMatchObject({ code: 0, stderr: "" });
});
