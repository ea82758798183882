/**
 * Rounds of reconciliation: which vaults to look at, and what comes of how the chain has them.
 *
 * @module
 */
import { rowOf, rowsOf } from "./attempts.ts";
import type { Database } from "./database.ts";

/** A pass over all vaults, or over some; it can take several runs. */
export interface Round {
  readonly id: string;
  /** Vaults that are as the chain says. */
  readonly matched: number;
  /** Vaults that were so once what was missing had been found. */
  readonly fixed: number;
  readonly mismatched: number;
  /** Vaults of which it cannot be said yet. */
  readonly behind: number;
  /** It has looked at all of its vaults. */
  readonly isComplete: boolean;
}

/** A vault to be looked at. Addresses. */
export interface VaultToRead {
  readonly owner: string;
  readonly vault: string;
  readonly tokenAccount: string;
}

/** A vault that the chain shows otherwise than the book. */
export interface Suspect extends VaultToRead {
  /** In this slot it was right; null: never seen so. */
  readonly sinceSlot: number | null;
}

/** How a node shows a vault. Amounts in base units. */
export interface VaultReading {
  readonly owner: string;
  readonly hasVault: boolean;
  /** Whose it is, and what follows: null where the program does not keep it, or there is no vault. */
  readonly vaultOwner: string | null;
  readonly tokenAccount: string | null;
  readonly total: bigint | null;
  readonly locked: bigint | null;
  readonly available: bigint | null;
  readonly deposited: bigint | null;
  readonly withdrawn: bigint | null;
  /** What is in its token account; 0 where there is none. */
  readonly tokens: bigint;
  /** Why it could not be read. Nothing else counts then. */
  readonly problem: string | null;
}

/** Vaults as one node shows them, all of one slot. */
export interface Observation {
  readonly slot: number;
  readonly readings: readonly VaultReading[];
}

/** A transaction whose content the chain has still to be asked for. */
export interface Unread {
  readonly signature: string;
  readonly slot: number;
  /** The node that listed it, from 1. */
  readonly source: number;
  readonly transactionIndex: number | null;
}

interface RoundRow {
  readonly id: string;
  readonly matched: number;
  readonly fixed: number;
  readonly mismatched: number;
  readonly behind: number;
  readonly is_complete: boolean;
}

/**
 * Goes on with the round over all vaults, or begins one.
 *
 * @param owners begins one over these vaults only.
 * @throws {VaultbookError} database_unavailable
 */
export async function beginRound(database: Database, owners?: readonly string[]): Promise<Round> {
  const json = owners ? JSON.stringify(owners) : null;
  return roundOf(
    await rowOf(database, (sql) =>
      sql<RoundRow[]>`
      select * from vaultbook.begin_reconciliation(
        case when ${json}::text is not null then array(select jsonb_array_elements_text(${json}::text::jsonb)) end
      )`),
  );
}

/** The next vaults of a round, by owner. @throws {VaultbookError} database_unavailable */
export async function nextVaults(database: Database, round: Round, most: number): Promise<VaultToRead[]> {
  const rows = await rowsOf(
    database,
    (sql) =>
      sql<{ owner: string; vault_address: string; token_account: string }[]>`
    select * from vaultbook.next_vaults(${round.id}, ${most})`,
  );
  return rows.map((row) => ({ owner: row.owner, vault: row.vault_address, tokenAccount: row.token_account }));
}

/**
 * Compares the next vaults of a round. What matches is on record then, and the rest to be looked into.
 *
 * @throws {VaultbookError} database_unavailable
 */
export async function noteVaults(database: Database, round: Round, { slot, readings }: Observation): Promise<Round> {
  const json = JSON.stringify(readings.map(readingItem));
  return roundOf(
    await rowOf(
      database,
      (sql) => sql<RoundRow[]>`select * from vaultbook.note_vaults(${round.id}, ${slot}, ${json}::text::jsonb)`,
    ),
  );
}

/** The next vaults to look into, by owner. @throws {VaultbookError} database_unavailable */
export async function nextSuspects(database: Database, round: Round, most: number): Promise<Suspect[]> {
  const rows = await rowsOf(
    database,
    (sql) =>
      sql<{ owner: string; vault_address: string; token_account: string; since_slot: string | null }[]>`
    select * from vaultbook.next_suspects(${round.id}, ${most})`,
  );
  return rows.map(({ owner, vault_address, token_account, since_slot }) => ({
    owner,
    vault: vault_address,
    tokenAccount: token_account,
    // not an amount: a slot
    sinceSlot: since_slot === null ? null : Number(since_slot),
  }));
}

