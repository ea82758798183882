/**
 * Notices: alerts told to a real receiver over HTTP, from the outbox of a real database.
 *
 * @module
 */
import { expect } from "expect";
import type { Sql } from "postgres";
import { Webhook } from "standardwebhooks";
import { type NoticeOptions, sendNotices, type SentNotices } from "@/functions/monitor/notices.ts";
import { type Database, openDatabase } from "@/lib/ledger/database.ts";
import { takeNotices } from "@/lib/ledger/notices.ts";
import { openTestDatabase } from "@/tests/support/database.ts";

const SECRETS = ["whsec_" + btoa("a".repeat(32)), "whsec_" + btoa("b".repeat(32))];

interface Received {
  readonly headers: Record<string, string>;
  readonly body: string;
}

interface Stage {
  readonly sql: Sql;
  readonly database: Database;
  readonly received: Received[];
  /** Of the receiver. */
  readonly url: string;
  /** What the receiver answers. */
  answer: () => Response | Promise<Response>;
  raise(type: string, subject?: string): Promise<void>;
  /** Sends what is due so many seconds from now. */
  send(seconds?: number, options?: Partial<NoticeOptions>): Promise<SentNotices>;
  outbox(): Promise<string[]>;
}

function noticesTest(name: string, run: (stage: Stage) => Promise<void>): void {
  Deno.test(name, async () => {
    const test = await openTestDatabase();
    const database = openDatabase(test.url, { max: 5 });
    const received: Received[] = [];
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
      received.push({ headers: Object.fromEntries(request.headers), body: await request.text() });
      return await stage.answer();
    });
    const url = `http://127.0.0.1:${server.addr.port}/`;
    const began = Date.now();
    const stage: Stage = {
      ...{ sql: test.admin, database, received, url, answer: () => new Response() },
      async raise(type, subject = "s"): Promise<void> {
        await test.admin`select vaultbook.raise_alerts(array[
          row (${type}, ${subject}, null, 'A <b> & c', '{"amount":"9007199254740993"}')::vaultbook.occurrence])`;
      },
      send: (seconds = 1, options = {}) =>
        sendNotices(database, {
          ...{ urls: new Map([["desk", url], ["chat", url]]), secrets: SECRETS, isLocal: true, random: () => 0 },
          at: () => new Date(began + 5_000 + seconds * 1000).toISOString(),
          ...options,
        }),
      outbox: async () =>
        (await test.admin`select target, occasion, status, last_error from vaultbook.notices order by created_at, 1, 2`)
          .map((row) => [row.target, row.occasion, row.status, row.last_error ?? ""].join(" ").trim()),
    };
    try {
      await test
        .admin`insert into public.notice_targets (name, kind, min_severity) values ('desk', 'generic', 'warning')`;
      await run(stage);
    } finally {
      await server.shutdown();
      await database.close();
      await test.close();
    }
  });
}

noticesTest("what opens, becomes louder and is over is told once each, signed by every secret", async (stage) => {
  await stage.raise("job_failed");
  await stage.raise("job_failed");
  await stage.sql`select vaultbook.escalate_alerts(now() + interval '7 hours')`;
  await stage.sql`update public.alerts set resolved_at = now()`;
  expect(await stage.send()).toEqual({ sent: 3, failed: 0 });
  expect(await stage.send(5000)).toEqual({ sent: 0, failed: 0 });
  const types = stage.received.map(({ headers, body }) => {
    for (const secret of SECRETS) new Webhook(secret).verify(body, headers);
    expect(() => new Webhook(SECRETS[0] ?? "").verify(body + " ", headers)).toThrow();
    const { type, data } = JSON.parse(body);
    expect(data.data.amount).toBe("9007199254740993");
    return type;
  });
  expect(types.sort()).toEqual(["alert.escalated", "alert.opened", "alert.resolved"]);
  expect(new Set(stage.received.map(({ headers }) => headers["webhook-id"])).size).toBe(3);
});

noticesTest("each target is told of its severities and types; Slack takes no markup from a message", async (stage) => {
  await stage.sql`insert into public.notice_targets (name, kind, min_severity, alert_types)
    values ('chat', 'slack', 'info', '{vault_closed}')`;
  for (const type of ["vault_closed", "failed_tx", "large_tx"]) await stage.raise(type);
  expect((await stage.outbox()).sort()).toEqual(["chat opened due", "desk opened due"]);
  await stage.send();
  const slack = stage.received.map(({ body }) => JSON.parse(body)).find(({ blocks }) => blocks);
  expect(slack.text).toBe("[INFO] vault_closed opened: A &lt;b&gt; &amp; c");
});

