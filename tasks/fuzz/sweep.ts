/**
 * Bad days of webhook, chain and nodes: after two sweeps the book must be the chain's.
 *
 * @module
 */
import { badDay } from "@/tests/support/bad_days.ts";
import { type Counts, type Kind, refuse } from "./campaign.ts";

/** One day a round. */
export function sweep(): Kind {
  return {
    mustHappen: ["dropped", "forks", "landings_lost", "landed_again"],
    open: (server) =>
      Promise.resolve({
        async round(seed): Promise<Counts> {
          const { counts, found } = await badDay(`seed ${seed}`, server.adminUrl);
          refuse("The book is not the chain's after two sweeps", found);
          return counts;
        },
        close: () => Promise.resolve(),
      }),
  };
}
