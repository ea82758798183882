/**
 * Sends what the outbox holds. At least once: who crashed between sending and noting has it sent again, with the same id.
 *
 * @module
 */
import { refusedAddress, type Resolve, resolveName } from "@/lib/http/notice_address.ts";
import { noticeRequest } from "@/lib/http/notice_request.ts";
import type { Database } from "@/lib/ledger/database.ts";
import { type Notice, settleNotice, takeNotices } from "@/lib/ledger/notices.ts";
import { now, wallTime } from "./clock.ts";

/** How notices are sent. */
export interface NoticeOptions {
  /** Of each target by its name. Secrets. */
  readonly urls: ReadonlyMap<string, string>;
  /** They sign what is generic; none: nothing generic is sent. */
  readonly secrets: readonly string[];
  /** Whether http to 127.0.0.1 is allowed. */
  readonly isLocal: boolean;
  readonly resolve?: Resolve;
  /** ISO 8601; default the database's clock. */
  readonly at?: () => string;
  /** From 0 to 1. */
  readonly random?: () => number;
  /** How long one attempt may take. Milliseconds; default 5 000. */
  readonly deadline?: number;
}

/** What became of those that were due. */
export interface SentNotices {
  readonly sent: number;
  /** They are tried again, or given up. */
  readonly failed: number;
}

/** Of each target in one run. */
const EACH = 20;
/** What is left then is due again when its lease runs out, which is longer than this and one attempt. Milliseconds. */
const BUDGET = 20_000;
const BACKOFF_SECONDS = 30;
const BACKOFF_MAX_SECONDS = 3_600;

/**
 * Tries what is due once: targets beside each other, the notices of one after each other until it fails.
 *
 * @throws {VaultbookError} database_unavailable
 */
export async function sendNotices(database: Database, options: NoticeOptions): Promise<SentNotices> {
  const counts = { sent: 0, failed: 0 };
  const end = now() + BUDGET;
  const byTarget = Map.groupBy(await takeNotices(database, EACH, options.at?.()), ({ target }) => target);
  await Promise.all([...byTarget.values()].map(async (notices) => {
    let failure: Attempt | null = null;
    for (const notice of notices) {
      if (now() >= end) break;
      // What has just failed is not asked again for each of the others.
      const attempt: Attempt = failure ?? await tryOnce(notice, options);
      if (attempt.error !== null) failure = attempt;
      const retrySeconds = Math.max(attempt.retryAfter, backoff(notice.attempts, options.random ?? Math.random));
      await settleNotice(database, notice, { error: attempt.error, retrySeconds, now: options.at?.() });
      attempt.error === null ? counts.sent++ : counts.failed++;
    }
  }));
  return counts;
}

interface Attempt {
  /** A code; null: it was taken. */
  readonly error: string | null;
  /** Seconds. */
  readonly retryAfter: number;
}

async function tryOnce(notice: Notice, options: NoticeOptions): Promise<Attempt> {
  const url = options.urls.get(notice.target);
  if (url === undefined) return { error: "url_unset", retryAfter: 0 };
  const request = noticeRequest(notice, options.secrets, wallTime());
  if (request === null) return { error: "secret_unset", retryAfter: 0 };
  const refusal = await refusedAddress(url, options.resolve ?? resolveName, options.isLocal);
  if (refusal !== null) return { error: refusal, retryAfter: 0 };
  try {
    const signal = AbortSignal.timeout(options.deadline ?? 5_000);
    const response = await fetch(url, { method: "POST", ...request, redirect: "manual", signal });
    // Nothing it says is of use.
    await response.body?.cancel();
    if (response.ok) return { error: null, retryAfter: 0 };
    return { error: `status_${response.status}`, retryAfter: retryAfterOf(response) };
  } catch (error) {
    return { error: error instanceof DOMException ? "timed_out" : "unreachable", retryAfter: 0 };
  }
}

/** Seconds; an hour at most. */
function retryAfterOf(response: Response): number {
  const value = response.headers.get("retry-after") ?? "";
  // not an amount: seconds
  return /^\d{1,6}$/.test(value) ? Math.min(Number(value), BACKOFF_MAX_SECONDS) : 0;
}

/** Doubles with each attempt; up to half of it is left to chance, so that targets are not met all at once. */
function backoff(attempts: number, random: () => number): number {
  const longest = Math.min(BACKOFF_SECONDS * 2 ** (attempts - 1), BACKOFF_MAX_SECONDS);
  return longest * (1 - random() / 2);
}
