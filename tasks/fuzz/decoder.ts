/**
 * Events as bytes, whole and damaged, straight into the decoder: what it reads must be what the bytes say by the table of offsets below,
 * and what is no event must be refused by the right name.
 *
 * @module
 */
import bs58 from "bs58";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { eventsFromTold, Unreadable } from "@/lib/chain/ledger_events.ts";
import { compileProgram } from "@/lib/chain/program.ts";
import { type Dice, diceOf } from "@/tests/support/model/dice.ts";
import { events, key, PROGRAM } from "@/tests/support/raw_delivery.ts";
import { generator } from "@/tests/support/seeded.ts";
import { breathe, type Campaign, type Counts, type Kind } from "./campaign.ts";

/** What a round is made of. */
export interface Decoder {
  /** Inputs of a round. */
  readonly inputs: number;
  /** What is on trial. */
  readonly read: typeof eventsFromTold;
}

const FULL: Decoder = { inputs: 50_000, read: eventsFromTold };

/** To derive an address costs as much as a hundred events, so that only one input of so many is read with the vault's being checked. */
const CHECKED = 64;
/** One of so many has its keys written out anew by another encoder. */
const SPELT = 16;

const checking = compileProgram(PROGRAM, idl, mapping);
const unchecking = compileProgram(PROGRAM, idl, { ...mapping, vault_seeds: null });

/** Where an event's parts lie, behind its discriminator; written by hand from the program's documentation. */
interface Offsets {
  readonly kind: string;
  readonly bytes: number;
  readonly keys: Readonly<Record<string, number>>;
  readonly amounts: Readonly<Record<string, number>>;
  /** A byte that holds less than so many values. */
  readonly choice?: { readonly at: number; readonly values: number };
}

const MOVED = { keys: { owner: 8, vault: 40 }, amounts: { amount: 72, totalAfter: 80 }, bytes: 96 };
const LOCKED = {
  keys: { owner: 8, vault: 40, authority: 96 },
  amounts: { amount: 72, lockedAfter: 80, availableAfter: 88 },
  bytes: 136,
};
const TABLE: Readonly<Record<string, Offsets>> = {
  cbd65b05b9f8c095: { kind: "initialise", keys: { owner: 8, vault: 40, tokenAccount: 72 }, amounts: {}, bytes: 112 },
  "78f83d531f8e6b90": { kind: "deposit", ...MOVED },
  "1609851aa02c47c0": { kind: "withdrawal", ...MOVED },
  ea292edc58854d2f: { kind: "lock", ...LOCKED },
  "18ff7e666b421137": { kind: "unlock", ...LOCKED },
  bf083e889cb1a582: {
    ...{ kind: "transfer", keys: { vault: 8, toVault: 40, authority: 80 }, amounts: { amount: 72 }, bytes: 121 },
    choice: { at: 112, values: 5 },
  },
  "4bbd78a775e59b3c": {
    ...{ kind: "pause", keys: { authority: 9 }, amounts: {}, bytes: 49 },
    choice: { at: 8, values: 2 },
  },
};

const ALICE = key("ann");
const SOUND = [
  events.initialise(ALICE),
  events.deposit(ALICE, 5n, 5n),
  events.withdraw(ALICE, 5n, 5n),
  events.lock(ALICE, 5n, 5n, 5n),
  events.unlock(ALICE, 5n, 5n, 5n),
  events.transfer(ALICE, key("ben"), 5n, 0),
  events.pause(true),
];

/** Decoder inputs of this shape. */
export function decoder(shape: Partial<Decoder> = {}): Kind {
  const given = { ...FULL, ...shape };
  return {
    mustHappen: ["read", "undecodable", "out of range", "not of owner", "address checked"],
    open: (server) =>
      Promise.resolve(
        {
          round: (seed) => round(given, seed, () => server.interrupted.aborted),
          close: () => Promise.resolve(),
        } satisfies Campaign,
      ),
  };
}

async function round({ inputs, read }: Decoder, seed: number, isOver: () => boolean): Promise<Counts> {
  const dice = diceOf(generator(seed));
  const counts = { inputs: 0, read: 0, undecodable: 0, "out of range": 0, "not of owner": 0, "address checked": 0 };
  for (let number = 0; number < inputs; number++) {
    if (number % 10_000 === 0) await breathe();
    if (isOver()) break;
    const isChecked = number % CHECKED === 0;
    const bytes = isChecked ? strangeVault(dice) : damaged(dice);
    const found = outcome(read, isChecked, bytes);
    const wrong = complaint(bytes, found, isChecked, number % SPELT === 0);
    if (wrong) throw new Error(`${wrong}\n${hex(bytes)}\nread: ${inFull(found)}`);
    counts.inputs++;
    if (isChecked) counts["address checked"]++;
    if (typeof found !== "string") counts.read++;
    else if (found === "undecodable_event") counts.undecodable++;
    else if (found === "amount_out_of_range") counts["out of range"]++;
    else counts["not of owner"]++;
  }
  return counts;
}

