/**
 * Short histories, each of seven deliveries, and what the vaults hold after them, worked out by hand.
 *
 * @module
 */
import type { Scenario } from "./scenario.ts";
import { AT_THE_EDGES, BETWEEN_VAULTS } from "./scenarios_between_vaults.ts";
import { ONE_VAULT, WITHOUT_EFFECT } from "./scenarios_in_vaults.ts";
import { FORKED } from "./scenarios_of_forks.ts";
import { REOPENED } from "./scenarios_of_owners.ts";

export const SCENARIOS: readonly Scenario[] = [
  ...ONE_VAULT,
  ...WITHOUT_EFFECT,
  ...BETWEEN_VAULTS,
  ...AT_THE_EDGES,
  ...FORKED,
  ...REOPENED,
];
