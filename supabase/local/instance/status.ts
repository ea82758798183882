/**
 * What a running instance tells other programs about itself, by the names that `supabase status` uses.
 *
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { writeAtomically } from "./atomic_file.ts";
import { instanceHolder } from "./lock.ts";

const statusSchema = z.object({
  API_URL: z.string(),
  DB_URL: z.string(),
  FUNCTIONS_URL: z.string(),
  REALTIME_URL: z.string(),
  PUBLISHABLE_KEY: z.string(),
  SECRET_KEY: z.string(),
  JWKS_URL: z.string(),
  HELIUS_WEBHOOK_SECRET: z.string(),
  CRON_SECRET: z.string(),
  SOLANA_RPC_URL: z.string(),
  VAULT_PROGRAM_ID: z.string(),
  PID: z.int().positive(),
});

/** Where a running instance is and how to talk to it, in the order in which it is shown. */
export type Status = z.infer<typeof statusSchema>;

/** Publishes the status of the instance on `dir`; done last, when everything answers. The caller holds the lock. */
export async function writeStatus(dir: string, status: Status): Promise<void> {
  await writeAtomically(join(dir, "status.json"), `${JSON.stringify(statusSchema.parse(status), null, 2)}\n`, 0o600);
}

/** Takes the status away; done first when an instance stops. */
export async function removeStatus(dir: string): Promise<void> {
  await Deno.remove(join(dir, "status.json")).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/**
 * The status of the instance that runs on `dir`.
 *
 * @returns null when none does, or when one is still starting: what a killed instance left is not believed.
 * @throws {Error} when the file is damaged although its instance runs.
 */
export async function readStatus(dir: string): Promise<Status | null> {
  const holder = await instanceHolder(dir);
  if (!holder) return null;
  let text: string;
  try {
    text = await Deno.readTextFile(join(dir, "status.json"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const status = statusSchema.parse(JSON.parse(text));
  return status.PID === holder.pid ? status : null;
}
