/**
 * Makes a new database folder with initdb, complete or not at all.
 *
 * @module
 */
import { dirname } from "node:path";
import type { Account } from "./account.ts";
import { exists } from "./exists.ts";
import { removeSiblings } from "./data_folder.ts";
import type { Installation } from "./package.ts";

/** What initdb needs to know. */
export interface Initialization {
  /** Where the data will lie. Nothing but an empty folder may be there. */
  readonly path: string;
  readonly installation: Installation;
  /** As whom to run it, where that is not the user of this process. */
  readonly account: Account | null;
  /** The password of the superuser `supabase_admin`. */
  readonly password: string;
  /** Whether every file is on the disk before it returns. */
  readonly durable: boolean;
}

/** Only what PostgreSQL needs: the user's own PG… variables and locale must not shape the database. */
export function environmentOf({ env }: Installation): Pick<Deno.CommandOptions, "env" | "clearEnv"> {
  return Deno.build.os === "windows"
    ? { env: { TZ: "UTC", ...env } }
    : { env: { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", TZ: "UTC", ...env }, clearEnv: true };
}

/**
 * Runs initdb in a folder beside `path` and renames it when it is complete, so that a kill at any moment leaves no half
 * database. Removes what earlier interrupted runs left.
 *
 * @throws {Error} with initdb's own words.
 */
export async function initialize(options: Initialization): Promise<void> {
  const { path, account } = options;
  await Deno.mkdir(dirname(path), { recursive: true });
  await removeSiblings(path);
  const staging = `${path}.new-${crypto.randomUUID()}`;
  const passwordFile = `${staging}.password`;
  try {
    await Deno.mkdir(staging, { mode: 0o700 });
    await Deno.writeTextFile(passwordFile, options.password, { mode: 0o600, createNew: true });
    if (account) {
      await Deno.chown(staging, account.uid, account.gid);
      await Deno.chown(passwordFile, account.uid, account.gid);
    }
    await runInitdb(options, staging, passwordFile);
    // listen_addresses decides who can come; whoever can needs a password. initdb lets in this machine only.
    await Deno.writeTextFile(`${staging}/pg_hba.conf`, "host all all all scram-sha-256\n", { append: true });
    if (await exists(path)) await Deno.remove(path);
    await Deno.rename(staging, path);
  } catch (error) {
    await Deno.remove(staging, { recursive: true }).catch(() => {});
    throw error;
  } finally {
    await Deno.remove(passwordFile).catch(() => {});
  }
}

async function runInitdb(options: Initialization, folder: string, passwordFile: string): Promise<void> {
  const { success, stderr } = await new Deno.Command(options.installation.initdb, {
    args: [
      ...["-D", folder, "-U", "supabase_admin", "-A", "scram-sha-256", "--pwfile", passwordFile, "-E", "UTF8"],
      ...options.installation.locale,
      "--no-instructions",
      ...(options.durable ? [] : ["--no-sync"]),
    ],
    ...environmentOf(options.installation),
    ...(options.account ? { uid: options.account.uid, gid: options.account.gid } : {}),
    cwd: dirname(folder),
    stdout: "null",
  }).output();
  if (!success) throw new Error(`initdb failed: ${new TextDecoder().decode(stderr).trim()}`);
}
