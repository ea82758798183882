/**
 * Short histories, step by step as they are told, each about one thing that a ledger can get wrong. None leaves the ledger a choice.
 * Each has owners of its own, so that all of them can be told to one ledger.
 *
 * @module
 */
import { IN_ORDER, LATE } from "./stories_of_order.ts";
import { CLOSED, TAKEN_OVER } from "./stories_of_owners.ts";
import { DECEIT, POISON } from "./stories_of_poison.ts";
import { ELSEWHERE, LOST } from "./stories_of_forks.ts";
import { OVERRULED } from "./stories_of_overruling.ts";
import type { Story } from "./story.ts";

export const STORIES: readonly Story[] = [
  ...IN_ORDER,
  ...LATE,
  ...POISON,
  ...DECEIT,
  ...LOST,
  ...ELSEWHERE,
  ...OVERRULED,
  ...CLOSED,
  ...TAKEN_OVER,
];
