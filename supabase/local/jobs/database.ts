/**
 * The background work's connections to the database, which outlive the database's restarts.
 *
 * @module
 */
import postgres, { type Sql } from "postgres";
import { openSignal } from "./signal.ts";

/** Queries; `extend` puts off when they count as lost: so many milliseconds from now on, or without end for `Infinity`. */
export type Work<Result> = (sql: Sql, extend: (milliseconds: number) => void) => Promise<Result>;

/** A pool, and a channel that is listened to. */
export interface Database {
  /**
   * Runs queries and gives what they give. Work that takes longer than 20 seconds counts as lost, unless it asks for more.
   *
   * @throws the database's error, or one that says that it is away. After the latter the next run gets new connections.
   */
  run<Result>(work: Work<Result>): Promise<Result>;
  /** Ends the connections, at the latest a second later. */
  close(): Promise<void>;
}

const DEADLINE_MILLISECONDS = 20_000;

/**
 * Connects and listens.
 *
 * @param options.max the most connections, beside the one that listens.
 * @param options.name the application name that the database shows.
 * @param options.onSignal called for each notification, and when some may have been missed.
 * @throws when the database cannot be reached now.
 */
export async function openDatabase(
  options: { url: string; max: number; name: string; channel: string; onSignal(): void },
): Promise<Database> {
  const { url, max, name } = options;
  const open = (): Sql =>
    postgres(url, {
      max,
      max_lifetime: null,
      fetch_types: false,
      connect_timeout: 5,
      backoff: () => 0,
      onnotice: () => {},
      connection: { application_name: name },
    });
  const signal = await openSignal(options);
  let pool = open();

  async function run<Result>(work: Work<Result>): Promise<Result> {
    const current = pool;
    const deadline = startDeadline();
    deadline.extend(DEADLINE_MILLISECONDS);
    try {
      return await Promise.race([work(current, deadline.extend), deadline.passed]);
    } catch (error) {
      // The driver can be left waiting on a connection that the server ended: then nothing but a new pool helps.
      if (!isAnswer(error) && pool === current) {
        pool = open();
        current.end({ timeout: 0 }).catch(() => {});
      }
      throw error;
    } finally {
      deadline.extend(Infinity);
    }
  }

  return {
    run,
    async close(): Promise<void> {
      await signal.close();
      await pool.end({ timeout: 1 });
    },
  };
}

/** Whether the database is there and said no; otherwise it is away or about to be. */
function isAnswer(error: unknown): boolean {
  return error instanceof postgres.PostgresError && !/^(08|57P)/.test(error.code);
}

/** A point in time that can be moved. `passed` rejects when it is reached. */
function startDeadline(): { passed: Promise<never>; extend(milliseconds: number): void } {
  const { promise, reject } = Promise.withResolvers<never>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    passed: promise,
    extend(milliseconds): void {
      clearTimeout(timer);
      if (milliseconds === Infinity) return;
      timer = setTimeout(() => reject(new Error("The database does not answer")), milliseconds);
    },
  };
}
