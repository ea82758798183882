/**
 * What the functions that a schedule calls refuse, each of them, with each of its codes.
 *
 * @module
 */
import { expect } from "expect";
import type { Hono } from "hono";
import { createMonitor } from "@/functions/monitor/app.ts";
import { readSettings as readMonitor } from "@/functions/monitor/settings.ts";
import { createReconcile } from "@/functions/reconcile/app.ts";
import { readSettings as readReconcile } from "@/functions/reconcile/settings.ts";
import { createSnapshot } from "@/functions/snapshot/app.ts";
import { readSettings as readSnapshot } from "@/functions/snapshot/settings.ts";
import { createSweep } from "@/functions/sweep/app.ts";
import { readSettings as readSweep } from "@/functions/sweep/settings.ts";
import { createTvl } from "@/functions/tvl/app.ts";
import { type ErrorCode, ERRORS } from "@/lib/domain/errors.ts";
import { fieldsOf, JOB_CODES } from "@/tasks/check/error_table.ts";
import { endsInTheMiddle } from "@/tests/support/api_description.ts";
import { PROGRAM } from "@/tests/support/raw_delivery.ts";

const SECRET = "the cron secret";
const NODE = "http://127.0.0.1:1/";
/** Nobody listens there. */
const AWAY = { SUPABASE_DB_URL: "postgres://postgres@127.0.0.1:1/postgres", CRON_SECRET: SECRET };

/** The functions, each with its settings; those that ask the chain, with and without a node. */
const FUNCTIONS = {
  sweep: (own: Environment) => opened(createSweep, readSweep({ VAULT_PROGRAM_ID: PROGRAM, ...own })),
  reconcile: (own: Environment) => opened(createReconcile, readReconcile({ VAULT_PROGRAM_ID: PROGRAM, ...own })),
  snapshot: (own: Environment) => opened(createSnapshot, readSnapshot(own)),
  tvl: (own: Environment) => opened(createTvl, readSnapshot(own)),
  monitor: (own: Environment) => opened(createMonitor, readMonitor(own)),
};

/** How each code is provoked; where nothing is said of it, as the schedule calls. */
const PROVOCATIONS: Readonly<Record<string, RequestInit & { more?: string; node?: string }>> = {
  body_invalid: { body: '{"nonsense": 1}' },
  body_too_large: { body: " ".repeat(100_000) },
  body_unreadable: {},
  database_unavailable: {},
  method_not_allowed: { method: "GET", body: null },
  not_found: { more: "/more" },
  rpc_unconfigured: { node: "" },
  unauthorized: { headers: { authorization: "Bearer another" } },
};

for (const [name, open] of Object.entries(FUNCTIONS)) {
  Deno.test(`POST /${name} refuses with each code that is said of it, its fields and its status`, async () => {
    const asksTheChain = ["sweep", "reconcile"].includes(name);
    const codes = JOB_CODES.filter((code) => code !== "rpc_unconfigured" || asksTheChain);
    for (const code of codes) {
      const provocation = PROVOCATIONS[code];
      if (!provocation) throw new Error(`Nobody knows how to provoke ${code}`);
      const { more = "", node = NODE, ...init } = provocation;
      const { app, logged, close } = open({ ...AWAY, SOLANA_RPC_URL: node });
      const response = await app.request(`/${name}${more}`, {
        method: "POST",
        headers: { authorization: `Bearer ${SECRET}` },
        body: code === "body_unreadable" ? endsInTheMiddle() : name === "snapshot" ? '{"type": "periodic"}' : "",
        ...init,
      });
      const { error } = await response.json() as { error: { code: ErrorCode; details: Record<string, unknown> } };
      expect([code, error.code, response.status]).toEqual([code, code, ERRORS[code].status]);
      expect([code, Object.keys(error.details).sort()]).toEqual([code, fieldsOf(code).sort()]);
      // What is the caller's own mistake is no error of ours.
      const hasErred = logged.some(({ level }) => level === "error");
      expect([code, hasErred]).toEqual([code, ERRORS[code].status >= 500]);
      await close();
    }
  });
}

type Environment = Readonly<Record<string, string>>;

interface Settings {
  readonly database: { close(): Promise<void> };
  readonly log: (entry: Record<string, unknown>) => void;
}

function opened<Own extends Settings>(
  create: (settings: Own) => Hono,
  settings: Own,
): { app: Hono; logged: Record<string, unknown>[]; close(): Promise<void> } {
  const logged: Record<string, unknown>[] = [];
  const app = create({ ...settings, log: (entry) => void logged.push(entry) });
  return { app, logged, close: () => settings.database.close() };
}
