import { expect } from "expect";
import { join } from "node:path";
import { debianPackages } from "./debian_package.ts";

/** Small, and in every Debian. */
const NAMES = ["libc-ares2"];

/** What tells that something was installed, or that the system's lists were fetched anew. */
async function stateOfSystem(): Promise<unknown[]> {
  const lists = await Array.fromAsync(Deno.readDir("/var/lib/apt/lists"), ({ name }) => name).catch(() => []);
  const status = await Deno.stat("/var/lib/dpkg/status").catch(() => null);
  return [lists.sort(), status?.mtime, status?.size];
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name);
}

/** Works with an empty folder, and with settings of apt's. */
async function withApt(settings: string, work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "vaultbook-debian-" });
  const file = join(folder, "apt.conf");
  await Deno.writeTextFile(file, settings.replaceAll("FOLDER", folder));
  Deno.env.set("APT_CONFIG", file);
  try {
    await work(join(folder, "cache"));
  } finally {
    Deno.env.delete("APT_CONFIG");
    await Deno.remove(folder, { recursive: true });
  }
}

const before = await stateOfSystem();
const cache = await Deno.makeTempDir({ prefix: "vaultbook-debian-" });
globalThis.addEventListener("unload", () => Deno.removeSync(cache, { recursive: true }));
const [found, alike] = await Promise.all([debianPackages(NAMES, cache), debianPackages(NAMES, cache)]);
const ignore = "reason" in found;
const WHY = "reason" in found ? ` (skipped: ${found.reason})` : "";

Deno.test({
  name: `debianPackages() unpacks into an empty cache, keeps it, and leaves the system as it is${WHY}`,
  ignore,
  async fn(): Promise<void> {
    if ("reason" in found) return;
    expect(alike).toEqual(found);
    expect(namesIn(found.env.LD_LIBRARY_PATH?.split(":")[0] ?? "")).toContain("libcares.so.2");
    expect(namesIn(cache).map((name) => join(cache, name))).toEqual([found.root]);
    const { ino } = await Deno.stat(found.root);
    expect(await debianPackages(NAMES, cache)).toEqual(found);
    expect((await Deno.stat(found.root)).ino).toBe(ino);
    expect(await stateOfSystem()).toEqual(before);
  },
});

Deno.test({
  name: `debianPackages() fetches lists of its own where the system has none${WHY}`,
  ignore,
  fn: () =>
    withApt('Dir::State::lists "FOLDER/none";\n', async (empty) => {
      expect(await debianPackages(NAMES, empty)).toMatchObject({ root: expect.stringContaining(empty) });
      expect(await stateOfSystem()).toEqual(before);
    }),
});

Deno.test({
  name: `debianPackages() says why where nothing can be fetched, and leaves nothing${WHY}`,
  ignore,
  fn: () =>
    withApt(
      'Dir::State::lists "FOLDER/none";\nDir::Etc::sourcelist "none";\nDir::Etc::sourceparts "none";\n',
      async (empty) => {
        expect(await debianPackages(NAMES, empty)).toEqual({ reason: expect.stringContaining("libc-ares2") });
        expect(namesIn(empty)).toEqual([]);
      },
    ),
});
