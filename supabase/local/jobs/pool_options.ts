import type { Options } from "postgres";

/**
 * Settings of a pool that is used day and night: connections stay, and are made again soon after the database was away.
 *
 * @param max the most connections beside the one that listens.
 * @param name the application name that the database shows.
 */
export function poolOptions(max: number, name: string): Options<Record<string, never>> {
  const backoff = (attempts: number): number => Math.min(0.05 * 2 ** attempts, 1);
  return { max, max_lifetime: null, backoff, onnotice: () => {}, connection: { application_name: name } };
}
