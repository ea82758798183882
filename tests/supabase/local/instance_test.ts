import { expect } from "expect";
import { join } from "node:path";
import { instanceHolder, InstanceRunning, lockInstance } from "@/supabase/local/instance/lock.ts";
import { loadSecrets } from "@/supabase/local/instance/secrets.ts";
import { readStatus, removeStatus, type Status, writeStatus } from "@/supabase/local/instance/status.ts";

const LOCK_MODULE = new URL("../../../supabase/local/instance/lock.ts", import.meta.url).href;

const STATUS: Status = {
  API_URL: "http://127.0.0.1:54321",
  DB_URL: "postgres://postgres:p@127.0.0.1:54322/postgres",
  FUNCTIONS_URL: "http://127.0.0.1:54321/functions/v1",
  REALTIME_URL: "ws://127.0.0.1:54321/realtime/v1",
  PUBLISHABLE_KEY: "sb_publishable_a",
  SECRET_KEY: "sb_secret_b",
  JWKS_URL: "http://127.0.0.1:54321/auth/v1/.well-known/jwks.json",
  HELIUS_WEBHOOK_SECRET: "c",
  CRON_SECRET: "d",
  SOLANA_RPC_URL: "http://127.0.0.1:8899",
  VAULT_PROGRAM_ID: "e",
  PID: Deno.pid,
};

