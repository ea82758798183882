/**
 * An empty ledger in a database of its own, and its auditor, who hear the same.
 *
 * @module
 */
import type { Sql } from "postgres";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import type { Settlement } from "@/lib/domain/settlement.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { type LostLanding, rollBack as rollBackLedger } from "@/lib/ledger/roll_back.ts";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";
import { brokenInvariants } from "@/tests/support/ledger_state.ts";
import { unjustified } from "./implied.ts";
import { emptyModel, type Model, receive, rollBack } from "./model.ts";
import { countsOf, type Observation, observed } from "./observed.ts";
import { differences, inWords, type LedgerState, linesOf, stateOf } from "./state.ts";
import { isConfirmed, type Step } from "./step.ts";
import { wronglyTakenBack } from "./taken_back.ts";

/** A ledger under audit. What it finds is in words, one line each; nothing is found in a sound ledger. */
export interface Audit {
  readonly database: TestDatabase;
  /**
   * Delivers one batch to both. Finds what the ledger then shows although it should not, given what it has taken up, and what
   * is possible and not taken up.
   *
   * @param options.finalized read at finalized commitment; default false.
   */
  deliver(batch: readonly ChainTransaction[], options?: { finalized?: boolean }): Promise<string[]>;
  /** Tells both that these landings are lost. Finds as {@link Audit.deliver} does. */
  rollBack(lost: readonly LostLanding[]): Promise<string[]>;
  /** Delivers or rolls back. */
  take(step: Step): Promise<string[]>;
  /** What the two said of the last step, where they differ. Where there is a choice, both may be right. */
  disagreements(): string[];
  /**
   * Where the two end differently, which invariants are broken, and what the ledger still takes for missing: for when nothing is,
   * so that there is no choice.
   */
  conclude(): Promise<string[]>;
  /** What both show, the ledger first. */
  states(): [Observation, LedgerState];
  close(): Promise<void>;
}

/** Opens a ledger under audit. */
export async function openAudit(): Promise<Audit> {
  const database = await openTestDatabase();
  const connection = openDatabase(database.url, { max: 1 });
  let model = emptyModel();
  let seen = await observed(database.admin);
  let deliveries = 0;
  let told: { ledger: readonly string[]; auditor: readonly string[] } = { ledger: [], auditor: [] };
  const advance = async (next: Model): Promise<string[]> => {
    const from = { model, shown: seen };
    [model, seen] = [next, await observed(database.admin)];
    return [...unjustified({ from, to: { model, shown: seen } }), ...wronglyTakenBack(from.shown, seen)];
  };
  const audit: Audit = {
    database,
    async deliver(batch, options = {}): Promise<string[]> {
      const body = new TextEncoder().encode(`delivery ${deliveries++}`);
      const ledger = await ingest(connection, { source: "webhook", body, transactions: [...batch], ...options });
      const { model: next, settlements: auditor } = receive(model, batch, options);
      told = { ledger: ledger.map(settlementLine), auditor: auditor.map(settlementLine) };
      return await advance(next);
    },
    async rollBack(lost): Promise<string[]> {
      const ledger = await rollBackLedger(connection, lost);
      const { model: next, signatures: auditor } = rollBack(model, lost);
      told = { ledger, auditor };
      return await advance(next);
    },
    async take(step): Promise<string[]> {
      if (isConfirmed(step)) return await audit.deliver(step);
      return "lost" in step
        ? await audit.rollBack(step.lost)
        : await audit.deliver(step.finalized, { finalized: true });
    },
    disagreements: () => differences(told.ledger, told.auditor),
    async conclude(): Promise<string[]> {
      // A vault that nothing opens any more stays, if it ever came to be: that depends on the order of the news.
      const vaults = new Map(seen.vaults.map((vault) => [vault.owner, vault]));
      return [
        ...differences(linesOf(seen), linesOf(stateOf({ ...model, vaults }))),
        ...differences(seen.counts, countsOf(model)),
        ...await brokenInvariants(database.admin),
        ...await openGaps(database.admin),
      ];
    },
    states: () => [seen, stateOf(model)],
    async close(): Promise<void> {
      await connection.close();
      await database.close();
    },
  };
  return audit;
}

/** Alerts that something is missing. They are for what nobody has filled yet. */
async function openGaps(sql: Sql): Promise<string[]> {
  const rows = await sql`
    select subject, message from public.alerts where alert_type = 'gap_detected' and not acknowledged and resolved_at is null`;
  return rows.map(({ subject, message }) => `the ledger alone misses something: ${subject}: ${message}`);
}

function settlementLine(settlement: Settlement, position: number): string {
  return `element ${position}: ${settlement.signature} ${inWords(settlement)}`;
}
