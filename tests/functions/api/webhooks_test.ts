import { expect } from "expect";
import { apiTest, type TestApi, WEBHOOK_SECRET as SECRET } from "@/tests/support/api.ts";
import { openAlerts, vaultBalances } from "@/tests/support/ledger_state.ts";
import { bodyOf, events, key, logOf, rawTransaction, signature } from "@/tests/support/raw_delivery.ts";

const alice = key("alice");

/** Deliveries kept, newest last, as text. */
async function deliveries(sql: TestApi["sql"]): Promise<string[]> {
  const rows = await sql<{ body: Uint8Array }[]>`select body from vaultbook.deliveries order by id`;
  return rows.map(({ body }) => new TextDecoder().decode(body));
}

apiTest("POST /api/webhooks/helius applies a delivery and answers per signature", async ({ post, sql }) => {
  const one = {
    signature: signature("one"),
    slot: 1,
    logs: logOf(events.initialise(alice), events.deposit(alice, 20_000_000_000n, 20_000_000_000n)),
  };
  const response = await post(
    bodyOf(rawTransaction(one), rawTransaction({ signature: signature("two"), logs: logOf() })),
  );
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    received: 2,
    applied: 1,
    duplicate: 0,
    ignored: 1,
    failed: 0,
    parked: 0,
    quarantined: 0,
    conflict: 0,
    results: [
      { signature: signature("one"), outcome: "applied" },
      { signature: signature("two"), outcome: "ignored", code: "no_vault_event" },
    ],
  });
  expect(await vaultBalances(sql, alice)).toEqual(["20000000000", "0", "20000000000", "20000000000", "0"]);
  expect(await openAlerts(sql)).toEqual([`large_tx ${alice.slice(0, 8)} × 1`]);
  const snapshots = await sql`select vault_owner, total_balance, snapshot_type from public.balance_snapshots`;
  expect([...snapshots]).toEqual([{ vault_owner: alice, total_balance: "20000000000", snapshot_type: "event" }]);
});

apiTest("POST /api/webhooks/helius refuses a wrong secret with 401 and keeps nothing", async ({ post, sql, lines }) => {
  for (
    const headers of [{}, { authorization: "" }, { authorization: "wrong" }, { authorization: `Bearer ${SECRET}` }]
  ) {
    const response = await post(bodyOf(), headers as Record<string, string>);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({
      error: { code: "unauthorized", request_id: response.headers.get("x-request-id") },
    });
  }
  expect(await deliveries(sql)).toEqual([]);
  expect(lines.join()).not.toContain(SECRET);
});

apiTest("POST /api/webhooks/helius accepts each of several secrets", async ({ post }) => {
  expect((await post(bodyOf(), { authorization: "an older secret" })).status).toBe(200);
});

apiTest("POST /api/webhooks/helius refuses everybody while no secret is set", async ({ post }) => {
  for (const authorization of ["", ",", "undefined", SECRET]) {
    expect((await post(bodyOf(), { authorization })).status).toBe(401);
  }
}, { HELIUS_WEBHOOK_SECRETS: " , " });

apiTest("POST /api/webhooks/helius refuses 11 MiB with 413, announced or not", async ({ post, sql }) => {
  const body = new Uint8Array(11 * 1024 * 1024);
  const announced = await post(body);
  expect(announced.status).toBe(413);
  expect(await announced.json()).toMatchObject({
    error: { code: "body_too_large", details: { limit_bytes: 10 * 1024 * 1024 } },
  });
  const parts = new Blob([body]).stream();
  expect((await post(parts)).status).toBe(413);
  expect(await deliveries(sql)).toEqual([]);
});

apiTest(
  "POST /api/webhooks/helius keeps a body that is no JSON, byte for byte, and answers 200",
  async ({ post, sql }) => {
    const broken: [Uint8Array<ArrayBuffer>, string][] = [
      [new TextEncoder().encode("{"), "not_json"],
      [Uint8Array.of(0x5b, 0x22, 0xc3, 0x28, 0x22, 0x5d), "not_utf8"],
      [Uint8Array.of(0xff, 0xfe, 0x5b, 0x00, 0x5d, 0x00), "not_utf8"],
      [new TextEncoder().encode('"text"'), "not_an_array"],
      [new Uint8Array(), "not_json"],
    ];
    for (const [body, code] of broken) {
      const response = await post(body);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({
        received: 1,
        quarantined: 1,
        results: [{ signature: null, outcome: "quarantined", code }],
      });
      const [kept] = await sql<{ body: Uint8Array }[]>`select body from vaultbook.deliveries order by id desc limit 1`;
      expect(new Uint8Array(kept?.body ?? [])).toEqual(body);
    }
    expect(await openAlerts(sql)).toEqual(["quarantined inbox × 5"]);
    // The same again is a repetition, not another item.
    await post(broken[0]?.[0] ?? "");
    const [count] = await sql`select count(*) from vaultbook.inbox`;
    expect(count?.count).toBe("5");
  },
);

apiTest("POST /api/webhooks/helius answers an empty array with 200 and nothing received", async ({ post, sql }) => {
  const response = await post("[]");
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ received: 0, results: [] });
  expect(await deliveries(sql)).toEqual(["[]"]);
});

