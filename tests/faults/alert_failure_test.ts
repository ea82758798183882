/**
 * Row 44: alerts cannot be raised.
 *
 * @module
 */
import { expect } from "expect";
import type { Sql } from "postgres";
import { createMonitor } from "@/functions/monitor/app.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import { apiTest } from "@/tests/support/api.ts";
import { vaultBalances } from "@/tests/support/ledger_state.ts";
import { events, key, logOf, rawTransaction, signature } from "@/tests/support/raw_delivery.ts";

const SECRET = "the cron secret";
const alice = key("alice");

/** Every alert fails from now on. */
async function breakAlerts(sql: Sql): Promise<void> {
  await sql.unsafe(`
    create function public.refuse_alert() returns trigger language plpgsql as
      $$ begin raise exception 'No alert today' using errcode = '22000'; end $$;
    create trigger refusing before insert on public.alerts for each row execute function public.refuse_alert()`);
}

apiTest(
  "row 44: while no alert can be raised ingest goes on, the monitor finds it out, and health tells until it is over",
  async (api) => {
    const database = openDatabase(api.url, { max: 1 });
    const app = createMonitor({
      database,
      cronSecret: SECRET,
      notices: { urls: new Map(), secrets: [], isLocal: false },
      log: () => {},
    });
    const look = async (): Promise<Record<string, unknown>> => {
      const response = await app.request("/monitor", {
        method: "POST",
        headers: { authorization: `Bearer ${SECRET}` },
      });
      const { error, code, status } = await response.json();
      return { http: response.status, code: error?.code ?? code, status };
    };
    const health = async (): Promise<Record<string, unknown>> => (await api.ask("/health")).body;
    try {
      await api.sql`update public.job_schedules set enabled = false`;
      await api.deliver(rawTransaction({ signature: signature("open"), logs: logOf(events.initialise(alice)) }));
      expect(await look()).toMatchObject({ http: 200, status: "done" });
      expect(await health()).toMatchObject({
        status: "ok",
        checks: { last_monitor: { status: "done" }, failed_alerts: 0 },
      });

      await breakAlerts(api.sql);
      // Nothing that is worth an alert happens: only the trial shows it.
      expect(await look()).toMatchObject({ http: 503, code: "alerting_failed" });
      expect(await health()).toMatchObject({
        status: "degraded",
        checks: { last_monitor: { status: "failed", code: "alerting_failed" }, failed_alerts: 1 },
      });
      await api.deliver(rawTransaction({
        signature: signature("large"),
        slot: 2,
        logs: logOf(events.deposit(alice, 20_000_000_000n, 20_000_000_000n)),
      }));
      expect(await vaultBalances(api.sql, alice)).toEqual(["20000000000", "0", "20000000000", "20000000000", "0"]);
      const failures = await api.sql`select code, message from vaultbook.alert_failures order by id`;
      expect([...failures]).toEqual([
        { code: "22000", message: "No alert today" },
        { code: "22000", message: "No alert today" },
      ]);
      const [run] = await api.sql`select status, code from public.job_runs order by started_at desc limit 1`;
      expect(run).toEqual({ status: "failed", code: "alerting_failed" });

      await api.sql.unsafe("drop trigger refusing on public.alerts");
      expect(await look()).toMatchObject({ http: 200, status: "done" });
      expect(await health()).toMatchObject({ checks: { last_monitor: { status: "done", code: null } } });
      expect(await api.sql`select subject from public.alerts where subject like 'probe %'`).toHaveLength(0);
    } finally {
      await database.close();
    }
  },
);
