import { expect } from "expect";
import { join } from "node:path";
import postgres, { type Sql } from "postgres";
import { freePort } from "@/supabase/local/postgres/port.ts";
import { type PostgresServer, startPostgres } from "@/supabase/local/postgres/server.ts";
import { removeData } from "@/supabase/local/postgres/data_folder.ts";
import { ownerOf } from "@/supabase/local/postgres/account.ts";

const SERVER_MODULE = new URL("../../../supabase/local/postgres/server.ts", import.meta.url).href;

/**
 * Runs `work` on a folder that PostgreSQL's account can pass through, as an instance's folder is under root. Whatever
 * happens, no PostgreSQL stays behind.
 */
async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "vaultbook-test-" });
  try {
    await Deno.chmod(folder, 0o711);
    await work(folder);
  } finally {
    await removeData(join(folder, "postgres"));
    await Deno.remove(folder, { recursive: true });
  }
}

function optionsFor(folder: string, port: number): Parameters<typeof startPostgres>[0] {
  const files = { dataDir: join(folder, "postgres"), logFile: join(folder, "postgres.log") };
  return { ...files, host: "127.0.0.1", port, password: "p@ss/wörd %41", durable: false };
}

async function start(
  folder: string,
  changes: Partial<Parameters<typeof startPostgres>[0]> = {},
): Promise<PostgresServer> {
  return await startPostgres({ ...optionsFor(folder, await freePort("127.0.0.1", 56_100)), ...changes });
}

async function withSql<Result>(server: PostgresServer, work: (sql: Sql) => Promise<Result>): Promise<Result> {
  const sql = postgres(server.adminUrl, { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 1 }).catch(() => {});
  }
}

/** Makes a table with one committed row. */
async function writeRow(server: PostgresServer): Promise<void> {
  await withSql(server, (sql) => sql`create table kept as select 42 as answer`);
}

async function readRow(server: PostgresServer): Promise<unknown> {
  return await withSql(server, async (sql) => (await sql`select answer from kept`)[0]?.answer);
}

/** Another Deno that starts PostgreSQL on the folder, says its pid and waits to be killed. */
async function startElsewhere(folder: string): Promise<{ deno: Deno.ChildProcess; port: number }> {
  const port = await freePort("127.0.0.1", 56_300);
  const options = JSON.stringify(optionsFor(folder, port));
  const program =
    `import { startPostgres } from "${SERVER_MODULE}"; console.log((await startPostgres(${options})).pid);`;
  const deno = new Deno.Command(Deno.execPath(), { args: ["eval", program], stdout: "piped" }).spawn();
  return { deno, port };
}

/** The number that a program printed first. */
async function firstNumber(output: ReadableStream<Uint8Array>): Promise<number> {
  const reader = output.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return Number(new TextDecoder().decode(value));
}

/** Whether a process runs; one that ended and is not yet buried does not. */
async function isAlive(pid: number): Promise<boolean> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "stat=", "-p", String(pid)] }).output();
  return /^[^Z]/.test(new TextDecoder().decode(stdout).trim());
}

async function groupOf(pid: number): Promise<string> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "pgid=", "-p", String(pid)] }).output();
  return new TextDecoder().decode(stdout).trim();
}

/** PostgreSQL's first process and its children. */
async function processesOf(server: PostgresServer): Promise<number[]> {
  const { stdout } = await new Deno.Command("ps", { args: ["-axo", "pid=,ppid="] }).output();
  const rows = new TextDecoder().decode(stdout).trim().split("\n").map((line) => line.trim().split(/ +/).map(Number));
  return rows.filter(([pid, parent]) => pid === server.pid || parent === server.pid).map(([pid]) => pid ?? 0);
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}

Deno.test("startPostgres() makes a database that outlives a restart", () =>
  withFolder(async (folder) => {
    const first = await start(folder);
    expect(first.fresh).toBe(true);
    expect(await Deno.stat(join(folder, "postgres", "PG_VERSION"))).toBeTruthy();
    const settings = await withSql(first, (sql) =>
      sql`
    select current_user, current_setting('wal_level') as wal, current_setting('server_encoding') as encoding,
      current_setting('timezone') as timezone, current_setting('fsync') as fsync, lower('ÄÖ') as lower,
      (select array_agg(name order by name collate "default") from (values ('b'), ('B'), ('a')) as names (name)) as names`);
    expect({ ...settings[0] }).toEqual({
      current_user: "supabase_admin",
      wal: "logical",
      encoding: "UTF8",
      timezone: "UTC",
      fsync: "off",
      lower: "äö",
      names: ["B", "a", "b"],
    });
    await writeRow(first);
    // A terminal sends Ctrl-C to the whole process group.
    expect(await groupOf(first.pid)).not.toBe(await groupOf(Deno.pid));
    await first.stop();
    await first.stop();
    expect(await first.exited).toBe(0);
    const second = await start(folder, { durable: true });
    expect(second.fresh).toBe(false);
    expect(await readRow(second)).toBe(42);
    const [durable] = await withSql(second, (sql) => sql`select current_setting('fsync') as fsync`);
    expect(durable?.fsync).toBe("on");
    await second.stop();
    expect(namesIn(folder)).toEqual(["postgres", "postgres.lock", "postgres.log"]);
    expect((await Deno.stat(join(folder, "postgres.log"))).mode ?? 0).toBe(0o100600);
  }));