/**
 * Judges suspects by what the nodes show of them. What can be said is on record then.
 *
 * @param asked.nodes how many there are, those that do not answer among them.
 * @param asked.isFinal all was looked for that could be missing up to the slots of the observations.
 * @returns the owners whose missing transactions have to be looked for before anything can be said.
 * @throws {VaultbookError} database_unavailable
 */
export async function judgeSuspects(
  database: Database,
  round: Round,
  observations: readonly Observation[],
  asked: { readonly nodes: number; readonly isFinal: boolean },
): Promise<string[]> {
  const { nodes, isFinal } = asked;
  const json = JSON.stringify(
    observations.map(({ slot, readings }) => ({ slot, readings: readings.map(readingItem) })),
  );
  const { owners } = await rowOf(database, (sql) =>
    sql<{ owners: string[] }[]>`
    select to_jsonb(vaultbook.judge_suspects(${round.id}, ${json}::text::jsonb, ${nodes}, ${isFinal})) as owners`);
  return owners;
}

/**
 * Notes how far the search for what a vault misses has come.
 *
 * @param brought transactions that it has brought since the last note.
 * @throws {VaultbookError} database_unavailable
 */
export async function noteRepair(
  database: Database,
  round: Round,
  owner: string,
  repair: "begun" | "complete" | "doubtful" | "incomplete",
  brought: number,
): Promise<void> {
  await rowOf(database, (sql) => sql`select vaultbook.note_repair(${round.id}, ${owner}, ${repair}, ${brought})`);
}

/**
 * Whether the ledger understands all that the nodes list for a vault, and each node lists all that the ledger has of it.
 *
 * @param seen.tipSlot up to this slot; all of it since the vault was right, and what was newest then.
 * @throws {VaultbookError} database_unavailable
 */
export async function isUnderstood(
  database: Database,
  { owner, sinceSlot }: Suspect,
  seen: { readonly tipSlot: number; readonly nodes: number; readonly listed: readonly Unread[] },
): Promise<boolean> {
  const json = JSON.stringify(seen.listed.map(({ signature, source }) => ({ signature, source })));
  const { understood } = await rowOf(
    database,
    (sql) =>
      sql<{ understood: boolean }[]>`
      select vaultbook.is_understood(
        ${owner}, ${sinceSlot ?? -1}, ${seen.tipSlot}, ${seen.nodes}, ${json}::text::jsonb
      ) as understood`,
  );
  return understood;
}

/**
 * What nobody has read at finalized commitment, of what the chain lists for a vault and of what the book has for it.
 *
 * @param listed what the chain lists.
 * @param tipSlot only up to this slot.
 * @throws {VaultbookError} database_unavailable
 */
export async function unreadOf(
  database: Database,
  { owner, sinceSlot }: Suspect,
  tipSlot: number,
  listed: readonly Unread[],
): Promise<Unread[]> {
  const json = JSON.stringify(
    listed.map(({ signature, slot, source, transactionIndex }) => ({
      signature,
      slot,
      source,
      transaction_index: transactionIndex,
    })),
  );
  const rows = await rowsOf(
    database,
    (sql) =>
      sql<{ signature: string; slot: string; source: number; transaction_index: number | null }[]>`
    select * from vaultbook.unread_of(${owner}, ${sinceSlot}, ${tipSlot}, ${json}::text::jsonb)`,
  );
  return rows.map(({ signature, slot, source, transaction_index }) => ({
    signature,
    // not an amount: a slot
    slot: Number(slot),
    source,
    transactionIndex: transaction_index,
  }));
}

/** Ends a round that has looked at everything; one over some vaults in any case. @throws {VaultbookError} database_unavailable */
export async function endRound(database: Database, round: Round): Promise<Round> {
  return roundOf(
    await rowOf(database, (sql) => sql<RoundRow[]>`select * from vaultbook.end_reconciliation(${round.id})`),
  );
}

/** A reading as `vaultbook.vault_reading` has it. */
function readingItem(reading: VaultReading): Record<string, unknown> {
  const text = (amount: bigint | null): string | null => amount === null ? null : String(amount);
  return {
    owner: reading.owner,
    has_vault: reading.hasVault,
    vault_owner: reading.vaultOwner,
    token_account: reading.tokenAccount,
    total: text(reading.total),
    locked: text(reading.locked),
    available: text(reading.available),
    deposited: text(reading.deposited),
    withdrawn: text(reading.withdrawn),
    tokens: text(reading.tokens),
    problem: reading.problem,
  };
}

function roundOf({ id, matched, fixed, mismatched, behind, is_complete: isComplete }: RoundRow): Round {
  return { id, matched, fixed, mismatched, behind, isComplete };
}
