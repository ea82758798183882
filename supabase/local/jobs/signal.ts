/**
 * Hears notifications of the database, on a connection that is made anew whenever it is lost.
 *
 * @module
 */
import postgres from "postgres";
import { createAlarm } from "./alarm.ts";

/** How long after a loss, or a vain attempt, to try again. */
const RETRY_MILLISECONDS = 250;

/**
 * Listens to a channel. The driver has a `listen()` of its own, but it gives up when the server is not back at once.
 *
 * @param options.name the application name that the database shows.
 * @param options.onSignal called for each notification, and each time that listening has begun: some may have been missed.
 * @throws when the database cannot be reached now.
 */
export async function openSignal(
  options: { url: string; name: string; channel: string; onSignal(): void },
): Promise<{ close(): Promise<void> }> {
  const { url, name, channel, onSignal } = options;
  const wake = createAlarm();
  let isClosed = false;

  /** Listens until the connection is lost or nobody wants to hear more. */
  async function listenOnce(onListening: () => void): Promise<void> {
    let isLost = false;
    const sql = postgres(url, {
      max: 1,
      max_lifetime: null,
      idle_timeout: 0,
      connect_timeout: 5,
      fetch_types: false,
      backoff: () => 0,
      onnotice: () => {},
      connection: { application_name: name },
      onclose(): void {
        isLost = true;
        wake.ring();
      },
      // What the driver's `listen()` is built on; its types leave it out.
      ...{ onnotify: onSignal },
    });
    try {
      await sql`listen ${sql(channel)}`;
      onListening();
      onSignal();
      while (!isLost && !isClosed) await wake.wait(60_000);
    } finally {
      await sql.end({ timeout: 0 });
    }
  }

  async function listenAgain(): Promise<void> {
    while (!isClosed) {
      await wake.wait(RETRY_MILLISECONDS);
      if (!isClosed) await listenOnce(() => {}).catch(() => {});
    }
  }

  const first = Promise.withResolvers<void>();
  const listening = listenOnce(first.resolve).then(listenAgain, first.reject);
  await first.promise;
  return {
    async close(): Promise<void> {
      isClosed = true;
      wake.ring();
      await listening;
    },
  };
}
