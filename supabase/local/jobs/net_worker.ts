/**
 * The worker of the stand-in for pg_net. As there, a batch is one transaction: its requests leave the queue and its responses
 * appear together, when the slowest is done. So a request whose batch is cut short is sent again.
 *
 * @module
 */
import type { TransactionSql } from "postgres";
import { createAlarm } from "./alarm.ts";
import { openDatabase } from "./database.ts";
import { type QueuedRequest, sendRequest } from "./net_request.ts";

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
  const alarm = createAlarm();
  const stop = new AbortController();
  const target = { url: options.adminUrl, max: 1, name: "pg_net 0.20.4", channel: "pg_net" };
  const database = await openDatabase({ ...target, onSignal: alarm.ring });

  async function work(): Promise<void> {
    let isAway = false;
    while (!stop.signal.aborted) {
      try {
        await database.run((sql, extend) => sql.begin((batch) => sendBatch(batch, extend, stop.signal)));
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
      await database.close();
    },
  };
}

/** How long the database may take for what it does after the requests. */
const STORING_MILLISECONDS = 20_000;

/** Sends what waits in the queue, up to `pg_net.batch_size`, all at once. `extend` puts off when the database counts as away. */
async function sendBatch(
  sql: TransactionSql,
  extend: (milliseconds: number) => void,
  stop: AbortSignal,
): Promise<void> {
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
  extend(Math.max(...requests.map((request) => request.timeout_milliseconds || Infinity)) + STORING_MILLISECONDS);
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
async function dropExpired(sql: TransactionSql): Promise<void> {
  await sql`
    delete from net._http_response
     where created < now() - coalesce(current_setting('pg_net.ttl', true), '6 hours')::interval`;
}
