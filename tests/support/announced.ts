/**
 * What wallets announce, written down in one line each, and what has become of it.
 *
 * @module
 */
import type { Sql } from "postgres";
import type { ReadTransaction } from "@/lib/domain/chain_transaction.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";
import type { Announcement } from "@/lib/ledger/pending.ts";
import { at, deposit, type Unplaced, withdrawal } from "./book.ts";
import { signature } from "./raw_delivery.ts";

/** Its owner will do this; the key is made from what it says unless another one is given. Amounts are base units, here and below. */
export function announcement(
  owner: string,
  type: Announcement["type"],
  amount: bigint,
  key = `${type} ${amount}`,
): Announcement {
  return { owner, type, amount, idempotencyKey: key };
}

/** The event of what was announced. */
export function eventOf({ owner, type, amount }: Announcement): Unplaced {
  return type === "deposit" ? deposit(owner, amount) : withdrawal(owner, amount);
}

/**
 * A transaction that lands in this slot, signed by its name.
 *
 * @param options.secondsAgo of its block; default 0. Only of a block about this time can an unsigned announcement be meant.
 */
export function landing(
  slot: number,
  name: string,
  events: Unplaced[],
  options: { failed?: boolean; secondsAgo?: number } = {},
): ReadTransaction {
  const transaction = at(slot, events, { name, failed: options.failed ?? false });
  if (transaction.verdict !== "read") throw new Error("at() makes what can be read");
  return { ...transaction, blockTime: Math.floor(Date.now() / 1000) - (options.secondsAgo ?? 0) };
}

/** What has become of a row: status, type, amount, its names of signatures, note. */
export async function fate(sql: Sql, id: string, ...names: string[]): Promise<string> {
  const [row] = await sql`
    select concat_ws(' ', status, transaction_type, amount, signature, 'awaits ' || submitted_signature, note) as line
      from public.transactions where id = ${id}`;
  return names.reduce((line, name) => line.replaceAll(signature(name), name), String(row?.line));
}

/** How many rows there are, by status, and how many of them are not on the chain. */
export async function census(sql: Sql): Promise<Record<string, number>> {
  const [row] = await sql`
    select count(*) filter (where status = 'pending')::integer as pending,
           count(*) filter (where status = 'confirmed')::integer as confirmed,
           count(*) filter (where status = 'failed')::integer as failed,
           count(*) filter (where slot is null)::integer as off_chain
      from public.transactions`;
  return { ...row };
}

/** The code of what it is refused with; `done` where it is not. */
export async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "done";
  } catch (error) {
    if (error instanceof VaultbookError) return error.code;
    throw error;
  }
}

/** Lets everything that waits be due, as if its time had passed. */
export async function letTimePass(sql: Sql): Promise<void> {
  await sql.begin(async (transaction) => {
    await transaction`set local role vaultbook_ledger`;
    await transaction`update public.transactions set expires_at = now() - interval '1 second' where status = 'pending'`;
  });
}
