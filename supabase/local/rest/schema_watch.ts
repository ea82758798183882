/**
 * Listens for `notify pgrst, 'reload schema'`, over any number of lost connections.
 *
 * @module
 */
import postgres from "postgres";

/** How long after a lost connection the next is tried, in milliseconds. */
const RETRY_MS = 500;

export interface SchemaWatch {
  /** Stops listening. */
  close(): Promise<void>;
}

/**
 * Calls `onReload` for every notification on the channel `pgrst` (whatever its payload: a reload is cheap and complete) and
 * whenever a lost connection is back, since notifications may have been missed. Resolves once it listens.
 *
 * npm:postgres has a `listen` of its own, but gives up when the server is not back at the first attempt.
 *
 * @throws when the first connection fails.
 */
export async function watchSchema(adminUrl: string, onReload: () => void): Promise<SchemaWatch> {
  let closed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt: Promise<void> = Promise.resolve();
  const options = {
    max: 1,
    max_lifetime: null,
    idle_timeout: 0,
    connect_timeout: 5,
    fetch_types: false,
    backoff: false,
    onnotice: () => {},
    onnotify: onReload,
    onclose: () => retryLater(),
    connection: { application_name: "vaultbook rest schema watch" },
  };
  const sql = postgres(adminUrl, options);

  function retryLater(): void {
    if (closed || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      attempt = sql.unsafe("listen pgrst").then(onReload, retryLater);
    }, RETRY_MS);
  }

  await sql.unsafe("listen pgrst").catch(async (error) => {
    closed = true;
    await sql.end({ timeout: 0 });
    throw error;
  });
  return {
    async close(): Promise<void> {
      closed = true;
      clearTimeout(timer);
      await sql.end({ timeout: 0 });
      await attempt;
    },
  };
}
