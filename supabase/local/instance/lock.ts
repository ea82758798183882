/**
 * Keeps two processes from using one data folder. The lock belongs to an open file, so the system takes it away when its
 * process ends, by kill -9 too.
 *
 * @module
 */
import { join } from "node:path";
import { makeInstanceFolder } from "./folder.ts";

/** A reader that looks whether a lock is held holds it itself for an instant, so one refusal is no refusal. */
const TRIES = 10;

/** Pause between two tries. Milliseconds. */
const PAUSE = 20;

/** A lock held by this process. */
export interface InstanceLock {
  /** Gives the lock away. May be called again. */
  release(): void;
}

/** Another process uses the data folder. */
export class InstanceRunning extends Error {
  override readonly name = "InstanceRunning";
  /** @param pid the other process; null when it has not written its number yet. */
  constructor(readonly dir: string, readonly pid: number | null) {
    super(`Vaultbook already runs on ${dir}${pid === null ? "" : ` (process ${pid})`}`);
  }
}

/**
 * Takes the data folder for this process, making the folder when it is not there.
 *
 * @throws {InstanceRunning} when another process (or another part of this one) has it.
 */
export async function lockInstance(dir: string): Promise<InstanceLock> {
  await makeInstanceFolder(dir);
  const lock = await tryLockFile(join(dir, "lock"));
  if (!lock) throw new InstanceRunning(dir, await readPid(join(dir, "lock")));
  return lock;
}

/**
 * Who has the data folder.
 *
 * @returns null when nobody has it; a pid of null when the holder has not written its number yet.
 */
export async function instanceHolder(dir: string): Promise<{ pid: number | null } | null> {
  const path = join(dir, "lock");
  try {
    using file = await Deno.open(path, { read: true });
    if (await file.tryLock(false)) return null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  return { pid: await readPid(path) };
}

/** Locks a file, making it when it is not there, and writes this process's number into it. Null when another has it. */
export async function tryLockFile(path: string): Promise<InstanceLock | null> {
  const file = await Deno.open(path, { read: true, write: true, create: true, mode: 0o600 });
  for (let tries = 1; !(await file.tryLock(true)); tries++) {
    if (tries === TRIES) {
      file.close();
      return null;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  file.truncateSync(0);
  file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
  let held = true;
  return {
    release(): void {
      if (!held) return;
      held = false;
      file.truncateSync(0);
      file.close();
    },
  };
}

async function readPid(path: string): Promise<number | null> {
  const pid = Number((await Deno.readTextFile(path).catch(() => "")).trim());
  return Number.isInteger(pid) && pid > 0 ? pid : null;
}
