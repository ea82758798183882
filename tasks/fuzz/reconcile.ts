/**
 * Bad days with reconciliations amid them: nothing may be called wrong that is not.
 *
 * @module
 */
import { type Campaign, type Counts, type Kind, refuse } from "./campaign.ts";

/** One day a round. */
export function reconcile(): Kind {
  return {
    mustHappen: ["dropped", "forks", "matched"],
    async open(server): Promise<Campaign> {
      // Only where it is wanted: the token program's library takes half a second, and talks.
      const { reconciledDay } = await import("@/tests/support/reconciled_days.ts");
      return {
        async round(seed): Promise<Counts> {
          const { counts, found } = await reconciledDay(`seed ${seed}`, server.adminUrl);
          refuse("The reconciliation called wrong what is not, or left it so", found);
          return counts;
        },
        close: () => Promise.resolve(),
      };
    },
  };
}