noticesTest("a receiver that is busy is asked again when it said, with the same id", async (stage) => {
  await stage.raise("failed_tx");
  stage.answer = () => new Response("", { status: 429, headers: { "retry-after": "600" } });
  expect(await stage.send()).toEqual({ sent: 0, failed: 1 });
  stage.answer = () => new Response();
  expect(await stage.send(590)).toEqual({ sent: 0, failed: 0 });
  expect(await stage.send(610)).toEqual({ sent: 1, failed: 0 });
  expect(new Set(stage.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
});

noticesTest("who crashed after taking a notice has it sent again, and two senders at once send once", async (stage) => {
  await stage.raise("failed_tx");
  expect((await takeNotices(stage.database, 20, new Date(Date.now() + 5_000).toISOString())).length).toBe(1);
  expect(await stage.send(30)).toEqual({ sent: 0, failed: 0 });
  const both = await Promise.all([stage.send(120), stage.send(120), stage.send(120)]);
  expect(both.reduce((sum, { sent }) => sum + sent, 0)).toBe(1);
  expect(stage.received.length).toBe(1);
});

noticesTest("no secret, a redirect and an address inside are refused, and that is on record", async (stage) => {
  await stage.raise("failed_tx");
  const tries: [Partial<NoticeOptions>, string][] = [
    [{ secrets: [] }, "secret_unset"],
    [{ urls: new Map() }, "url_unset"],
    [{ isLocal: false }, "url_not_https"],
    ...["10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "[::1]", "[fd00::1]", "2130706433", "0x7f.1"].map((
      host,
    ): [Partial<NoticeOptions>, string] => [{ urls: new Map([["desk", `https://${host}/`]]) }, "address_not_public"]),
    [
      { urls: new Map([["desk", "https://a.example/"]]), resolve: () => Promise.resolve(["8.8.8.8", "10.0.0.1"]) },
      "address_not_public",
    ],
    [{ urls: new Map([["desk", "https://u:p@a.example/"]]) }, "url_has_credentials"],
  ];
  for (const [options, error] of tries) {
    await stage.sql`update vaultbook.notices set due_at = now(), attempts = 0`;
    expect(await stage.send(1, options)).toEqual({ sent: 0, failed: 1 });
    expect(await stage.outbox()).toEqual([`desk opened due ${error}`]);
  }
  expect(stage.received.length).toBe(0);
  stage.answer = () => new Response("", { status: 302, headers: { location: stage.url } });
  await stage.sql`update vaultbook.notices set due_at = now()`;
  await stage.send();
  expect(stage.received.length).toBe(1);
  expect(await stage.outbox()).toEqual(["desk opened due status_302"]);
});

noticesTest("what cannot be delivered is given up, which others hear of, but not that target", async (stage) => {
  await stage.sql`insert into public.notice_targets (name, kind) values ('chat', 'slack')`;
  await stage.sql`update public.notice_targets set alert_types = '{job_failed}' where name = 'chat'`;
  await stage.raise("failed_tx");
  const urls = new Map([["desk", "http://127.0.0.1:1/"], ["chat", stage.url]]);
  for (let day = 0, tries = 0; tries < 13; tries++, day += 4000) await stage.send(day, { urls });
  expect(await stage.outbox()).toEqual(["desk opened dead unreachable", "chat opened sent"]);
});

noticesTest("a slow target holds up no other", async (stage) => {
  await stage.sql`insert into public.notice_targets (name, kind) values ('chat', 'slack')`;
  await stage.raise("failed_tx");
  const slow = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const urls = new Map([["desk", `http://127.0.0.1:${slow.addr.port}/`], ["chat", stage.url]]);
  expect(await stage.send(1, { urls, deadline: 300 })).toEqual({ sent: 1, failed: 1 });
  slow.close();
  expect((await stage.outbox()).sort()).toEqual(["chat opened sent", "desk opened due timed_out"]);
});

noticesTest(
  "a storm of 10 000 alerts is told as far as the rule tells, and a failing outbox stops no alert",
  async (stage) => {
    const storm = (prefix: string): Promise<unknown> =>
      stage.sql`select vaultbook.raise_alerts(array_agg(
      row ('failed_tx', ${prefix} || n, null, 'm', '{}')::vaultbook.occurrence)) from generate_series(1, 10000) as n`;
    await storm("a");
    expect((await stage.outbox()).length).toBe(100);
    await stage.sql`update public.alerts set resolved_at = now()`;
    expect((await stage.outbox()).length).toBe(200);
    await stage.sql`alter table vaultbook.notices add constraint broken check (occasion = 'never') not valid`;
    await stage.raise("conflict");
    expect((await stage.sql`select from public.alerts where alert_type = 'conflict'`).length).toBe(1);
    expect((await stage.sql`select from vaultbook.alert_failures`).length).toBe(1);
  },
);
