/**
 * What a wallet announces before it does it: rows that wait for the chain, and are in no balance until the chain has them.
 *
 * @module
 */
import type { PendingQuery, Row, Sql } from "postgres";
import { type ErrorDetails, VaultbookError } from "@/lib/domain/errors.ts";
import { codeOf, type Database, isTransient, isUnavailable } from "./database.ts";
import { answered, repeated, unavailable } from "./attempts.ts";
import { REFUSALS } from "./refusals.ts";

/** What its owner is about to do. */
export interface Announcement {
  /** Base58. */
  readonly owner: string;
  readonly type: "deposit" | "withdrawal";
  /** In base units, at least 1. */
  readonly amount: bigint;
  /** The owner's own name for it: the same one again gives the same transaction. */
  readonly idempotencyKey: string;
  /** How long the chain is waited for; default 600. */
  readonly waitSeconds?: number;
}

/** An announced transaction, and what has become of it. */
export interface AnnouncedTransaction {
  /** A UUID; it stays when the chain confirms it. */
  readonly id: string;
  readonly owner: string;
  readonly type: "deposit" | "withdrawal";
  /** In base units. */
  readonly amount: bigint;
  /** `failed`: on the chain, or never seen there in time; then `signature` is null. */
  readonly status: "pending" | "confirmed" | "failed";
  /** Base58, as soon as the chain has it. */
  readonly signature: string | null;
  /** Base58, from when it was attached until the chain has it. */
  readonly submittedSignature: string | null;
  /** Null once the chain has it. */
  readonly expiresAt: Date | null;
  /** False: it is signed, settled or past its time, by the database's clock, and signing it now would move the amount again. */
  readonly awaitsSignature: boolean;
}

/** A signature for an announced transaction. */
export interface Signing {
  /** Of the announced transaction. */
  readonly id: string;
  /** Whose it must be, base58. */
  readonly owner: string;
  /** Base58 of 64 bytes. */
  readonly signature: string;
}

/**
 * Announces a deposit or a withdrawal. Repeating it gives the same transaction, whatever has become of it meanwhile.
 *
 * @throws {VaultbookError} vault_unknown, vault_closed, vault_paused, protocol_paused, amount_out_of_range, amount_not_available,
 * idempotency_key_reused, too_many_pending; database_unavailable – try again.
 */
export async function openPending(database: Database, announcement: Announcement): Promise<AnnouncedTransaction> {
  const { owner, type, amount, idempotencyKey, waitSeconds = 600 } = announcement;
  const row = await asked(database, { owner, amount: String(amount) }, (sql) =>
    sql`
    select *, ${awaitsSignature(sql)} from vaultbook.open_pending(
      ${owner}, ${type}, ${String(amount)}::bigint, ${idempotencyKey}, ${waitSeconds}::integer * interval '1 second'
    )`);
  return announced(row);
}

/**
 * Lets an owner open a vault where the ledger knows none, or a closed one. Nothing is announced by it: there is no vault yet that a row
 * could belong to, and on the chain a second one fails.
 *
 * @throws {VaultbookError} vault_exists; idempotency_key_reused, where a deposit or a withdrawal was announced under this key;
 * database_unavailable – try again.
 */
export async function admitVault(database: Database, owner: string, idempotencyKey: string): Promise<void> {
  const known = await asked(database, {}, (sql) =>
    sql`
    select exists (select from public.vaults where owner = ${owner} and status <> 'closed') as has_vault,
           exists (select from public.transactions where id = vaultbook.pending_id(${owner}, ${idempotencyKey})) as is_used`);
  if (known.is_used) throw new VaultbookError("idempotency_key_reused");
  if (known.has_vault) throw new VaultbookError("vault_exists", { owner });
}

/**
 * Attaches the signature that the wallet made, so that the chain's event is known by it. Repeating it is harmless.
 *
 * @returns the transaction; where the chain has this signature already, the one it is in, which of two alike can be the other.
 * @throws {VaultbookError} transaction_unknown, signature_attached, signature_taken, transaction_expired; database_unavailable – try
 * again.
 */
export async function attachSignature(database: Database, signing: Signing): Promise<AnnouncedTransaction> {
  const { id, owner, signature } = signing;
  const row = await asked(database, { owner, id }, (sql) =>
    sql`
    select *, ${awaitsSignature(sql)} from vaultbook.attach_signature(${id}::uuid, ${owner}, ${signature})`);
  return announced(row);
}

/**
 * Fails those that nobody waits for any more, the longest due first.
 *
 * @param most so many at most; default 1000.
 * @returns how many.
 * @throws {VaultbookError} database_unavailable – try again.
 */
export async function expirePending(database: Database, most = 1000): Promise<number> {
  const row = await asked(database, {}, (sql) =>
    sql`
    select vaultbook.expire_pending(${most}) as expired`);
  return row.expired;
}

/** The one row that the ledger answers, or its refusal with these details. */
async function asked(
  database: Database,
  details: ErrorDetails,
  query: (sql: Sql) => PromiseLike<readonly Row[]>,
): Promise<Row> {
  try {
    return await repeated(() => database.run(async (sql) => answered((await query(sql))[0])));
  } catch (error) {
    const code = REFUSALS[codeOf(error)];
    if (code) throw new VaultbookError(code, details, error);
    throw isUnavailable(error) || isTransient(error) ? unavailable(error) : error;
  }
}

function awaitsSignature(sql: Sql): PendingQuery<Row[]> {
  return sql`
    status = 'pending' and submitted_signature is null and (expires_at > now()) is not false as awaits_signature`;
}

function announced(row: Row): AnnouncedTransaction {
  return {
    id: row.id,
    owner: row.vault_owner,
    type: row.transaction_type,
    amount: BigInt(row.amount),
    status: row.status,
    signature: row.signature,
    submittedSignature: row.submitted_signature,
    expiresAt: row.expires_at,
    awaitsSignature: row.awaits_signature,
  };
}