Deno.test("startPostgres() recovers when every process of PostgreSQL was killed", () =>
  withFolder(async (folder) => {
    const first = await start(folder);
    await writeRow(first);
    // All at once: the children would end by themselves when the first process is gone.
    await new Deno.Command("kill", { args: ["-KILL", ...(await processesOf(first)).map(String)], stderr: "null" })
      .output();
    expect(await first.exited).not.toBe(0);
    const second = await start(folder);
    expect(await readRow(second)).toBe(42);
    await second.stop();
  }));

Deno.test("startPostgres() ends a busy backend whose server was killed", () =>
  withFolder(async (folder) => {
    const first = await start(folder);
    await writeRow(first);
    await withSql(first, async (sql) => {
      const endless = sql`do $$ begin loop perform 1; end loop; end $$`.then(() => "ended", () => "cut");
      const backend = await withSql(first, async (watcher) => {
        while (true) {
          const [row] = await watcher`select pid from pg_stat_activity where query like 'do %' and state = 'active'`;
          if (row) return Number(row.pid);
        }
      });
      Deno.kill(first.pid, "SIGKILL");
      await first.exited;
      expect(await isAlive(backend)).toBe(true);
      const second = await start(folder);
      expect(await isAlive(backend)).toBe(false);
      expect(await endless).toBe("cut");
      expect(await readRow(second)).toBe(42);
      await second.stop();
    });
  }));

Deno.test("startPostgres() stops the server that a killed process left behind", () =>
  withFolder(async (folder) => {
    const { deno, port } = await startElsewhere(folder);
    const orphan = await firstNumber(deno.stdout);
    deno.kill("SIGKILL");
    await deno.status;
    expect(await isAlive(orphan)).toBe(true);
    const said: string[] = [];
    const server = await start(folder, { port, onProgress: (message) => said.push(message) });
    expect(server.fresh).toBe(false);
    expect(await isAlive(orphan)).toBe(false);
    expect(said).toEqual([`Stopping the PostgreSQL that an earlier run left behind (process ${orphan})`]);
    await server.stop();
  }));

Deno.test("startPostgres() leaves alone a program that got the pid in postmaster.pid", () =>
  withFolder(async (folder) => {
    await withFolder(async (neighbourFolder) => {
      const neighbour = await start(neighbourFolder);
      await (await start(folder)).stop();
      const data = await Deno.stat(join(folder, "postgres"));
      const { uid, gid } = await ownerOf(data);
      // Of PostgreSQL's own user: it would take such a process for its server.
      const sleep = new Deno.Command("sleep", { args: ["60"], uid, gid, cwd: "/" }).spawn();
      for (const pid of [sleep.pid, neighbour.pid, 4_000_000]) {
        const pidFile = join(folder, "postgres", "postmaster.pid");
        await Deno.writeTextFile(pidFile, `${pid}\n${join(folder, "postgres")}\n1795359921\n56100\n\n127.0.0.1\n`);
        await Deno.chown(pidFile, uid, gid);
        await (await start(folder)).stop();
      }
      expect(await isAlive(sleep.pid)).toBe(true);
      expect(await withSql(neighbour, async (sql) => (await sql`select 1 as one`)[0]?.one)).toBe(1);
      sleep.kill();
      await sleep.status;
      await neighbour.stop();
    });
  }));

Deno.test("startPostgres() refuses a folder on which a living process runs PostgreSQL", () =>
  withFolder(async (folder) => {
    const server = await start(folder);
    await expect(start(folder)).rejects.toThrow(`Another process runs PostgreSQL on ${join(folder, "postgres")}`);
    await writeRow(server);
    await server.stop();
  }));

Deno.test("startPostgres() begins anew after a kill in the middle of initdb", () =>
  withFolder(async (folder) => {
    const { deno } = await startElsewhere(folder);
    const isBegun = (): boolean => namesIn(folder).some((name) => /^postgres\.new-[^.]*$/.test(name));
    while (!isBegun()) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 200));
    deno.kill("SIGKILL");
    await Promise.all([deno.status, deno.stdout.cancel()]);
    expect(isBegun()).toBe(true);
    expect(namesIn(folder)).not.toContain("postgres");
    const server = await start(folder);
    expect(server.fresh).toBe(true);
    await writeRow(server);
    await server.stop();
    expect(namesIn(folder)).toEqual(["postgres", "postgres.lock", "postgres.log"]);
  }));

Deno.test("startPostgres() says why it cannot start, and leaves nothing running", () =>
  withFolder(async (folder) => {
    const server = await start(folder);
    await server.stop();
    await expect(start(folder, { password: "another" })).rejects.toThrow("knows another password");
    const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const begun = performance.now();
    await expect(start(folder, { port: taken.addr.port })).rejects.toThrow("Address already in use");
    // The one who has the port accepts connections and never answers: that must not be waited for.
    expect(performance.now() - begun).toBeLessThan(4_000);
    taken.close();
    await expect(start(folder, { host: "::1" })).rejects.toThrow("give an IPv4 address");
    await expect(start(folder, { logFile: join(folder, "none", "log") })).rejects.toThrow("none/log");
    await expect(start(folder, { settings: { max_connections: "many" } })).rejects.toThrow("max_connections");
    expect(await Deno.stat(join(folder, "postgres", "postmaster.pid")).catch(() => "none")).toBe("none");
    await (await start(folder)).stop();
  }));
