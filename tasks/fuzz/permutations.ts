/**
 * Random histories in random orders, on the real database: every order must leave the same book, and that of the auditor.
 *
 * @module
 */
import type { Settlement } from "@/lib/domain/settlement.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { brokenInvariants, wholeBook } from "@/tests/support/ledger_state.ts";
import { diceOf } from "@/tests/support/model/dice.ts";
import { emptyModel, receive } from "@/tests/support/model/model.ts";
import { countsOf, observed } from "@/tests/support/model/observed.ts";
import { differences, linesOf, stateOf } from "@/tests/support/model/state.ts";
import { generator } from "@/tests/support/seeded.ts";
import type { TestServer } from "../test/server.ts";
import { type Counts, type Kind, refuse, sum } from "./campaign.ts";
import {
  type Bodies,
  type Chronicle,
  type ChronicleSize,
  disordered,
  disorderIn,
  randomChronicle,
} from "./chronicle.ts";

/** What a round is made of. */
export interface Permutations {
  readonly chronicle: ChronicleSize;
  /** Orders in which one chronicle is delivered, each to an empty book. */
  readonly orders: number;
  /** Most transactions of a body. */
  readonly body: number;
  /** Books that are filled at the same time. */
  readonly writers: number;
  /** What is on trial. */
  readonly ingest: typeof ingest;
}

/** Some 1,050 deliveries an order: a transaction that is handed over is one. */
const FULL: Permutations = {
  chronicle: { transactions: 700, hot: 30, cold: 9 },
  orders: 8,
  body: 100,
  writers: 2,
  ingest,
};

/** Permutations of this shape; by default of 1,000 deliveries and more. */
export function permutations(shape: Partial<Permutations> = {}): Kind {
  const given = { ...FULL, ...shape };
  return {
    mustHappen: ["duplicates", "conflicts", "splits", "merges", "late"],
    open: (server) => Promise.resolve({ round: (seed) => round(server, given, seed), close: () => Promise.resolve() }),
  };
}

async function round(server: TestServer, shape: Permutations, seed: number): Promise<Counts> {
  const dice = diceOf(generator(seed));
  const chronicle = randomChronicle(`seed ${seed}`, dice, shape.chronicle);
  // Drawn beforehand, so that nothing depends on which book is filled first.
  const waiting = Array.from({ length: shape.orders }, (_, number) => {
    const own = diceOf(generator(Math.floor(dice.random() * 2 ** 32)));
    return { number, bodies: disordered(`seed ${seed} order ${number}`, chronicle, own, shape.body) };
  });
  let counts: Counts = {};
  let first: readonly string[] | null = null;
  const fill = async (): Promise<void> => {
    for (let order = waiting.shift(); order && !server.interrupted.aborted; order = waiting.shift()) {
      const { book, counted } = await filled(server, shape, chronicle, order.bodies);
      first ??= book;
      refuse(`Order ${order.number} leaves another book than the first that was filled`, differences(book, first));
      counts = sum(counts, counted);
    }
  };
  const writers = Array.from({ length: shape.writers }, () => fill().finally(() => waiting.splice(0)));
  // All of them, so that none is left at work when one has found something.
  for (const ended of await Promise.allSettled(writers)) if (ended.status === "rejected") throw ended.reason;
  return counts;
}

/** Delivers to an empty book and holds it against the auditor. Gives its lines. */
async function filled(
  server: TestServer,
  shape: Permutations,
  chronicle: Chronicle,
  bodies: Bodies,
): Promise<{ book: string[]; counted: Counts }> {
  const database = await openTestDatabase({ server: server.adminUrl });
  const connection = openDatabase(database.url);
  try {
    const settlements: Settlement[] = [];
    for (const [number, transactions] of bodies.entries()) {
      const body = new TextEncoder().encode(`delivery ${number}`);
      settlements.push(...await shape.ingest(connection, { source: "webhook", body, transactions }));
    }
    // What autovacuum does within a minute: without statistics verify() reads the same rows again and again.
    await database.admin`analyze`;
    const state = await observed(database.admin);
    const audited = audit(chronicle, bodies);
    refuse("The book is not the auditor's", [
      ...differences([...linesOf(state), ...state.counts], audited),
      ...await brokenInvariants(database.admin),
    ]);
    const outcomes = Map.groupBy(settlements, ({ outcome }) => outcome);
    const counted: Counts = {
      permutations: 1,
      deliveries: bodies.flat().length,
      bodies: bodies.length,
      duplicates: outcomes.get("duplicate")?.length ?? 0,
      conflicts: outcomes.get("conflict")?.length ?? 0,
      ...disorderIn(chronicle, bodies),
    };
    return { book: await wholeBook(database.admin), counted };
  } finally {
    await connection.close();
    await database.close();
  }
}

/** What the auditor holds after the same deliveries, who hears the truth first and in the chain's order, and then all else. */
function audit({ posts }: Chronicle, bodies: Bodies): string[] {
  const truth = new Map(posts.flat().map((transaction) => [transaction.signature, transaction]));
  // Once each, so that the counts come out the same.
  const rest = bodies.flat().filter((transaction) => {
    if (transaction.verdict !== "read" || truth.get(transaction.signature) !== transaction) return true;
    return !truth.delete(transaction.signature);
  });
  const model = [posts.flat(), rest].reduce((model, heard) => receive(model, heard).model, emptyModel());
  return [...linesOf(stateOf(model)), ...countsOf(model)];
}
