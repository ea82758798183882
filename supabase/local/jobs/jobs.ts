/**
 * The local platform's background work: stand-ins for the scheduler of pg_cron and the worker of pg_net.
 *
 * @module
 */
import { openScheduler } from "./cron_scheduler.ts";
import { openNetWorker } from "./net_worker.ts";

/** What background work to do, and on which database. */
export interface JobsOptions {
  /** Connection string of a superuser, in the database that holds the stand-ins. */
  readonly adminUrl: string;
  /** Whether to schedule the jobs of `cron.job`: no, where the extension pg_cron does it. */
  readonly cron: boolean;
  /** Whether to send the requests of `net.http_request_queue`: no, where the extension pg_net does it. */
  readonly net: boolean;
  /** Takes one line for each job that failed and each time the database went away. */
  log(line: string): void;
  /** The scheduler's clock; default the system's. */
  now?(): Date;
}

/**
 * Starts the background work. Both kinds wait out a database that restarts.
 *
 * @returns `close`, which ends running commands and requests. Requests under way stay in the queue; runs under way are marked
 *   failed by the next start, as after a restart of the server.
 * @throws when the database cannot be reached now.
 */
export async function startJobs(options: JobsOptions): Promise<{ close(): Promise<void> }> {
  const { adminUrl, log, now = (): Date => new Date() } = options;
  const net = options.net ? await openNetWorker({ adminUrl, log }) : undefined;
  try {
    const cron = options.cron ? await openScheduler({ adminUrl, log, now }) : undefined;
    return {
      async close(): Promise<void> {
        await cron?.close();
        await net?.close();
      },
    };
  } catch (error) {
    await net?.close();
    throw error;
  }
}
