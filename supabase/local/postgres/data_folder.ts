/**
 * Decides where PostgreSQL's data really lies and as whom PostgreSQL runs on it.
 *
 * Usually that is the folder asked for and the user of this process. Root must lend the data to an account without
 * rights, and where that account cannot reach the folder (below /root, say), the data lies elsewhere behind a link.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import { type Account, canEnter, isRoot, ownerOf, SHARED_ROOT, unprivilegedAccount } from "./account.ts";
import { exists } from "./exists.ts";
import { stopLeftovers } from "./leftovers.ts";
import { shortHash } from "./short_hash.ts";

/** A place for PostgreSQL's data. */
export interface DataFolder {
  /** The real path, free of links. Its parent exists; the folder itself does when `initialized`. */
  readonly path: string;
  /** As whom to run PostgreSQL, where that is not the user of this process. */
  readonly account: Account | null;
  /** Whether a database lies there already. */
  readonly initialized: boolean;
}

/**
 * Finds the place for the data of `dataDir`, and makes its parent folder.
 *
 * @param onNotice hears of it when the data lies elsewhere.
 * @throws {Error} when the folder holds something else than a database, or a database of another user.
 */
export async function prepareDataFolder(dataDir: string, onNotice: (message: string) => void): Promise<DataFolder> {
  const asked = resolve(dataDir);
  await Deno.mkdir(dirname(asked), { recursive: true });
  const path = await followLink(asked);
  const initialized = await exists(join(path, "PG_VERSION"));
  if (!initialized) await refuseForeignContent(path);
  if (!isRoot()) {
    if (initialized) await refuseForeignOwner(path);
    return { path, account: null, initialized };
  }
  const account = initialized ? await takeOver(path) : await unprivilegedAccount();
  if (await exists(dirname(path)) && await canEnter(dirname(path), account)) return { path, account, initialized };
  if (initialized) {
    throw new Error(
      `The user ${account.name}, who owns the database in ${path}, can no longer enter its parent folder`,
    );
  }
  return { path: await lieElsewhere(asked, account, onNotice), account, initialized: false };
}

/**
 * Deletes the database of `dataDir`, wherever it really lies, and stops a PostgreSQL that an earlier run left running
 * on it. Does nothing where there is none. The caller sees to it that nothing uses the database.
 *
 * @throws {Error} when the folder holds something else than a database.
 */
export async function removeData(dataDir: string): Promise<void> {
  const asked = resolve(dataDir);
  if (!(await exists(asked))) return;
  const path = await followLink(asked);
  if (await exists(path)) {
    if (!(await exists(join(path, "PG_VERSION")))) await refuseForeignContent(path);
    await setAside(path);
  }
  if (await exists(dirname(path))) await removeSiblings(path);
  await Deno.remove(lockOf(path)).catch(() => {});
  if (path !== asked && await exists(asked) && (await Deno.lstat(asked)).isSymlink) await Deno.remove(asked);
}

/** Removes what interrupted runs left beside the data folder: half-made and half-deleted databases. */
export async function removeSiblings(path: string): Promise<void> {
  for await (const { name } of Deno.readDir(dirname(path))) {
    if (!name.startsWith(`${basename(path)}.new-`) && !name.startsWith(`${basename(path)}.old-`)) continue;
    await removeInUse(join(dirname(path), name));
  }
}

/** Removes a folder in which an initdb without parent may still be writing, until that has noticed and given up. */
async function removeInUse(path: string): Promise<void> {
  for (let tries = 1; await exists(path); tries++) {
    try {
      await Deno.remove(path, { recursive: true });
    } catch (error) {
      if (tries === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** The file whose lock says that a living process runs PostgreSQL on the data in `path`. */
export function lockOf(path: string): string {
  return `${path}.lock`;
}

/** Makes room at `path` at once: a deletion that is cut short must not leave half a database under the real name. */
async function setAside(path: string): Promise<void> {
  await stopLeftovers(path, () => {});
  await Deno.rename(path, `${path}.old-${crypto.randomUUID()}`);
}

/** The real path behind `path`, whose last part may not exist yet or be a link to a place that does not exist. */
async function followLink(path: string): Promise<string> {
  if (!(await exists(path))) return join(await Deno.realPath(dirname(path)), basename(path));
  if (!(await Deno.lstat(path)).isSymlink) return await Deno.realPath(path);
  const target = resolve(dirname(path), await Deno.readLink(path));
  return await exists(target) ? await Deno.realPath(target) : target;
}

async function refuseForeignContent(path: string): Promise<void> {
  if (!(await exists(path))) return;
  for await (const { name } of Deno.readDir(path)) {
    throw new Error(`${path} holds no PostgreSQL database, but something else (${name}): move it away`);
  }
}

async function refuseForeignOwner(path: string): Promise<void> {
  const info = await Deno.stat(path);
  if (Deno.build.os === "windows" || info.uid === Deno.uid()) return;
  const { name } = await ownerOf(info);
  throw new Error(`The database in ${path} belongs to the user ${name}: run as that user, or as root`);
}

/**
 * The account to run an existing database as: its owner, whoever that is. A database that root owns, as a copy made by
 * root does, is handed to the account without rights.
 */
async function takeOver(path: string): Promise<Account> {
  const info = await Deno.stat(path);
  if (info.uid !== 0) return await ownerOf(info);
  const account = await unprivilegedAccount();
  await handOver(path, account);
  await Deno.chmod(path, 0o700);
  return account;
}

async function handOver(path: string, account: Account): Promise<void> {
  await Deno.chown(path, account.uid, account.gid);
  for await (const entry of Deno.readDir(path)) {
    const inner = join(path, entry.name);
    if (entry.isDirectory) await handOver(inner, account);
    else if (entry.isFile) await Deno.chown(inner, account.uid, account.gid);
  }
}

/**
 * Has the data of `asked` lie below the shared root, with a link where it was asked for. Data that is there already
 * belongs to a link that was deleted, and is deleted with it.
 */
async function lieElsewhere(asked: string, account: Account, onNotice: (message: string) => void): Promise<string> {
  const path = join(SHARED_ROOT, `data-${shortHash(asked)}`);
  await Deno.mkdir(SHARED_ROOT, { recursive: true });
  await Deno.chmod(SHARED_ROOT, 0o755);
  if (await exists(path)) await setAside(path);
  if (await exists(asked)) await Deno.remove(asked);
  await Deno.symlink(path, asked);
  onNotice(`The database of ${asked} lies in ${path}, because the user ${account.name} cannot reach the former`);
  return path;
}
