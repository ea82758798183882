/**
 * A disk that can be full: a tmpfs of a chosen size. Only root can mount one, and not in every container.
 *
 * @module
 */
import { basename, join } from "node:path";
import { isRoot } from "@/supabase/local/postgres/account.ts";

/** A mounted disk. */
export interface SmallDisk {
  readonly folder: string;
  /** Moves a folder onto it, and leaves a link in its place. */
  take(path: string): Promise<void>;
  /** Makes it so small that no more than this is free. Bytes. */
  leave(bytes: number): Promise<void>;
  /** Makes it larger by this. Bytes. */
  grow(bytes: number): Promise<void>;
  /** Takes it away, with all that is on it. */
  close(): Promise<void>;
}

/** Why no disk can be mounted here: half a sentence, for the name of a skipped test; null where it can. */
export async function whyNoSmallDisk(): Promise<string | null> {
  if (Deno.build.os !== "linux") return "only Linux has tmpfs";
  if (!isRoot()) return "only root mounts disks";
  try {
    await (await openSmallDisk(65_536)).close();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Mounts an empty disk of so many bytes, which every account may enter; by default in the folder for temporary files. */
export async function openSmallDisk(bytes: number, where?: string): Promise<SmallDisk> {
  const folder = await Deno.makeTempDir({ prefix: "vaultbook-disk-", ...(where === undefined ? {} : { dir: where }) });
  try {
    await run("mount", "-t", "tmpfs", "-o", `size=${bytes},mode=0711`, "vaultbook-test", folder);
  } catch (error) {
    await Deno.remove(folder);
    throw error;
  }
  const sizes = async (): Promise<{ size: number; free: number }> => {
    const [size = 0, free = 0] = (await run("df", "--output=size,avail", "-B1", folder)).split("\n")[1]?.trim()
      .split(/ +/).map(Number) ?? [];
    return { size, free };
  };
  const resize = async (size: number): Promise<void> => {
    await run("mount", "-o", `remount,size=${size}`, folder);
  };
  return {
    folder,
    async take(path): Promise<void> {
      await run("cp", "--archive", path, folder);
      await Deno.remove(path, { recursive: true });
      await Deno.symlink(join(folder, basename(path)), path);
    },
    async leave(wanted): Promise<void> {
      const { size, free } = await sizes();
      await resize(size - free + wanted);
    },
    async grow(more): Promise<void> {
      await resize((await sizes()).size + more);
    },
    async close(): Promise<void> {
      // Lazily: whatever still holds a file open must not keep the disk.
      await run("umount", "--lazy", folder);
      await Deno.remove(folder);
    },
  };
}

/** @throws with what the program complained of. */
async function run(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, env: { LC_ALL: "C" } }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(text.decode(stderr).trim().split("\n")[0]);
  return text.decode(stdout);
}