/** A data folder that does not exist yet. */
async function withFolder(work: (dir: string) => Promise<void>): Promise<void> {
  const parent = await Deno.makeTempDir({ prefix: "vaultbook-test-" });
  try {
    await work(join(parent, "data"));
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

/** Another process that holds the folder's lock until it is killed. */
async function lockElsewhere(dir: string): Promise<Deno.ChildProcess> {
  const program = `import { lockInstance } from "${LOCK_MODULE}"; await lockInstance(${JSON.stringify(dir)});
    console.log("locked"); setInterval(() => {}, 1000);`;
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", program], stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  return child;
}

async function modeOf(path: string): Promise<number> {
  return ((await Deno.stat(path)).mode ?? 0) & 0o777;
}

Deno.test("lockInstance() refuses a folder that another process holds, and names the process", () =>
  withFolder(async (dir) => {
    const holder = await lockElsewhere(dir);
    expect(await instanceHolder(dir)).toEqual({ pid: holder.pid });
    const refusal = await lockInstance(dir).catch((error) => error);
    expect(refusal).toBeInstanceOf(InstanceRunning);
    expect(refusal).toMatchObject({ pid: holder.pid, dir });
    expect(refusal.message).toBe(`Vaultbook already runs on ${dir} (process ${holder.pid})`);
    holder.kill("SIGKILL");
    await holder.status;
    const lock = await lockInstance(dir);
    expect(await instanceHolder(dir)).toEqual({ pid: Deno.pid });
    lock.release();
    lock.release();
    expect(await instanceHolder(dir)).toBe(null);
  }));

Deno.test("lockInstance() is not refused because somebody looks who holds the lock", () =>
  withFolder(async (dir) => {
    (await lockInstance(dir)).release();
    let done = false;
    const looking = (async () => {
      while (!done) await instanceHolder(dir);
    })();
    for (let round = 0; round < 100; round++) (await lockInstance(dir)).release();
    done = true;
    await looking;
  }));

Deno.test("lockInstance() makes a private folder and leaves an existing one as it is", () =>
  withFolder(async (dir) => {
    (await lockInstance(dir)).release();
    expect(await modeOf(dir)).toBe(Deno.uid() === 0 ? 0o711 : 0o700);
    await Deno.chmod(dir, 0o755);
    (await lockInstance(dir)).release();
    expect(await modeOf(dir)).toBe(0o755);
  }));

Deno.test("loadSecrets() makes secrets once and keeps them private", () =>
  withFolder(async (dir) => {
    const first = await loadSecrets(dir);
    const path = join(dir, "secrets.json");
    expect(await modeOf(path)).toBe(0o600);
    await Deno.chmod(path, 0o644);
    expect(await loadSecrets(dir)).toEqual(first);
    expect(await modeOf(path)).toBe(0o600);
    expect([...Deno.readDirSync(dir)].map((entry) => entry.name)).toEqual(["secrets.json"]);
    const { publishableKey, secretKey, databasePasswords, heliusWebhookSecret, cronSecret } = first;
    expect(publishableKey).toMatch(/^sb_publishable_[A-Za-z0-9_-]{43}$/);
    expect(secretKey).toMatch(/^sb_secret_[A-Za-z0-9_-]{43}$/);
    const random = [publishableKey, secretKey, ...Object.values(databasePasswords), heliusWebhookSecret, cronSecret];
    expect(new Set(random.map((text) => text.slice(-43))).size).toBe(7);
    expect((await loadSecrets(`${dir}-other`)).cronSecret).not.toBe(cronSecret);
  }));

Deno.test("loadSecrets() gives a key that signs ES256", () =>
  withFolder(async (dir) => {
    const { d, ...shown } = (await loadSecrets(dir)).signingKey;
    const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
    const text = new TextEncoder().encode("text");
    const privateKey = await crypto.subtle.importKey("jwk", { ...shown, d }, algorithm, false, ["sign"]);
    const publicKey = await crypto.subtle.importKey("jwk", shown, algorithm, false, ["verify"]);
    const signature = await crypto.subtle.sign(algorithm, privateKey, text);
    expect(await crypto.subtle.verify(algorithm, publicKey, signature, text)).toBe(true);
    expect(shown).toMatchObject({ kty: "EC", crv: "P-256", alg: "ES256", kid: expect.stringMatching(/.{8,}/) });
  }));

Deno.test("loadSecrets() names the damaged field and no secret", () =>
  withFolder(async (dir) => {
    const path = join(dir, "secrets.json");
    const secrets = await loadSecrets(dir);
    const damage = async (content: string): Promise<string> => {
      await Deno.writeTextFile(path, content);
      const { message } = await loadSecrets(dir).catch((error) => error);
      expect(message).toContain(path);
      expect(message).not.toContain(secrets.secretKey);
      expect(message).not.toContain("hunter2");
      return message;
    };
    const { cronSecret: _, ...rest } = secrets;
    expect(await damage(JSON.stringify(rest))).toContain("cronSecret:");
    const databasePasswords = { ...secrets.databasePasswords, admin: "hunter2" };
    expect(await damage(JSON.stringify({ ...secrets, databasePasswords }))).toContain("databasePasswords.admin:");
    expect(await damage(`"hunter2`)).toContain("not JSON");
  }));

Deno.test("readStatus() gives what the running instance wrote, in the order of the keys", () =>
  withFolder(async (dir) => {
    expect(await readStatus(dir)).toBe(null);
    const lock = await lockInstance(dir);
    expect(await readStatus(dir)).toBe(null);
    await writeStatus(dir, STATUS);
    expect(await modeOf(join(dir, "status.json"))).toBe(0o600);
    expect(Object.entries(await readStatus(dir) ?? {})).toEqual(Object.entries(STATUS));
    await removeStatus(dir);
    await removeStatus(dir);
    expect(await readStatus(dir)).toBe(null);
    lock.release();
  }));

Deno.test("readStatus() does not believe what a killed instance left", () =>
  withFolder(async (dir) => {
    const killed = await lockElsewhere(dir);
    await writeStatus(dir, { ...STATUS, PID: killed.pid });
    expect(await readStatus(dir)).toMatchObject({ PID: killed.pid });
    killed.kill("SIGKILL");
    await killed.status;
    expect(await readStatus(dir)).toBe(null);
    // The next instance has the lock and has not written its own status yet.
    const lock = await lockInstance(dir);
    expect(await readStatus(dir)).toBe(null);
    lock.release();
  }));