/** The parts of the one event, or why there is none. @throws what the decoder should not. */
function outcome(read: typeof eventsFromTold, isChecked: boolean, bytes: Uint8Array): Record<string, unknown> | string {
  try {
    const [event, ...more] = read(isChecked ? checking : unchecking, [bytes], () => undefined);
    if (!event || more.length > 0) throw new Error(`${more.length + 1} events of one: ${hex(bytes)}`);
    return { ...event };
  } catch (error) {
    if (error instanceof Unreadable) return error.code;
    throw new Error(`The decoder threw at ${hex(bytes)}`, { cause: error });
  }
}

/** What is wrong with it; null where nothing is. */
function complaint(
  bytes: Uint8Array,
  found: Record<string, unknown> | string,
  isChecked: boolean,
  isSpelt: boolean,
): string | null {
  const offsets = TABLE[hex(bytes.subarray(0, 8))];
  const isWhole = offsets !== undefined && bytes.length === offsets.bytes &&
    (!offsets.choice || (bytes[offsets.choice.at] ?? 0) < offsets.choice.values);
  if (!isWhole) return found === "undecodable_event" ? null : "What is no event was not refused as such";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const amounts = Object.entries(offsets.amounts).map(([name, at]) => [name, view.getBigUint64(at, true)] as const);
  if (amounts.some(([, amount]) => amount >= 2n ** 63n)) {
    return found === "amount_out_of_range" ? null : "An amount that the ledger cannot hold was not refused";
  }
  if (isChecked && offsets.keys.owner !== undefined && !isVaultOf(bytes, ALICE_BYTES)) {
    return found === "vault_not_of_owner" ? null : "A vault that is not its owner's was not refused";
  }
  if (typeof found === "string") return "An event was refused";
  if (found.kind !== offsets.kind) return "Another kind";
  for (const [name, amount] of amounts) if (found[name] !== amount) return `Another ${name}`;
  if (!isSpelt) return null;
  const wrong = Object.entries(offsets.keys).find(([name, at]) =>
    found[name] !== bs58.encode(bytes.subarray(at, at + 32))
  );
  return wrong ? `Another ${wrong[0]}` : null;
}

const ALICE_BYTES = SOUND[0]?.slice(8, 72) ?? new Uint8Array();

/** Whether owner and vault are these: a sound pair is the only one that the inputs hold. */
function isVaultOf(bytes: Uint8Array, pair: Uint8Array): boolean {
  return pair.every((byte, i) => bytes[8 + i] === byte);
}

/** An event whose vault may be another's. */
function strangeVault(dice: Dice): Uint8Array {
  const bytes = dice.one(SOUND).slice();
  if (dice.chance(0.5)) bytes[40 + Math.floor(dice.random() * Math.min(32, bytes.length - 40))] = 7;
  return bytes;
}

/** An event with random amounts, and as a rule with something wrong. */
function damaged(dice: Dice): Uint8Array {
  const bytes = dice.one(SOUND).slice();
  const at = (): number => Math.floor(dice.random() * bytes.length);
  const byte = (): number => Math.floor(dice.random() * 256);
  for (let i = 72; i < Math.min(96, bytes.length); i++) if (i % 8 !== 7 || dice.chance(0.1)) bytes[i] = byte();
  const kind = dice.random();
  if (kind < 0.4) return bytes;
  if (kind < 0.6) {
    bytes[at()] = byte();
    return bytes;
  }
  if (kind < 0.7) return bytes.slice(0, at());
  if (kind < 0.8) return Uint8Array.of(...bytes, byte());
  if (kind < 0.9) {
    // The beginning of one event, and the rest of another.
    const other = dice.one(SOUND);
    bytes.set(other.subarray(0, Math.min(dice.one([8, 40]), bytes.length)));
    return bytes;
  }
  return Uint8Array.from({ length: Math.floor(dice.random() * 150) }, byte);
}

function hex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += HEX[byte];
  return text;
}
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function inFull(value: unknown): string {
  return JSON.stringify(value, (_, part) => typeof part === "bigint" ? `${part}n` : part);
}
