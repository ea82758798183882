/**
 * An empty ledger in a database of its own, and its auditor, who hear the same deliveries.
 *
 * @module
 */
import type { Sql } from "postgres";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import type { Settlement } from "@/lib/domain/settlement.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";
import { brokenInvariants } from "@/tests/support/ledger_state.ts";
import { emptyModel, receive } from "./model.ts";
import { countsOf, implied, observed } from "./observed.ts";
import { differences, inWords, type LedgerState, linesOf, stateOf } from "./state.ts";

/** A ledger under audit. What it finds is in words, one line each; nothing is found in a sound ledger. */
export interface Audit {
  readonly database: TestDatabase;
  /**
   * Delivers one batch to both. Finds what the ledger then shows although it should not, given what it has taken up, and what
   * is possible and not taken up.
   */
  deliver(batch: readonly ChainTransaction[]): Promise<string[]>;
  /** What the two said became of the last batch, where they differ. Where there is a choice, both may be right. */
  disagreements(): string[];
  /**
   * Where the two end differently, which invariants are broken, and what the ledger still takes for missing: for when nothing is,
   * so that there is no choice.
   */
  conclude(): Promise<string[]>;
  /** What both show, the ledger first. */
  states(): Promise<[LedgerState, LedgerState]>;
  close(): Promise<void>;
}

/** Opens a ledger under audit. */
export async function openAudit(): Promise<Audit> {
  const database = await openTestDatabase();
  const connection = openDatabase(database.url, { max: 1 });
  let model = emptyModel();
  let deliveries = 0;
  let told: { ledger: Settlement[]; auditor: Settlement[] } = { ledger: [], auditor: [] };
  return {
    database,
    async deliver(batch): Promise<string[]> {
      const body = new TextEncoder().encode(`delivery ${deliveries++}`);
      const ledger = await ingest(connection, { source: "webhook", body, transactions: [...batch] });
      const { model: next, settlements: auditor } = receive(model, batch);
      model = next;
      told = { ledger, auditor };
      const state = await observed(database.admin);
      const found = implied(model, state);
      return "lines" in found ? differences(linesOf(state), found.lines) : [found.impossible];
    },
    disagreements(): string[] {
      return differences(told.ledger.map(lineOf), told.auditor.map(lineOf));
    },
    async conclude(): Promise<string[]> {
      const state = await observed(database.admin);
      return [
        ...differences(linesOf(state), linesOf(stateOf(model))),
        ...differences(state.counts, countsOf(model)),
        ...await brokenInvariants(database.admin),
        ...await openGaps(database.admin),
      ];
    },
    async states(): Promise<[LedgerState, LedgerState]> {
      return [await observed(database.admin), stateOf(model)];
    },
    async close(): Promise<void> {
      await connection.close();
      await database.close();
    },
  };
}

/** Alerts that something is missing. They are for what nobody has filled yet. */
async function openGaps(sql: Sql): Promise<string[]> {
  const rows = await sql`
    select subject, message from public.alerts where alert_type = 'gap_detected' and not acknowledged and resolved_at is null`;
  return rows.map(({ subject, message }) => `the ledger alone misses something: ${subject}: ${message}`);
}

function lineOf(settlement: Settlement, place: number): string {
  return `element ${place}: ${settlement.signature} ${inWords(settlement)}`;
}
