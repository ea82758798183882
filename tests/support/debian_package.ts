/**
 * Programs of Debian packages that tests want and the machine lacks: downloaded and unpacked into a cache, never installed.
 *
 * apt itself checks what it downloads against the archive's signature. Nothing of the system changes: no package database, no
 * list, no link.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { isRoot, SHARED_ROOT } from "@/supabase/local/postgres/account.ts";
import { exists } from "@/supabase/local/postgres/exists.ts";
import { shortHash } from "@/supabase/local/postgres/short_hash.ts";

/** A folder that looks like the root of a system on which just these packages are installed. */
export interface UnpackedPackages {
  readonly root: string;
  /** What programs in there need in their environment to find their libraries. */
  readonly env: Readonly<Record<string, string>>;
}

/** A program that can be run. */
export interface FoundProgram {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Why something is not to be had on this machine: half a sentence, for the name of a skipped test. */
export interface Unavailable {
  readonly reason: string;
}

/**
 * Finds a program: on this machine, else in a Debian package.
 *
 * @param program its file's name.
 * @param packages what to fetch where it is not there.
 */
export async function debianProgram(program: string, packages: string[]): Promise<FoundProgram | Unavailable> {
  const own = await installed(program);
  if (own) return { path: own, env: {} };
  const unpacked = await debianPackages(packages);
  if ("reason" in unpacked) return unpacked;
  for (const folder of ["usr/sbin", "usr/bin"]) {
    const path = join(unpacked.root, folder, program);
    if (await exists(path)) return { path, env: unpacked.env };
  }
  return { reason: `${packages.join(", ")} holds no ${program}` };
}

/**
 * Unpacks these packages, and all that they depend on and the machine lacks, into one folder; downloads them where an earlier
 * run has not. Several processes may do it at once.
 *
 * @param cache the folder to keep them in; by default the user's cache, or what root shares with accounts without rights.
 */
export async function debianPackages(names: string[], cache = defaultCache()): Promise<UnpackedPackages | Unavailable> {
  const release = await Deno.readTextFile("/etc/os-release").catch(() => "");
  if (!(await installed("apt-get")) || !(await installed("dpkg-deb"))) return { reason: "this is no Debian" };
  const root = join(cache, `${names[0]}-${shortHash([...names, release, Deno.build.arch].join("\n"))}`);
  if (!(await exists(root))) {
    const problem = await fetchInto(root, names).then(() => null, (error: Error) => error.message);
    if (problem !== null && !(await exists(root))) return { reason: problem };
  }
  const triplet = `${Deno.build.arch}-linux-gnu`;
  const libraries = [join(root, "usr/lib", triplet), join(root, "lib", triplet)];
  return { root, env: { LD_LIBRARY_PATH: libraries.join(":") } };
}

/** Under root the programs run as somebody else, who cannot look into root's home. */
function defaultCache(): string {
  if (isRoot()) return join(SHARED_ROOT, "debian");
  const home = Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "/tmp", ".cache");
  return join(home, "vaultbook", "debian");
}

/** Where a program lies that is installed: on the path, or where Debian keeps servers; null where it is not. */
async function installed(program: string): Promise<string | null> {
  for (const folder of [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin"]) {
    const path = join(folder, program);
    if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return path;
  }
  return null;
}

/** Complete or not at all. @throws with what apt or dpkg said. */
async function fetchInto(root: string, names: readonly string[]): Promise<void> {
  await Deno.mkdir(dirname(root), { recursive: true });
  const staging = `${root}.new-${crypto.randomUUID()}`;
  try {
    await Deno.mkdir(join(staging, "root"), { recursive: true });
    for (const folder of ["", "root"]) await Deno.chmod(join(staging, folder), 0o755);
    await Deno.mkdir(join(staging, "cache/archives/partial"), { recursive: true });
    const cache = ["-o", `Dir::Cache=${join(staging, "cache")}`];
    // The system's lists may be missing, or older than the archive: then with lists of our own.
    await download(names, staging, cache).catch(async (first: Error) => {
      const again = ownLists(staging, cache).then((lists) => download(names, staging, [...cache, ...lists]));
      await again.catch(() => Promise.reject(first));
    });
    for await (const { name } of Deno.readDir(staging)) {
      if (name.endsWith(".deb")) await run(staging, "dpkg-deb", "-x", name, "root");
    }
    await Deno.rename(join(staging, "root"), root);
  } finally {
    await Deno.remove(staging, { recursive: true });
  }
}

async function download(names: readonly string[], folder: string, options: readonly string[]): Promise<void> {
  const plan = await run(
    folder,
    "apt-get",
    ...options,
    "-s",
    "--reinstall",
    "--no-install-recommends",
    "install",
    ...names,
  );
  // Inst NAME [installed version] (new version …): the named packages, and dependencies that are missing or too old here.
  const wanted = [...plan.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+)/gm)].map(([, name, version]) =>
    `${name}=${version}`
  );
  if (wanted.length === 0) throw new Error(`apt knows no ${names.join(", ")}`);
  await run(folder, "apt-get", ...options, "download", ...wanted);
}

/** Fetches the lists of the system's sources into the folder. Gives the options that make apt use them. */
async function ownLists(folder: string, cache: readonly string[]): Promise<string[]> {
  const lists = join(folder, "lists");
  await Deno.mkdir(join(lists, "partial"), { recursive: true });
  const options = ["-o", `Dir::State::lists=${lists}`, "-o", "APT::Sandbox::User="];
  await run(folder, "apt-get", ...cache, ...options, "update");
  return options;
}

/** Runs a program to its end and gives what it printed. @throws with the first line that it complained with. */
async function run(cwd: string, program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args,
    cwd,
    env: { LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" },
  }).output();
  const text = new TextDecoder();
  if (success) return text.decode(stdout);
  const complaint = text.decode(stderr).split("\n").find((line) => line.startsWith("E: ")) ?? "it failed";
  throw new Error(`${program}: ${complaint.replace("E: ", "").replace(/https?:\/\/\S+ */, "")}`);
}
