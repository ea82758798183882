/**
 * What the sweep takes from its environment.
 *
 * @module
 */
import { base58FromBytes, bytesFromBase58, PUBLIC_KEY_BYTES } from "@/lib/chain/base58.ts";
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
  /** The keys that may lock, unlock and transfer; none: they are learnt from the chain. */
  readonly authorities: readonly string[];
  /** Undefined: everybody is refused. */
  readonly cronSecret: string | undefined;
  /** Writes one line to the function's log. Must never be given a secret. */
  readonly log: (entry: Record<string, unknown>) => void;
}

/**
 * Reads the environment once, when the function starts.
 *
 * @throws {Error} naming every variable that is missing, no URL or no list of keys; no value is repeated. Nodes and secret may be missing: then what needs them is refused.
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
    authorities: authoritiesOf(environment),
    cronSecret: environment.CRON_SECRET,
    // deno-lint-ignore no-console -- a function's log is what it prints
    log: (entry) => console.log(JSON.stringify(entry)),
  };
}

/** The configured authorities. @throws {Error} when one of them is no public key. */
export function authoritiesOf({ VAULT_AUTHORITIES: list = "" }: Readonly<Record<string, string>>): string[] {
  const keys = list.split(",").map((key) => key.trim()).filter((key) => key !== "");
  return [
    ...new Set(keys.map((key) => {
      const bytes = bytesFromBase58(key);
      if (bytes?.length !== PUBLIC_KEY_BYTES) {
        throw new Error("Cannot start: VAULT_AUTHORITIES is no list of public keys");
      }
      return base58FromBytes(bytes);
    })),
  ];
}
