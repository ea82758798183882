/**
 * What the reconciliation takes from its environment: what the sweep takes, and the mint.
 *
 * @module
 */
import { mintOf } from "@/lib/chain/mint.ts";
import { readSettings as readSweepSettings, type Settings as SweepSettings } from "../sweep/settings.ts";

/** What the function works with. */
export interface Settings extends SweepSettings {
  /** What the vaults hold: the mint's address. */
  readonly mint: string;
}

/**
 * Reads the environment once, when the function starts.
 *
 * @throws {Error} naming what is missing or wrong; no value is repeated.
 */
export function readSettings(environment: Readonly<Record<string, string>>): Settings {
  const mint = mintOf(environment);
  return { ...readSweepSettings(environment), mint };
}
