/**
 * Random and broken webhook bodies, through the reader, and some of them through the webhook into the database.
 *
 * @module
 */
import { createApi } from "@/functions/api/app.ts";
import { readSettings } from "@/functions/api/settings.ts";
import { readDelivery } from "@/lib/chain/delivery.ts";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram } from "@/lib/chain/program.ts";
import type { ChainTransaction } from "@/lib/domain/chain_transaction.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { brokenInvariants } from "@/tests/support/ledger_state.ts";
import { type Dice, diceOf } from "@/tests/support/model/dice.ts";
import { PROGRAM } from "@/tests/support/raw_delivery.ts";
import { generator } from "@/tests/support/seeded.ts";
import type { TestServer } from "../test/server.ts";
import { enhancedItem, type Item, rawItem, recordedItems } from "./bodies.ts";
import { breathe, type Campaign, type Counts, type Kind, refuse, sum } from "./campaign.ts";
import { damaged, dressed, mutated, written } from "./mutations.ts";
import { complaint } from "./verdicts.ts";
import { answerComplaint, WEBHOOK_SECRET } from "./webhook_answers.ts";

/** What a round is made of. */
export interface Payloads {
  /** Bodies of a round. */
  readonly bodies: number;
  /** One of so many also goes through the webhook. */
  readonly posted: number;
  /** So many books take their share of what is posted, at the same time. */
  readonly books: number;
  /** What is on trial. */
  readonly read: typeof readDelivery;
}

/** A round in which every body is also a request. Small, so that no book grows far. */
export const ALL_POSTED: Partial<Payloads> = { bodies: 2_000, posted: 1, books: 2 };

const FULL: Payloads = { bodies: 10_000, posted: 200, books: 1, read: readDelivery };

/** One body of so many is read once more, and one item of so many in other dress: each costs as much as another body. */
const AGAIN = 8;
const DRESSED = 16;

/** Raw items of a round, and as many others. */
const ITEMS = 100;

const program = compileProgram(PROGRAM, idl, mapping);

/** Payloads of this shape. */
export function payloads(shape: Partial<Payloads> = {}): Kind {
  const given = { ...FULL, ...shape };
  return {
    mustHappen: ["read", "ignored", "parked", "quarantined", "dressed", "posted", "applied"],
    async open(server): Promise<Campaign> {
      const recorded = await recordedItems();
      return { round: (seed) => round(server, given, recorded, seed), close: () => Promise.resolve() };
    },
  };
}

async function round(server: TestServer, shape: Payloads, recorded: readonly Item[], seed: number): Promise<Counts> {
  const dice = diceOf(generator(seed));
  // To make an item takes longer than to read it, and it is what happens to it that is of interest.
  const raw = Array.from({ length: ITEMS }, () => rawItem(dice));
  const items = [...raw, ...raw.map(() => dice.chance(0.5) ? enhancedItem(dice) : dice.one(recorded))];
  const counts: Record<string, number> = { bodies: 0, read: 0, ignored: 0, parked: 0, quarantined: 0, dressed: 0 };
  const books = Array.from({ length: shape.books }, (): Post[] => []);
  for (let number = 0; number < shape.bodies && !server.interrupted.aborted; number++) {
    if (number % 100 === 0) await breathe();
    const body = randomBody(dice, dice.chance(0.8) ? raw : items);
    const found = examined(shape.read, body, number % AGAIN === 0);
    for (const { verdict } of found) counts[verdict] = (counts[verdict] ?? 0) + 1;
    counts.bodies = number + 1;
    // A made-up token balance would break I6, which is there to say so.
    const isSound = found.every((one) => one.verdict !== "read" || one.tokenBalances.length === 0);
    if (number % shape.posted === 0 && isSound) books[number / shape.posted % shape.books]?.push({ body, found });
    if (number % DRESSED !== 0) continue;
    const item = dice.one(raw);
    alike(shape.read, item, dressed(item, dice));
    counts.dressed = (counts.dressed ?? 0) + 1;
  }
  return (await Promise.all(books.map((posts) => post(server, posts)))).reduce(sum, counts);
}

function randomBody(dice: Dice, items: readonly Item[]): Uint8Array<ArrayBuffer> {
  const count = dice.chance(0.002) ? dice.one([0, 999, 1000, 1001]) : dice.one([1, 1, 1, 2, 4]);
  const drawn = Array.from({ length: count }, () => dice.one(items));
  const kind = dice.random();
  const body = written(kind < 0.6 ? mutated(drawn, dice) : drawn);
  return new Uint8Array(kind < 0.4 || kind > 0.85 ? body : damaged(body, dice));
}

/** Reads a body, or reads it twice. @throws where the reading is wrong. */
function examined(read: typeof readDelivery, body: Uint8Array, twice: boolean): ChainTransaction[] {
  const blame = (what: string): Error => new Error(`${what}\n${excerpt(body)}`);
  let found: ChainTransaction[];
  try {
    found = read(body, program);
  } catch (error) {
    throw blame(`The reader threw ${error instanceof Error ? error.stack : error}`);
  }
  const wrong = complaint(body, found);
  if (wrong) throw blame(wrong);
  if (twice && inFull(read(body, program)) !== inFull(found)) throw blame("Another reading of the same bytes");
  return found;
}

/** @throws where the two are read differently. */
function alike(read: typeof readDelivery, item: Item, twin: Item): void {
  const [one, other] = [item, twin].map((it) => inFull(read(written([it]), program)));
  if (one !== other) throw new Error(`Something irrelevant mattered:\n${one}\n${other}\n${JSON.stringify(twin)}`);
}

/** A body, and what was read from it. */
interface Post {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly found: readonly ChainTransaction[];
}

/** Delivers to the webhook of a book of its own, with requests among them that are none. */
async function post(server: TestServer, posted: readonly Post[]): Promise<Counts> {
  const database = await openTestDatabase({ server: server.adminUrl });
  const settings = readSettings({
    SUPABASE_DB_URL: database.url,
    VAULT_PROGRAM_ID: PROGRAM,
    HELIUS_WEBHOOK_SECRETS: WEBHOOK_SECRET,
  });
  const api = createApi({ ...settings, log: () => {} });
  const counts = { posted: 0, applied: 0 };
  try {
    for (const { body, found } of posted) {
      if (server.interrupted.aborted) break;
      const request = { method: "POST", headers: { authorization: WEBHOOK_SECRET }, body };
      const response = await api.request("/api/webhooks/helius", request);
      const { wrong, applied } = await answerComplaint(response, found);
      if (wrong) throw new Error(`${wrong}\n${excerpt(body)}`);
      counts.posted++;
      counts.applied += applied;
    }
    await database.admin`analyze`;
    refuse("The book is not sound", await brokenInvariants(database.admin));
    return counts;
  } finally {
    await settings.database.close();
    await database.close();
  }
}

/** The beginning of a body, as text. */
function excerpt(body: Uint8Array): string {
  const shown = JSON.stringify(new TextDecoder().decode(body.subarray(0, 600)));
  return `${body.length} bytes: ${shown}${body.length > 600 ? "…" : ""}`;
}

function inFull(value: unknown): string {
  return JSON.stringify(value, (_, part) => typeof part === "bigint" ? `${part}n` : part);
}