apiTest(
  "POST /api/webhooks/helius applies a delivery whose memo holds a NUL and half a surrogate pair",
  async ({ post, sql }) => {
    const logs = [
      "Program Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo invoke [1]",
      'Program log: Memo (len 3): "\u0000\ud800"',
      "Program Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo success",
      ...logOf(events.initialise(alice), events.deposit(alice, 5n, 5n)),
    ];
    const body = JSON.stringify([rawTransaction({ logs })]);
    const response = await post(body);
    expect(await response.json()).toMatchObject({ applied: 1 });
    expect(await deliveries(sql)).toEqual([body]);
    expect(await vaultBalances(sql, alice)).toEqual(["5", "0", "5", "5", "0"]);
  },
);

apiTest(
  "POST /api/webhooks/helius quarantines an amount over 2^63 − 1 and applies its neighbours",
  async ({ post, sql }) => {
    const response = await post(bodyOf(
      rawTransaction({ slot: 1, logs: logOf(events.initialise(alice)) }),
      rawTransaction({ slot: 2, logs: logOf(events.deposit(alice, 2n ** 63n, 2n ** 63n)) }),
      rawTransaction({ slot: 3, logs: logOf(events.deposit(alice, 2n ** 63n - 1n, 2n ** 63n - 1n)) }),
    ));
    expect(await response.json()).toMatchObject({
      applied: 2,
      quarantined: 1,
      results: [{ outcome: "applied" }, { outcome: "quarantined", code: "amount_out_of_range" }, {
        outcome: "applied",
      }],
    });
    expect(await vaultBalances(sql, alice)).toEqual([
      "9223372036854775807",
      "0",
      "9223372036854775807",
      "9223372036854775807",
      "0",
    ]);
  },
);

apiTest("POST /api/webhooks/helius stores a delivery whatever its content type says", async ({ post }) => {
  for (const type of ["text/plain", "application/octet-stream", "multipart/form-data", "nonsense"]) {
    expect((await post(bodyOf(), { authorization: SECRET, "content-type": type })).status).toBe(200);
  }
});

apiTest("/api/webhooks/helius answers other methods with 405 and other paths with 404", async ({ request }) => {
  for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
    const response = await request("/api/webhooks/helius", { method, headers: { authorization: SECRET } });
    expect([method, response.status, response.headers.get("allow")]).toEqual([method, 405, "POST"]);
    expect(await response.json()).toMatchObject({ error: { code: "method_not_allowed" } });
  }
  const missing = await request("/api/nowhere");
  expect(missing.status).toBe(404);
  expect(await missing.json()).toMatchObject({ error: { code: "not_found", details: { path: "/api/nowhere" } } });
});

apiTest(
  "POST /api/webhooks/helius answers 503 with Retry-After while the database is away, and loses nothing of what comes again",
  async ({ post, sql }) => {
    const body = bodyOf(rawTransaction({ logs: logOf(events.initialise(alice)) }));
    await post(bodyOf());
    const [name] = await sql`select current_database() as name`;
    await sql.unsafe(`alter database ${name?.name} with connection limit 0`);
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres' and datname = current_database()`;
    const response = await post(body);
    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("5");
    expect(await response.json()).toMatchObject({ error: { code: "database_unavailable" } });
    await sql.unsafe(`alter database ${name?.name} with connection limit -1`);
    expect(await (await post(body)).json()).toMatchObject({ applied: 1 });
  },
);

apiTest(
  "POST /api/webhooks/helius quarantines what fails in an unforeseen way and applies its neighbours",
  async ({ post, sql }) => {
    // A constraint that nobody foresaw stands for a mistake of ours.
    await sql`alter table public.transactions add constraint transactions_unforeseen check (amount <> 13)`;
    const response = await post(bodyOf(
      rawTransaction({ slot: 1, logs: logOf(events.initialise(alice)) }),
      rawTransaction({ slot: 2, logs: logOf(events.deposit(alice, 13n, 13n)) }),
      rawTransaction({ slot: 3, logs: logOf(events.deposit(alice, 7n, 7n)) }),
    ));
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      results: [{ outcome: "applied" }, { outcome: "quarantined", code: "unexpected_error" }, { outcome: "applied" }],
    });
    expect(await vaultBalances(sql, alice)).toEqual(["7", "0", "7", "7", "0"]);
  },
);

apiTest(
  "POST /api/webhooks/helius applies what an alert fails on, and health tells of the failure",
  async ({ post, request, sql }) => {
    await sql`alter table public.alerts add constraint alerts_broken check (alert_type <> 'large_tx')`;
    const response = await post(
      bodyOf(
        rawTransaction({
          logs: logOf(events.initialise(alice), events.deposit(alice, 20_000_000_000n, 20_000_000_000n)),
        }),
      ),
    );
    expect(await response.json()).toMatchObject({ applied: 1, quarantined: 0 });
    expect(await vaultBalances(sql, alice)).toEqual(["20000000000", "0", "20000000000", "20000000000", "0"]);
    expect(await (await request("/api/health")).json()).toMatchObject({
      status: "degraded",
      checks: { failed_alerts: 1 },
    });
  },
);

apiTest("GET /api/health tells ok after a delivery, degraded before", async ({ request, post, sql }) => {
  await sql`update public.job_schedules set changed_at = now()`;
  expect(await (await request("/api/health")).json()).toMatchObject({
    status: "degraded",
    checks: { ingest_lag_seconds: null },
  });
  await post(bodyOf());
  const response = await request("/api/health");
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ status: "ok", checks: { database: "ok", open_critical_alerts: 0 } });
});

apiTest("GET /api/health answers 503 when the database is down", async ({ request }) => {
  const response = await request("/api/health");
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ status: "down", checks: { database: "unreachable" } });
}, { SUPABASE_DB_URL: "postgres://postgres@127.0.0.1:1/postgres" });
