/**
 * Waits until a PostgreSQL answers.
 *
 * @module
 */
import postgres, { type Sql } from "postgres";

/** Recovery after a crash replays at most a few gigabytes: minutes. Milliseconds. */
const PATIENCE = 300_000;

/** A start that takes longer than this is worth a word. Milliseconds. */
const SLOW = 3_000;

/** SQLSTATE. */
const WRONG_PASSWORD = "28P01";

/** What is heard of a server that is coming up: SQLSTATE cannot_connect_now, and the driver's own codes. */
const NOT_YET = [
  "57P03",
  "ECONNREFUSED",
  "ECONNRESET",
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
];

/**
 * Resolves when the server behind `url` answers `select 1`.
 *
 * @throws {Error} when the process ends before, when the password is wrong, or when five minutes were not enough.
 */
export async function awaitReady(
  url: string,
  exited: Promise<number>,
  onProgress: (message: string) => void,
): Promise<void> {
  let exitCode: number | null = null;
  let probe: Sql | undefined;
  exited.then(async (code) => {
    exitCode = code;
    // Whoever else listens on the port may keep the probe waiting.
    await probe?.end({ timeout: 0 });
  });
  const begun = performance.now();
  let said = false;
  while (true) {
    probe = postgres(url, { max: 1, connect_timeout: 5, fetch_types: false, onnotice: () => {} });
    const answered = await answers(probe);
    if (exitCode !== null) throw new Error(`it ended with exit code ${exitCode}`);
    if (answered) return;
    const waited = performance.now() - begun;
    if (waited > PATIENCE) throw new Error("it does not answer");
    if (waited > SLOW && !said) {
      onProgress("Waiting for PostgreSQL, which may be recovering from a crash");
      said = true;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** False for a server that does not listen yet or still recovers; an error for one that will never let us in. */
async function answers(probe: Sql): Promise<boolean> {
  try {
    await probe`select 1`;
    return true;
  } catch (error) {
    const code = (error as { code?: string }).code ?? "";
    if (code === WRONG_PASSWORD) {
      throw new Error("the database knows another password than the one given (--fresh makes a new database)");
    }
    if (NOT_YET.includes(code)) return false;
    throw error;
  } finally {
    await probe.end({ timeout: 1 });
  }
}
