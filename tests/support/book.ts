/**
 * Events written down in one line each, and an empty book to ingest them into.
 *
 * @module
 */
import { expect } from "expect";
import type { Sql } from "postgres";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import type { LedgerEvent, Lock, TransferReason } from "@/lib/domain/ledger_event.ts";
import { type Database, openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { rollBack } from "@/lib/ledger/roll_back.ts";
import { openTestDatabase } from "./database.ts";
import { brokenInvariants } from "./ledger_state.ts";
import { key, signature, vaultOf } from "./raw_delivery.ts";

type Without<T> = T extends unknown ? Omit<T, "ordinal"> : never;
/** An event before it has its place in a transaction. */
export type Unplaced = Without<LedgerEvent>;

/** The owner's vault comes to be. */
export function initialise(owner: string): Unplaced {
  return { kind: "initialise", owner, ...vaultOf(owner), at: 1_700_000_000 };
}

/** Amounts are base units, here and below; `totalAfter` is what the event states. */
export function deposit(owner: string, amount: bigint, totalAfter: bigint | null = null): Unplaced {
  return { kind: "deposit", owner, vault: vaultOf(owner).vault, amount, totalAfter };
}

/** The owner's vault is gone. */
export function close(owner: string): Unplaced {
  return { kind: "close", owner, vault: vaultOf(owner).vault };
}

/** One vault is paused or resumed; without an owner the whole protocol. */
export function pause(paused: boolean, owner?: string): Unplaced {
  const vault = owner === undefined ? null : vaultOf(owner).vault;
  return { kind: "pause", vault, paused, authority: key("admin") };
}

export function withdrawal(owner: string, amount: bigint, totalAfter: bigint | null = null): Unplaced {
  return { kind: "withdrawal", owner, vault: vaultOf(owner).vault, amount, totalAfter };
}

export function lock(owner: string, amount: bigint): Unplaced {
  return { ...lockFields(owner, amount), kind: "lock" };
}

export function unlock(owner: string, amount: bigint): Unplaced {
  return { ...lockFields(owner, amount), kind: "unlock" };
}

/** From one owner's vault to another's. */
export function transfer(from: string, to: string, amount: bigint, reason: TransferReason = "Settlement"): Unplaced {
  const [vault, toVault] = [vaultOf(from).vault, vaultOf(to).vault];
  return { kind: "transfer", vault, toVault, amount, authority: key("authority"), reason };
}

function lockFields(owner: string, amount: bigint): Omit<Lock, "kind" | "ordinal"> {
  const { vault } = vaultOf(owner);
  return { owner, vault, amount, lockedAfter: null, availableAfter: null, authority: key("authority") };
}

/** A transaction that landed in this slot; its signature is made from its name, by default from the slot. */
export function at(
  slot: number,
  events: Unplaced[],
  options: { failed?: boolean; name?: string } = {},
): ChainTransaction {
  return {
    verdict: "read",
    signature: signature(options.name ?? `slot ${slot}`),
    slot,
    transactionIndex: 0,
    blockTime: 1_700_000_000 + slot,
    failed: options.failed ?? false,
    events: events.map((event, ordinal) => ({ ...event, ordinal } as LedgerEvent)),
    tokenBalances: [],
  };
}

/** An empty book and the way into it. */
export interface Book {
  /** Ingests one delivery and gives the outcomes, with their codes. */
  take(...transactions: ChainTransaction[]): Promise<string[]>;
  /** The same for what was read at finalized commitment. */
  takeFinalized(...transactions: ChainTransaction[]): Promise<string[]>;
  /** These transactions lost their places on the chain. Gives how many lie nowhere because of it. */
  lose(...transactions: ChainTransaction[]): Promise<number>;
  /** The service's connections, 16 at most. */
  readonly database: Database;
  /** A connection of the superuser. */
  readonly sql: Sql;
}

/** Runs a test on an empty book of its own, and looks at every invariant when it is done. */
export function bookTest(name: string, run: (book: Book) => Promise<void>): void {
  Deno.test(name, async () => {
    const database = await openTestDatabase();
    const connection = openDatabase(database.url, { max: 16 });
    let count = 0;
    const take = async (transactions: ChainTransaction[], finalized: boolean): Promise<string[]> => {
      const body = new TextEncoder().encode(`delivery ${count++}`);
      const source = finalized ? "sweep" : "webhook";
      const settlements = await ingest(connection, { source, body, transactions, finalized });
      return settlements.map(({ outcome, code }) => (code ? `${outcome} ${code}` : outcome));
    };
    try {
      await run({
        database: connection,
        sql: database.admin,
        take: (...transactions) => take(transactions, false),
        takeFinalized: (...transactions) => take(transactions, true),
        async lose(...transactions): Promise<number> {
          const lost = transactions.map(({ signature, slot }) => ({ signature: signature ?? "", slot: slot ?? 0 }));
          return (await rollBack(connection, lost)).length;
        },
      });
      expect(await brokenInvariants(database.admin)).toEqual([]);
    } finally {
      await connection.close();
      await database.close();
    }
  });
}
