/**
 * The stage of the sweep's tests with the reconciliation on it.
 *
 * @module
 */
import { reconcile, type ReconcileOptions } from "@/functions/reconcile/reconcile.ts";
import { createNode } from "@/lib/chain/rpc.ts";
import type { RpcOptions } from "@/lib/chain/rpc_transport.ts";
import type { JobReport } from "@/lib/ledger/jobs.ts";
import { USDT_MINT } from "@/supabase/local/demo/address.ts";
import type { FaultName } from "@/supabase/local/demo/faults.ts";
import { SLOT_MS } from "@/supabase/local/demo/slots.ts";
import { program, type SweepStage, sweepTest } from "./sweeping.ts";

/** How a test reconciles. */
export interface ReconcileAsked extends Pick<ReconcileOptions, "owners" | "limit" | "onProgress"> {
  /** Nodes to ask; default the stage's first. */
  readonly urls?: readonly string[];
  /** Of all calls together, in milliseconds; default a minute. */
  readonly budget?: number;
  readonly rpc?: Partial<RpcOptions>;
}

/** Reconciles the stage's book with its chain, whose clock runs while the reconciliation waits. */
export async function reconcileOn(
  { node, database }: Pick<SweepStage, "node" | "database">,
  { urls = [node.url], budget = 60_000, rpc = {}, ...asked }: ReconcileAsked = {},
): Promise<JobReport> {
  const nodes = urls.map((url) => createNode({ url, budget, sleep: () => Promise.resolve(), ...rpc }));
  return await reconcile({
    ...{ database, program, mint: USDT_MINT, nodes, now: node.now },
    sleep: (milliseconds) => Promise.resolve(node.waitSlots(Math.ceil(milliseconds / SLOT_MS))),
    ...asked,
  });
}

/** Runs a test on a stage whose sweep has just been; every named fault must strike. */
export function reconcileTest(
  name: string,
  faults: readonly FaultName[],
  run: (stage: SweepStage, reconciled: (asked?: ReconcileAsked) => Promise<string>) => Promise<void>,
  options: { transactions?: number; traders?: number } = { transactions: 20 },
): void {
  sweepTest(name, faults, async (stage) => {
    await stage.hear({ batch: 20 });
    await stage.sweep();
    await run(stage, async (asked) => summary(await reconcileOn(stage, asked)));
  }, options);
}

/** How a run ended, in a line: status, code, and what came of the vaults. */
export function summary({ status, code, counts }: JobReport): string {
  const told = ["matched", "fixed", "mismatched", "behind"].filter((name) => (counts[name] ?? 0) > 0)
    .map((name) => `${name} ${counts[name]}`);
  return [status, ...(code === undefined ? [] : [code]), ...told].join(" ");
}

/** The findings that are no plain match, oldest first: whose, difference, whether it was fixed. */
export async function findings({ sql }: Pick<SweepStage, "sql">): Promise<string[]> {
  const rows = await sql`
    select coalesce(vault_owner, 'system') as owner, difference, auto_fixed from public.reconciliation_logs
     where difference <> 0 or auto_fixed order by created_at, vault_owner is null`;
  return rows.map(({ owner, difference, auto_fixed }) => `${owner} ${difference}${auto_fixed ? " fixed" : ""}`);
}

/** The alerts of a type, by default those on balances that are wrong: subject, severity, whether open. */
export async function mismatchAlerts({ sql }: Pick<SweepStage, "sql">, type = "reconcile_mismatch"): Promise<string[]> {
  const rows = await sql`
    select subject, severity, resolved_at is null as is_open from public.alerts
     where alert_type = ${type} order by created_at, subject`;
  return rows.map((row) => `${row.subject} ${row.severity} ${row.is_open ? "open" : "over"}`);
}
