/**
 * The worker of the stand-in for pg_net. As there, a batch is one transaction: its requests leave the queue and its responses
 * appear together, when the slowest is done. So a request whose batch is cut short is sent again.
 *
 * @module
 */
import postgres, { type Sql, type TransactionSql } from "postgres";
import { createAlarm } from "./alarm.ts";
import { type QueuedRequest, sendRequest } from "./net_request.ts";
import { poolOptions } from "./pool_options.ts";

/** The worker looks at the queue at least so often: rows written by hand do not wake it. */
const POLL_MILLISECONDS = 1000;

/** What the worker needs. */
export interface NetWorkerOptions {
  readonly adminUrl: string;
  log(line: string): void;
}

/**
 * Starts to send what is committed to `net.http_request_queue`, and to drop responses when their time is over.
 *
 * @throws when the database cannot be reached now.
 */
export async function openNetWorker(options: NetWorkerOptions): Promise<{ close(): Promise<void> }> {
  const sql = postgres(options.adminUrl, poolOptions(1, "pg_net 0.20.4"));
  const alarm = createAlarm();
  const stop = new AbortController();
  try {
    await sql.listen("pg_net", alarm.ring, alarm.ring);
    await sql`select 1`;
  } catch (error) {
    await sql.end({ timeout: 0 });
    throw error;
  }

  async function work(): Promise<void> {
    let isAway = false;
    while (!stop.signal.aborted) {
      try {
        await sql.begin((transaction) => sendBatch(transaction, stop.signal));
        isAway = false;
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        if (!isAway && !stop.signal.aborted) options.log(`pg_net: cannot work on the queue: ${message}`);
        isAway = true;
      }
      if (!stop.signal.aborted) await alarm.wait(POLL_MILLISECONDS);
    }
  }

  const loop = work();
  return {
    async close(): Promise<void> {
      stop.abort(new Error("pg_net worker stopped"));
      alarm.ring();
      await loop;
      await sql.end({ timeout: 5 });
    },
  };
}

/** Sends what waits in the queue, up to `pg_net.batch_size`, all at once. */
async function sendBatch(sql: TransactionSql, stop: AbortSignal): Promise<void> {
  const requests = await sql<QueuedRequest[]>`
    with batch as (
      select id from net.http_request_queue order by id
       limit coalesce(current_setting('pg_net.batch_size', true)::integer, 200)
         for update skip locked
    )
    delete from net.http_request_queue as queue
     using batch where queue.id = batch.id
    returning queue.id, queue.method, queue.url, queue.timeout_milliseconds,
              convert_from(queue.body, 'UTF8') as body,
              (select jsonb_object_agg(key, value) filter (where value <> '')
                 from jsonb_each_text(queue.headers)) as headers`;
  if (requests.length === 0) return;
  await dropExpired(sql);
  const outcomes = await Promise.all(requests.map((request) => sendRequest(request, stop)));
  for (const outcome of outcomes) {
    const headers = outcome.headers === null ? null : JSON.stringify(outcome.headers);
    await sql`
      insert into net._http_response (id, status_code, content_type, headers, content, timed_out, error_msg)
      values (${outcome.id}, ${outcome.status_code}, ${outcome.content_type}, ${headers}::text::jsonb, ${outcome.content},
              ${outcome.timed_out}, ${outcome.error_msg})`;
  }
}

/** Responses live for `pg_net.ttl`. As in pg_net the dead ones go when the worker next has something to do. */
async function dropExpired(sql: Sql | TransactionSql): Promise<void> {
  await sql`
    delete from net._http_response
     where created < now() - coalesce(current_setting('pg_net.ttl', true), '6 hours')::interval`;
}
