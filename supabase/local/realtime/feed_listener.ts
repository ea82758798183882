/**
 * A connection that waits for notifications, and is made anew whenever it is lost.
 *
 * @module
 */
import postgres from "postgres";

export interface FeedListener {
  close(): Promise<void>;
}

/** How long after a loss, or a vain attempt, to try again. */
const RETRY_MS = 100;

/**
 * Listens for the transactions that the feed's triggers announce. The driver's own `listen()` would not do: it comes back
 * too, but lets notifications through before it says that it is back, and so out of order with what was missed.
 *
 * @param handlers.onListening is called each time that listening has begun. What was committed before may be missed.
 * @param handlers.onTransaction is called with the id of each transaction committed after that, in the order of commits.
 * @throws {Error} when the first attempt fails.
 */
export async function openFeedListener(
  url: string,
  handlers: { onListening(): void; onTransaction(id: string): void },
): Promise<FeedListener> {
  const stop = Promise.withResolvers<void>();
  let stopped = false;

  /** Listens until the connection is lost or nobody wants to hear more. */
  async function listenOnce(): Promise<void> {
    const lost = Promise.withResolvers<void>();
    let listening = false;
    const options = {
      max: 1,
      fetch_types: false,
      idle_timeout: 0,
      max_lifetime: null,
      onnotice: () => {},
      onclose: () => lost.resolve(),
      // What the driver's `listen()` is built on; its types leave it out.
      onnotify: (_channel: string, transaction: string) => {
        if (listening && !stopped) handlers.onTransaction(transaction);
      },
      connection: { application_name: "realtime" },
    };
    const sql = postgres(url, options);
    try {
      await sql`listen realtime_local_feed`;
      listening = true;
      handlers.onListening();
      await Promise.race([lost.promise, stop.promise]);
    } finally {
      listening = false;
      await sql.end({ timeout: 0 });
    }
  }

  async function listenAgain(): Promise<void> {
    while (!stopped) {
      const pause = Promise.withResolvers<void>();
      const timer = setTimeout(pause.resolve, RETRY_MS);
      await Promise.race([pause.promise, stop.promise]);
      clearTimeout(timer);
      if (!stopped) await listenOnce().catch(() => {});
    }
  }

  const started = Promise.withResolvers<void>();
  const { onListening } = handlers;
  handlers = {
    ...handlers,
    onListening(): void {
      onListening();
      started.resolve();
    },
  };
  const running = listenOnce().then(listenAgain, (error) => {
    started.reject(error);
  });
  await started.promise;
  return {
    async close(): Promise<void> {
      stopped = true;
      stop.resolve();
      await running;
    },
  };
}
