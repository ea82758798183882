/**
 * Stands in for Helius' sender: the configured secret verbatim in `Authorization`, three retries one second apart, then nothing.
 *
 * @module
 */
import type { RawItem } from "./transaction_json.ts";

export interface DelivererOptions {
  readonly url: string;
  /** Sent as it is; Helius adds no "Bearer". */
  readonly secret: string;
  /** How long to wait for an answer. Helius gives one second; a busy laptop gets five. */
  readonly timeoutMs?: number;
  /** How long to wait before each of the three retries; default 1000. */
  readonly retryDelayMs?: number;
  /** Told of every delivery that was lost. */
  readonly log?: (line: string) => void;
}

/** How many deliveries (not transactions) came to what. */
export interface DeliveryCounters {
  readonly delivered: number;
  /** Attempts after the first. */
  readonly retried: number;
  readonly lost: number;
}

/** A sender. */
export interface Deliverer {
  /** Posts the items as one delivery. Resolves to true once answered with 2xx, to false when given up; never rejects. */
  deliver(items: readonly RawItem[]): Promise<boolean>;
  counters(): DeliveryCounters;
  /** Gives up whatever is under way, and waits until nothing is. What is given up so counts as lost. */
  close(): Promise<void>;
}

const RETRIES = 3;

/** A sender to one webhook. Deliveries do not wait for each other, as at Helius. */
export function createDeliverer(options: DelivererOptions): Deliverer {
  const { url, secret, timeoutMs = 5000, retryDelayMs = 1000, log = () => {} } = options;
  const closing = new AbortController();
  const underWay = new Set<Promise<boolean>>();
  const counters = { delivered: 0, retried: 0, lost: 0 };

  /** One attempt: "done", "again", or "never" after a 403, which Helius takes for a final no. */
  async function attempt(body: string): Promise<{ verdict: "done" | "again" | "never"; reason: string }> {
    try {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: secret },
        body,
        redirect: "manual",
        signal: AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]),
      });
      await response.body?.cancel();
      const reason = `status ${response.status}`;
      if (response.ok) return { verdict: "done", reason };
      return { verdict: response.status === 403 ? "never" : "again", reason };
    } catch (error) {
      return { verdict: "again", reason: error instanceof Error ? error.message : String(error) };
    }
  }

  async function send(items: readonly RawItem[]): Promise<boolean> {
    const body = JSON.stringify(items);
    let last = await attempt(body);
    for (let retry = 0; retry < RETRIES && last.verdict === "again" && !closing.signal.aborted; retry++) {
      await pause(retryDelayMs, closing.signal);
      if (closing.signal.aborted) break;
      counters.retried++;
      last = await attempt(body);
    }
    const delivered = last.verdict === "done";
    counters[delivered ? "delivered" : "lost"]++;
    if (!delivered) log(`Webhook delivery of ${items.length} lost for good: ${last.reason}`);
    return delivered;
  }

  return {
    deliver(items): Promise<boolean> {
      const sending = send(items);
      underWay.add(sending);
      return sending.finally(() => underWay.delete(sending));
    },
    counters: () => ({ ...counters }),
    async close(): Promise<void> {
      closing.abort();
      await Promise.all(underWay);
    },
  };
}

/** Waits so many milliseconds, or until the signal. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
  });
}
