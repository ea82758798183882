/**
 * Finalized transactions that were seen on the chain, until the ledger has them; and what the ledger has and nobody sees there.
 *
 * @module
 */
import { rowOf, rowsOf } from "./attempts.ts";
import type { Database } from "./database.ts";
import type { LostLanding } from "./roll_back.ts";
import { type HistoryRow, rowItem } from "./scans.ts";

/** A transaction to be fetched. */
export interface Sighting {
  /** Base58. */
  readonly signature: string;
  readonly slot: number;
  /** The node that showed it. */
  readonly source: number;
  /** Place in its block, from 0; null where the node did not say. */
  readonly transactionIndex: number | null;
}

/** What came of fetching one. */
export interface Fetched extends Pick<Sighting, "signature" | "slot"> {
  /** Why it could not be fetched; null: the ledger has it. */
  readonly problem: string | null;
}

/** What the ledger has and no sweep has found, with its neighbours on the finalized chain. */
export interface UnprovenLanding extends LostLanding {
  /** The next finalized signature in a later slot; null: none is known. */
  readonly newerKnown: string | null;
  /** The slot of the next finalized one before; null: none is known. */
  readonly olderSlot: number | null;
  /** A vault of it whose own history was seen up to there; null where that was not asked for. */
  readonly seenVault: string | null;
}

/**
 * Makes final what the ledger has where the finalized chain shows it, the oldest first.
 *
 * @param most so many at most.
 * @returns how many.
 * @throws {VaultbookError} database_unavailable
 */
export async function finalizeSighted(database: Database, most: number): Promise<number> {
  const { count } = await rowOf(database, (sql) =>
    sql<{ count: number }[]>`
    select vaultbook.finalize_sighted(${most}) as count`);
  return count;
}

/**
 * What is to be fetched, oldest first.
 *
 * @param since leaves out what was tried since then, a timestamp of the database's.
 * @throws {VaultbookError} database_unavailable
 */
export async function nextSightings(database: Database, since: string, most: number): Promise<Sighting[]> {
  const rows = await rowsOf(
    database,
    (sql) =>
      sql<{ signature: string; slot: string; source: number; transaction_index: number | null }[]>`
    select signature, slot, source, transaction_index from vaultbook.next_sightings(${since}::timestamptz, ${most})`,
  );
  return rows.map(({ signature, slot, source, transaction_index }) => ({
    signature,
    // not an amount: a slot
    slot: Number(slot),
    source,
    transactionIndex: transaction_index,
  }));
}

/** Writes down what came of fetching. @throws {VaultbookError} database_unavailable */
export async function settleSightings(database: Database, fetched: readonly Fetched[]): Promise<void> {
  const json = JSON.stringify(fetched.map(({ signature, slot, problem }) => ({ signature, slot, problem })));
  await rowOf(database, (sql) => sql`select vaultbook.settle_sightings(${json}::text::jsonb)`);
}

/** Has transactions fetched that no scan showed. @throws {VaultbookError} database_unavailable */
export async function askFor(
  database: Database,
  source: number,
  rows: readonly (Pick<HistoryRow, "signature" | "slot"> & Partial<HistoryRow>)[],
): Promise<void> {
  const json = JSON.stringify(rows.map(rowItem));
  await rowOf(database, (sql) => sql`select vaultbook.ask_for(${json}::text::jsonb, ${source})`);
}

/**
 * Has transactions fetched whose delivery could not be read for lack of something.
 *
 * @param tipSlot only up to this slot.
 * @returns how many.
 * @throws {VaultbookError} database_unavailable
 */
export async function askForUnread(database: Database, tipSlot: number, most: number): Promise<number> {
  const { count } = await rowOf(database, (sql) =>
    sql<{ count: number }[]>`
    select vaultbook.ask_for_unread(${tipSlot}, ${most}) as count`);
  return count;
}

/**
 * What the ledger has and no sweep has found, in the order of the signatures.
 *
 * @param within.finalSlot only up to this slot.
 * @param within.futureSlot and what claims to be above this one; null: nothing does.
 * @param within.after only behind this signature.
 * @param within.byVaults only what concerns a vault whose own history, or this program's, so many nodes have shown up to there.
 * @throws {VaultbookError} database_unavailable
 */
export async function unprovenLandings(
  database: Database,
  within: {
    readonly finalSlot: number;
    readonly futureSlot: number | null;
    readonly after: string;
    readonly most: number;
    readonly byVaults?: { readonly nodes: number; readonly program: string };
  },
): Promise<UnprovenLanding[]> {
  const { finalSlot, futureSlot, after, most, byVaults = { nodes: 0, program: null } } = within;
  const rows = await rowsOf(
    database,
    (sql) =>
      sql<UnprovenRow[]>`
    select * from vaultbook.unproven_landings(${finalSlot}, ${futureSlot}, ${after}, ${most}, ${byVaults.nodes}, ${byVaults.program})`,
  );
  return rows.map(({ signature, slot, newer_known, older_slot, seen_vault }) => ({
    signature,
    // not an amount: a slot
    slot: Number(slot),
    newerKnown: newer_known,
    // not an amount: a slot
    olderSlot: older_slot === null ? null : Number(older_slot),
    seenVault: seen_vault,
  }));
}

interface UnprovenRow {
  readonly signature: string;
  readonly slot: string;
  readonly newer_known: string | null;
  readonly older_slot: string | null;
  readonly seen_vault: string | null;
}

/**
 * Notes that a run did not find these landings where they should be.
 *
 * @returns those that the run before did not find either: they are lost.
 * @throws {VaultbookError} database_unavailable
 */
export async function doubt(
  database: Database,
  runId: string,
  landings: readonly LostLanding[],
): Promise<LostLanding[]> {
  const json = JSON.stringify(landings.map(({ signature, slot }) => ({ signature, slot })));
  const { lost } = await rowOf(database, (sql) =>
    sql<{ lost: LostLanding[] }[]>`
    select vaultbook.doubt(${runId}, ${json}::text::jsonb) as lost`);
  return lost;
}

/** Forgets the doubts on signatures that a node knows. @throws {VaultbookError} database_unavailable */
export async function believe(database: Database, signatures: readonly string[]): Promise<void> {
  const json = JSON.stringify(signatures);
  await rowOf(database, (sql) =>
    sql`
    select vaultbook.believe(array(select jsonb_array_elements_text(${json}::text::jsonb)))`);
}

/**
 * Raises or resolves `ingest_stalled`.
 *
 * @param missed what a sweep had to bring itself.
 * @throws {VaultbookError} database_unavailable
 */
export async function judgeSilence(
  database: Database,
  missed: readonly LostLanding[],
  tipSlot: number,
): Promise<void> {
  const json = JSON.stringify(missed.map(({ signature, slot }) => ({ signature, slot })));
  await rowOf(database, (sql) => sql`select vaultbook.judge_silence(${json}::text::jsonb, ${tipSlot})`);
}

/** Deletes what no sweep needs any more. @throws {VaultbookError} database_unavailable */
export async function forgetSightings(database: Database): Promise<void> {
  await rowOf(database, (sql) => sql`select vaultbook.forget_sightings()`);
}
