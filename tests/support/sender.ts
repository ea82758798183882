/**
 * Senders of deliveries that do not give up: what is refused for the moment comes again, as webhook and sweep see to together.
 *
 * @module
 */
import { VaultbookError } from "@/lib/domain/errors.ts";

/** How often one delivery may be refused before the test is given up. */
const REFUSALS_MAX = 500;

/**
 * Sends every delivery until it is taken; `senders` at a time, each with its own number from 0.
 *
 * @param send throws `database_unavailable` where the delivery has to come again. Anything else that it throws ends the run.
 * @returns how often a delivery was refused.
 */
export async function sendAll<Delivery>(
  deliveries: Iterable<Delivery>,
  senders: number,
  send: (delivery: Delivery, sender: number) => Promise<unknown>,
): Promise<number> {
  const waiting = [...deliveries];
  let refused = 0;
  await Promise.all(Array.from({ length: senders }, async (_, sender) => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        await send(next, sender);
      } catch (error) {
        if (!(error instanceof VaultbookError && error.code === "database_unavailable")) throw error;
        if (++refused > REFUSALS_MAX) throw new Error(`Refused ${refused} times`, { cause: error });
        waiting.push(next);
      }
    }
  }));
  return refused;
}
