/**
 * Copies a folder to a place where every user of the machine can read it.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { exists } from "./exists.ts";

/** A copy that has been under way for so long was given up: its process was killed. Milliseconds. */
const ABANDONED_AFTER = 3_600_000;

/**
 * Puts a copy of the folder `source` at `target`, complete or not at all. When two processes do it at once, the first
 * to finish wins and both succeed.
 */
export async function copyOnce(source: string, target: string): Promise<void> {
  const folder = dirname(target);
  await Deno.mkdir(folder, { recursive: true });
  await Deno.chmod(folder, 0o755);
  await removeAbandoned(folder, `${basename(target)}.new-`);
  const staging = `${target}.new-${crypto.randomUUID()}`;
  try {
    await copyReadable(source, staging);
    await Deno.rename(staging, target);
  } catch (error) {
    await Deno.remove(staging, { recursive: true }).catch(() => {});
    if (!(await exists(target))) throw error;
  }
}

/** Another process may be doing the same, so nothing found missing or undeletable is worth an error. */
async function removeAbandoned(folder: string, prefix: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.startsWith(prefix)) continue;
    const begun = await Deno.stat(join(folder, name)).then((info) => info.mtime?.getTime(), () => undefined);
    if (begun !== undefined && Date.now() - begun > ABANDONED_AFTER) {
      await Deno.remove(join(folder, name), { recursive: true }).catch(() => {});
    }
  }
}

/** Copies a folder with its links, readable for everybody whatever this process's umask is. */
async function copyReadable(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  await Deno.chmod(to, 0o755);
  for await (const entry of Deno.readDir(from)) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (entry.isDirectory) {
      await copyReadable(source, target);
    } else if (entry.isSymlink) {
      await Deno.symlink(await Deno.readLink(source), target);
    } else {
      await Deno.copyFile(source, target);
      await Deno.chmod(target, ((await Deno.stat(source)).mode ?? 0) & 0o100 ? 0o755 : 0o644);
    }
  }
}
