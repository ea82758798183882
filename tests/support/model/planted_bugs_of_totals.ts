/**
 * Mistakes in what all vaults hold together.
 *
 * @module
 */
import { bug, type PlantedBug } from "./planted_bug.ts";

/** What the TVL is the sum of. */
export const TOTALS: readonly PlantedBug[] = [
  bug(
    "post",
    "the total of all is not followed",
    "total_balance = t.total_balance + d.total_balance",
    "total_balance = t.total_balance",
    /^repetitions/,
  ),
  bug(
    "post",
    "what is locked of all is not followed",
    "t.locked_balance + d.locked_balance",
    "t.locked_balance",
    /lock/,
  ),
  bug(
    "post",
    "the totals follow what was and not what changed",
    "b.total_balance::numeric - was.total_balance",
    "b.total_balance::numeric",
    /^repetitions/,
  ),
  bug("open_vaults", "a new vault is not counted", "vaults = t.vaults + d.vaults", "vaults = t.vaults"),
  bug("refresh_status", "a closed vault goes on counting", "vaults = t.vaults + d.vaults", "vaults = t.vaults", /clos/),
];
