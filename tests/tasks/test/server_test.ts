import { expect } from "expect";
import postgres from "postgres";
import { withTestServer } from "@/tasks/test/server.ts";
import { isRunning } from "@/tests/support/is_running.ts";
import { openSmallDisk, whyNoSmallDisk } from "@/tests/support/small_disk.ts";

/** Works without the server of the tests that are running. */
async function withoutServer<Result>(work: () => Promise<Result>): Promise<Result> {
  const url = Deno.env.get("VAULTBOOK_TEST_ADMIN_URL") ?? "";
  Deno.env.delete("VAULTBOOK_TEST_ADMIN_URL");
  try {
    return await work();
  } finally {
    Deno.env.set("VAULTBOOK_TEST_ADMIN_URL", url);
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

Deno.test("withTestServer() gives the work a superuser on a new PostgreSQL, and takes all of it away afterwards", () =>
  withoutServer(async () => {
    const { adminUrl, folder } = await withTestServer({ onProgress: () => {} }, async (server) => {
      const sql = postgres(server.adminUrl, { max: 1 });
      const [row] = await sql`select rolsuper from pg_roles where rolname = current_user`;
      await sql.end();
      expect(row?.rolsuper).toBe(true);
      await Deno.writeTextFile(`${server.folder}/left behind`, "");
      await Deno.symlink("left behind", `${server.folder}/link`);
      return server;
    });
    expect(await exists(folder)).toBe(false);
    const sql = postgres(adminUrl, { max: 1, connect_timeout: 1 });
    await expect(sql`select 1`).rejects.toThrow("ECONNREFUSED");
    await sql.end();
  }));

Deno.test("withTestServer() takes everything away when the work throws", () =>
  withoutServer(async () => {
    let folder = "";
    const running = withTestServer({ onProgress: () => {} }, (server) => {
      folder = server.folder;
      return Promise.reject(new Error("the work failed"));
    });
    await expect(running).rejects.toThrow("the work failed");
    expect(folder).not.toBe("");
    expect(await exists(folder)).toBe(false);
  }));

Deno.test("withTestServer() stops a PostgreSQL that the work left running in the folder", () =>
  withoutServer(async () => {
    const left = await withTestServer({ onProgress: () => {} }, async ({ folder }) => {
      await Deno.mkdir(`${folder}/inner`);
      await Deno.chmod(`${folder}/inner`, 0o711);
      const program = `
        import { startPostgres } from "${new URL("../../../supabase/local/postgres/server.ts", import.meta.url)}";
        const files = { dataDir: "${folder}/inner/postgres", logFile: "${folder}/inner/log" };
        const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
        const { port } = listener.addr;
        listener.close();
        const server = await startPostgres({ ...files, host: "127.0.0.1", port, password: "p", durable: false });
        console.log(server.pid);
        Deno.exit(0);`;
      const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", program] }).output();
      return new TextDecoder().decode(stdout).trim();
    });
    expect(left).toMatch(/^[0-9]+$/);
    expect(await isRunning(left)).toBe(false);
  }));

const noDisk = await whyNoSmallDisk();

Deno.test({
  name: `withTestServer() unmounts a disk that the work left in the folder${
    noDisk === null ? "" : ` (skipped: ${noDisk})`
  }`,
  ignore: noDisk !== null,
  fn: () =>
    withoutServer(async () => {
      const left = await withTestServer({ onProgress: () => {} }, async ({ folder }) => {
        const disk = await openSmallDisk(65_536, folder);
        await Deno.writeTextFile(`${disk.folder}/left behind`, "");
        return disk.folder;
      });
      expect(await exists(left)).toBe(false);
      expect(await Deno.readTextFile("/proc/self/mounts")).not.toContain(left);
    }),
});

Deno.test("withTestServer() uses the server that the environment names, and leaves it running", async () => {
  const given = Deno.env.get("VAULTBOOK_TEST_ADMIN_URL") ?? "";
  const used = await withTestServer({ onProgress: () => {} }, ({ adminUrl }) => Promise.resolve(adminUrl));
  expect(used).toBe(given);
  const sql = postgres(given, { max: 1 });
  expect(await sql`select 1 as one`).toHaveLength(1);
  await sql.end();
});
