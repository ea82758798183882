/**
 * What the API takes from its environment.
 *
 * @module
 */
import { z } from "zod";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { mintOf } from "@/lib/chain/mint.ts";
import { compileProgram, type VaultProgram } from "@/lib/chain/program.ts";
import { rpcUrlsOf } from "@/lib/chain/rpc_endpoint.ts";
import { type Callers, openCallers } from "@/lib/http/caller.ts";
import { secretsFromList } from "@/lib/http/secret.ts";
import { type Database, openDatabase } from "@/lib/ledger/database.ts";

/** What the routes work with. */
export interface Settings {
  readonly database: Database;
  readonly program: VaultProgram;
  /** What the vaults hold: the mint's address. */
  readonly mint: string;
  /** Of a node, with its key; undefined: nothing can be begun. */
  readonly rpcUrl: string | undefined;
  /** Values of `Authorization` that the webhook accepts; empty: none. */
  readonly webhookSecrets: readonly string[];
  /** Tells who asks. */
  readonly callers: Callers;
  /** Writes one line to the function's log. Must never be given a secret. */
  readonly log: (entry: Record<string, unknown>) => void;
}

/**
 * Reads the environment once, when the function starts.
 *
 * @throws {Error} naming every variable that is missing. Secrets may be missing: then what needs them is refused.
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
    mint: mintOf(environment),
    rpcUrl: rpcUrlsOf(environment)[0],
    webhookSecrets: secretsFromList(environment.HELIUS_WEBHOOK_SECRETS),
    callers: callersOf(environment),
    // deno-lint-ignore no-console -- a function's log is what it prints
    log: (entry) => console.log(JSON.stringify(entry)),
  };
}

/** As the platform sets them; what it does not set lets nobody in. */
const SECRET_KEYS = z.record(z.string(), z.string().min(1));
const PUBLIC_KEYS = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

/** @throws {Error} naming the variable that is not what the platform makes it. */
function callersOf({ SUPABASE_URL: url, ...environment }: Readonly<Record<string, string>>): Callers {
  const own = url ? `${url}/auth/v1` : undefined;
  // Inside of `supabase start` functions know the gateway by another name than those who sign in.
  const issuers = own === "http://kong:8000/auth/v1" ? [own, "http://127.0.0.1:54321/auth/v1"] : own ? [own] : [];
  const publicKeys = jsonOf("SUPABASE_JWKS", environment.SUPABASE_JWKS, PUBLIC_KEYS);
  return openCallers({
    secretKeys: Object.values(jsonOf("SUPABASE_SECRET_KEYS", environment.SUPABASE_SECRET_KEYS, SECRET_KEYS) ?? {}),
    issuers,
    publicKeys: publicKeys ?? (own ? new URL(`${own}/.well-known/jwks.json`) : undefined),
  });
}

function jsonOf<Content>(name: string, text: string | undefined, schema: z.ZodType<Content>): Content | undefined {
  if (!text) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new Error(`Cannot start: ${name} is not what the platform makes it`);
  }
}
