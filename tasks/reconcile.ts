/**
 * `deno task reconcile`: holds every vault against the chain, now and by hand.
 *
 * @module
 */
import type { ReconcileCounts } from "@/functions/reconcile/context.ts";
import { reconcile } from "@/functions/reconcile/reconcile.ts";
import { mintOf } from "@/lib/chain/mint.ts";
import { rpcUrlsOf } from "@/lib/chain/rpc_endpoint.ts";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram } from "@/lib/chain/program.ts";
import { createNode } from "@/lib/chain/rpc.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import type { JobReport } from "@/lib/ledger/jobs.ts";
import { readStatus } from "@/supabase/local/instance/status.ts";
import { complain, dataDirOf, INSTANCE_FLAGS, readFlags, runTask, say, UsageError } from "./command_line.ts";

const USAGE =
  `Reconciles the book with the chain: compares every vault with its account and its tokens, looks for what a vault misses, and puts what it
finds into reconciliation_logs. What was done stays when it is interrupted; the next reconciliation goes on.

  deno task reconcile [--owner KEY]... [--data-dir DIR] [--db-url URL --program ADDRESS --rpc-url URL] [--concurrency N] [--quiet]

  --owner KEY        only the vault of this owner; can be repeated
  --data-dir DIR     data folder of the running instance (default .vaultbook in the project)
  --db-url URL       reconcile this database instead
  --program ADDRESS  the vault program (default: that of the running instance)
  --rpc-url URL      the node to ask (default: SOLANA_RPC_URL, else that of the running instance); SOLANA_RPC_URL_2 has to agree where given
  --concurrency N    requests at a time (default 4); a node that allows fewer is waited for
  --quiet            print the result only
  -h, --help         this text

The mint is that of USDT_MINT. Exit code 1 when a vault is not as the chain says, when something is left to do, or when nothing runs on the
data folder.`;

/** How often progress is shown. Milliseconds. */
const EVERY = 1_000;

async function main(args: string[]): Promise<number> {
  const text = { type: "string" } as const;
  const flags = readFlags(args, {
    ...INSTANCE_FLAGS,
    ...{ "db-url": text, program: text, "rpc-url": text, concurrency: text },
    owner: { type: "string", multiple: true },
  });
  if (flags.help) {
    say(USAGE);
    return 0;
  }
  const concurrency = concurrencyOf(flags.concurrency ?? "4");
  const dir = dataDirOf(flags["data-dir"]);
  const status = await readStatus(dir);
  const url = flags["db-url"] ?? status?.DB_URL;
  const address = flags.program ?? status?.VAULT_PROGRAM_ID;
  const urls = rpcUrlsOf({
    SOLANA_RPC_URL: flags["rpc-url"] ?? Deno.env.get("SOLANA_RPC_URL") ?? status?.SOLANA_RPC_URL ?? "",
    SOLANA_RPC_URL_2: Deno.env.get("SOLANA_RPC_URL_2") ?? "",
  });
  if (url === undefined || address === undefined) {
    complain(`Vaultbook does not run on ${dir}: start it, or give --db-url and --program`);
    return 1;
  }
  if (urls.length === 0) throw new UsageError("No node to ask: give --rpc-url, or set SOLANA_RPC_URL");
  const database = openDatabase(url);
  try {
    const report = await reconcile({
      database,
      program: compileProgram(address, idl, mapping),
      mint: mintOf(Deno.env.toObject()),
      nodes: urls.map((url) => createNode({ url, concurrency })),
      now: Date.now,
      sleep: (milliseconds) => new Promise((resume) => setTimeout(resume, milliseconds)),
      ...(flags.owner === undefined ? {} : { owners: flags.owner }),
      ...(flags.quiet ? {} : { onProgress: showProgress() }),
    });
    show(report);
    return report.status === "done" && !report.counts.mismatched ? 0 : 1;
  } finally {
    await database.close();
  }
}

function concurrencyOf(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) {
    throw new UsageError(`--concurrency must be a whole number from 1: current value is ${text}`);
  }
  return Number(text);
}

/** A line a second, as long as something moves. */
function showProgress(): (counts: Readonly<ReconcileCounts>) => void {
  let [last, shown] = [performance.now(), ""];
  return ({ vaults, fixed, mismatched, behind, searched }) => {
    const line =
      `${vaults} vaults read, ${searched} looked into: ${fixed} fixed, ${mismatched} wrong, ${behind} behind`;
    if (performance.now() - last < EVERY || line === shown) return;
    [last, shown] = [performance.now(), line];
    say(line);
  };
}

function show({ run_id: id, status, counts, code, message }: JobReport): void {
  const done = Object.entries(counts).filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`);
  say(`Reconciliation ${id}: ${status}${done.length > 0 ? ` (${done.join(", ")})` : ""}`);
  if (status === "skipped") complain("Another reconciliation is at work");
  if (code !== undefined) complain(`${code}: ${message ?? ""}`);
}

if (import.meta.main) await runTask(main);
