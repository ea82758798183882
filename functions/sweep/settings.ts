/**
 * What the sweep takes from its environment.
 *
 * @module
 */
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram, type VaultProgram } from "@/lib/chain/program.ts";
import { rpcUrlsOf } from "@/lib/chain/rpc_endpoint.ts";
import { type Database, openDatabase } from "@/lib/ledger/database.ts";

/** What the function works with. */
export interface Settings {
  readonly database: Database;
  readonly program: VaultProgram;
  /** Of the nodes, with their keys: one or two; none: nothing can be swept. */
  readonly rpcUrls: readonly string[];
  /** Undefined: everybody is refused. */
  readonly cronSecret: string | undefined;
  /** Writes one line to the function's log. Must never be given a secret. */
  readonly log: (entry: Record<string, unknown>) => void;
}

/**
 * Reads the environment once, when the function starts.
 *
 * @throws {Error} naming every variable that is missing or no URL; no value is repeated. Nodes and secret may be missing: then what needs them is refused.
 */
export function readSettings(environment: Readonly<Record<string, string>>): Settings {
  const databaseUrl = environment.DB_POOLER_URL || environment.SUPABASE_DB_URL;
  const programAddress = environment.VAULT_PROGRAM_ID;
  const missing = [
    ...(databaseUrl ? [] : ["DB_POOLER_URL or SUPABASE_DB_URL"]),
    ...(programAddress ? [] : ["VAULT_PROGRAM_ID"]),
  ];
  if (!databaseUrl || !programAddress) throw new Error(`Cannot start: the environment lacks ${missing.join(" and ")}`);
  return {
    database: openDatabase(databaseUrl),
    program: compileProgram(programAddress, idl, mapping),
    rpcUrls: rpcUrlsOf(environment),
    cronSecret: environment.CRON_SECRET,
    // deno-lint-ignore no-console -- a function's log is what it prints
    log: (entry) => console.log(JSON.stringify(entry)),
  };
}
