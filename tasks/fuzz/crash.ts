/**
 * `kill -9` amid deliveries, of PostgreSQL and of the process that serves the webhook: what was acknowledged must be there, once,
 * and nothing by half.
 *
 * @module
 */
import { type Campaign, type Counts, type Kind, sum } from "./campaign.ts";
import { crashDatabase } from "./crash_database.ts";
import { crashWebhook } from "./crash_webhook.ts";
import { startMortalPostgres } from "./mortal_postgres.ts";

/** What a round is made of. */
export interface Crash {
  /** Kills of each in a round at most. */
  readonly kills: number;
}

/** Crashes of this shape. */
export function crash({ kills }: Crash = { kills: 8 }): Kind {
  return {
    mustHappen: ["database kills amid writes", "webhook kills amid writes"],
    async open(server): Promise<Campaign> {
      const mortal = await startMortalPostgres(server.folder);
      return {
        async round(seed): Promise<Counts> {
          const { interrupted, adminUrl } = server;
          const database = await crashDatabase(mortal, { seed, kills, interrupted });
          if (interrupted.aborted) return database;
          return sum(database, await crashWebhook(adminUrl, { seed, kills, interrupted }));
        },
        close: () => mortal.stop(),
      };
    },
  };
}
