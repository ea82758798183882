import { expect } from "expect";
import { apiTest, operator, ownerOf, SERVICE, type TestApi } from "@/tests/support/api.ts";
import { events, key, logOf, rawTransaction, signature } from "@/tests/support/raw_delivery.ts";

const [alice, bob] = [key("alice"), key("bob")];
const LARGE = 20_000_000_000n;

/** A large deposit of each, and one alert of the system. */
async function openBook({ deliver, sql }: TestApi): Promise<void> {
  await deliver(
    rawTransaction({ slot: 1, logs: logOf(events.initialise(alice), events.initialise(bob)) }),
    rawTransaction({ signature: signature("a"), slot: 2, logs: logOf(events.deposit(alice, LARGE, LARGE)) }),
    rawTransaction({ signature: signature("b"), slot: 3, logs: logOf(events.deposit(bob, LARGE, LARGE)) }),
  );
  await sql`select vaultbook.raise_alerts(array[row ('job_failed', 'sweep', null, 'Job sweep failed', '{}')::vaultbook.occurrence])`;
}

apiTest("GET /api/alerts gives owners their own alerts, operators and the service all", async (api) => {
  await openBook(api);
  const seen = async (headers: HeadersInit, query = ""): Promise<string[]> => {
    const { status, body } = await api.ask(`/alerts${query}`, headers);
    expect(status).toBe(200);
    return body.alerts.map((alert: Record<string, string>) => `${alert.severity} ${alert.alert_type} ${alert.subject}`)
      .sort();
  };
  const all = [`info large_tx ${alice}`, `info large_tx ${bob}`, "warning job_failed sweep"].sort();
  expect(await seen(await ownerOf(alice))).toEqual([`info large_tx ${alice}`]);
  expect(await seen(await operator())).toEqual(all);
  expect(await seen(SERVICE)).toEqual(all);
  expect(await seen(SERVICE, "?severity=warning")).toEqual(["warning job_failed sweep"]);
  expect(await seen(SERVICE, "?type=large_tx")).toHaveLength(2);
  expect(await seen(SERVICE, "?acknowledged=true")).toEqual([]);
});

apiTest("GET /api/alerts pages from the newest on, stable while alerts come in", async (api) => {
  await openBook(api);
  await api.sql`update public.alerts set created_at = now() - interval '1 hour'`;
  const ids = new Set<string>();
  let cursor = "";
  for (let page = 0; page < 3; page++) {
    const { body } = await api.ask(`/alerts?limit=1${cursor}`, SERVICE);
    expect(body.alerts).toHaveLength(1);
    ids.add(body.alerts[0].id);
    expect(body.next_cursor === null).toBe(page === 2);
    cursor = `&cursor=${body.next_cursor}`;
    await api.sql`
      select vaultbook.raise_alerts(array[row ('job_failed', ${`job ${page}`}, null, 'Failed', '{}')::vaultbook.occurrence])`;
  }
  expect(ids.size).toBe(3);
});

apiTest("POST /api/alerts/:id/acknowledge is for whoever sees the alert; the first stays on record", async (api) => {
  await openBook(api);
  const [{ id } = { id: "" }] = await api.sql<
    { id: string }[]
  >`select id from public.alerts where vault_owner = ${alice}`;
  const acknowledge = async (headers: HeadersInit, alert = id): Promise<[number, string, string | undefined]> => {
    const { status, body } = await api.ask(`/alerts/${alert}/acknowledge`, headers, { method: "POST" });
    return [status, body.error?.code ?? body.acknowledged, body.acknowledged_by];
  };
  const unknown = [404, "alert_unknown", undefined];
  expect(await acknowledge({})).toEqual([401, "unauthorized", undefined]);
  expect(await acknowledge(await ownerOf(bob))).toEqual(unknown);
  expect(await acknowledge(SERVICE, crypto.randomUUID())).toEqual(unknown);
  expect(await acknowledge(SERVICE, "x")).toEqual([400, "parameter_invalid", undefined]);
  expect((await api.ask("/alerts?acknowledged=true", SERVICE)).body.alerts).toEqual([]);
  expect(await acknowledge(await ownerOf(alice))).toEqual([200, true, alice]);
  expect(await acknowledge(await operator())).toEqual([200, true, alice]);
  expect((await api.ask("/alerts?acknowledged=true", SERVICE)).body.alerts).toHaveLength(1);
});

apiTest("an operator acknowledges by the user's id, the service as service", async (api) => {
  await openBook(api);
  const rows = await api.sql<
    { id: string }[]
  >`select id from public.alerts where alert_type = 'large_tx' order by vault_owner`;
  const by = [];
  for (const [i, headers] of [await operator(), SERVICE].entries()) {
    const { body } = await api.ask(`/alerts/${rows[i]?.id}/acknowledge`, headers, { method: "POST" });
    by.push(body.acknowledged_by);
  }
  expect(by).toEqual(["00000000-0000-4000-8000-000000000001", "service"]);
});
