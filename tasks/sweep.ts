/**
 * `deno task sweep`: finds on the chain what the webhook missed, now and by hand.
 *
 * @module
 */
import { rpcUrlsOf } from "@/lib/chain/rpc_endpoint.ts";
import type { SweepCounts } from "@/functions/sweep/context.ts";
import { sweep } from "@/functions/sweep/sweep.ts";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram } from "@/lib/chain/program.ts";
import { createNode } from "@/lib/chain/rpc.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import type { JobReport } from "@/lib/ledger/jobs.ts";
import { readStatus } from "@/supabase/local/instance/status.ts";
import { complain, dataDirOf, INSTANCE_FLAGS, readFlags, runTask, say, UsageError } from "./command_line.ts";

const USAGE =
  `Sweeps the chain: fetches what the webhook missed, makes final what it brought, takes back what the chain took back.
On an empty book that is the whole history. What was done stays when it is interrupted; the next sweep goes on.

  deno task sweep [--from-slot SLOT] [--data-dir DIR] [--db-url URL --program ADDRESS --rpc-url URL] [--concurrency N] [--quiet]

  --from-slot SLOT   look again at everything from this slot on
  --data-dir DIR     data folder of the running instance (default .vaultbook in the project)
  --db-url URL       sweep into this database instead
  --program ADDRESS  the vault program (default: that of the running instance)
  --rpc-url URL      the node to ask (default: SOLANA_RPC_URL, else that of the running instance); SOLANA_RPC_URL_2 is asked too
  --concurrency N    requests at a time (default 4); a node that allows fewer is waited for
  --quiet            print the result only
  -h, --help         this text

Exit code 1 when something is left to do, or when nothing runs on the data folder.`;

/** How often progress is shown. Milliseconds. */
const EVERY = 1_000;

async function main(args: string[]): Promise<number> {
  const text = { type: "string" } as const;
  const flags = readFlags(args, {
    ...INSTANCE_FLAGS,
    ...{ "from-slot": text, "db-url": text, program: text, "rpc-url": text, concurrency: text },
  });
  if (flags.help) {
    say(USAGE);
    return 0;
  }
  const fromSlot = countOf("--from-slot", flags["from-slot"]);
  const concurrency = countOf("--concurrency", flags.concurrency) ?? 4;
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
  const program = compileProgram(address, idl, mapping);
  const database = openDatabase(url);
  try {
    const report = await sweep({
      database,
      program,
      nodes: urls.map((url) => createNode({ url, concurrency })),
      now: Date.now,
      ...(fromSlot === undefined ? {} : { fromSlot }),
      ...(flags.quiet ? {} : { onProgress: showProgress() }),
    });
    show(report);
    return report.status === "done" ? 0 : 1;
  } finally {
    await database.close();
  }
}

function countOf(flag: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,15}$/.test(value)) throw new UsageError(`${flag} must be a whole number: current value is ${value}`);
  return Number(value);
}

/** A line a second, as long as something moves. */
function showProgress(): (counts: Readonly<SweepCounts>) => void {
  let [last, shown] = [performance.now(), ""];
  return ({ rows, finalized, fetched, rolled_back: rolledBack }) => {
    const line = `${rows} signatures seen, ${finalized} made final, ${fetched} fetched, ${rolledBack} rolled back`;
    if (performance.now() - last < EVERY || line === shown) return;
    [last, shown] = [performance.now(), line];
    say(line);
  };
}

function show({ run_id: id, status, counts, code, message }: JobReport): void {
  const done = Object.entries(counts).filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`);
  say(`Sweep ${id}: ${status}${done.length > 0 ? ` (${done.join(", ")})` : ""}`);
  if (status === "skipped") complain("Another sweep is at work");
  if (code !== undefined) complain(`${code}: ${message ?? ""}`);
}

if (import.meta.main) await runTask(main);
