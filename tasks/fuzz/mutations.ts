/**
 * What can go wrong with a body between the sender and here, and what a sender may change without meaning anything by it.
 *
 * @module
 */
import type { Dice } from "@/tests/support/model/dice.ts";
import type { Item } from "./bodies.ts";

/** Values that stand where others are expected. */
const ODD: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 1.5, 2 ** 31, 2 ** 53, 2 ** 63, 1e308, 5e-324],
  ...[
    "",
    " ",
    "1e3",
    "0x10",
    " 1",
    "-1",
    "NaN",
    "null",
    "18446744073709551616",
    "\u0000",
    "a\u0000b",
    "\ud800",
    "\udfff\ud800",
  ],
  ...["11111111111111111111111111111111", "1".repeat(88), "0OIl".repeat(20), "x".repeat(10_000)],
  ...[[], [[]], [null], {}, { length: 1 }, { toString: 1 }, { constructor: null, hasOwnProperty: 0 }],
];

/** Numbers as text, for what JSON can write and JavaScript cannot. */
const NUMBERS = [
  "1e400",
  "-1e400",
  "-0",
  "9007199254740993",
  "18446744073709551616",
  "1E3",
  "1.0",
  "0.1e-999",
  "1".repeat(400),
];

/** Changes some values somewhere in these elements. */
export function mutated(items: readonly Item[], dice: Dice): unknown[] {
  const changed: unknown[] = structuredClone([...items]);
  for (let time = dice.one([1, 1, 2, 5]); time > 0; time--) {
    const [place, name] = randomPlace(changed, dice);
    const odd = (): unknown => dice.chance(0.03) ? nested(dice, [...DEPTHS, TOO_DEEP]) : structuredClone(dice.one(ODD));
    const act = dice.random();
    if (act < 0.3) Array.isArray(place) ? place.splice(Number(name), 1) : delete place[name];
    else if (act < 0.7) place[name] = odd();
    else if (act < 0.8) place[`${name}${dice.one(["", "2", "\u0000", "__proto__"])}`] = odd();
    else if (act < 0.9) place[name] = [place[name]];
    else if (Array.isArray(place)) place.push(structuredClone(place[Number(name)]));
    else place[name] = Object.values(place).at(-1);
  }
  return changed;
}

type Place = Record<string, unknown>;

/** Somewhere in there, at any depth: an object or an array, and one of its keys. */
function randomPlace(root: unknown[], dice: Dice): [Place, string] {
  let place = root as unknown as Place;
  for (;;) {
    const name = dice.one([...Object.keys(place), ...(Object.keys(place).length === 0 ? ["0"] : [])]);
    const value = place[name];
    if (typeof value !== "object" || value === null || dice.chance(0.15)) return [place, name];
    place = value as Place;
  }
}

/** Pairs of levels that a body may have somewhere, and one more than that. */
const DEPTHS = [10, 500, 3_000, 4_900];
const TOO_DEEP = 5_000;

/** Stands for a value so deep that to write it out can take more stack than there is. */
function nested(dice: Dice, depths: readonly number[]): string {
  return `deep × ${dice.one(depths)}`;
}

/** The body of these elements. */
export function written(items: readonly unknown[]): Uint8Array<ArrayBuffer> {
  const text = JSON.stringify(items).replaceAll(
    /"deep × ([0-9]+)"/g,
    (_, depth) => `${'[{"a":'.repeat(Number(depth))}{"0":1}${"}]".repeat(Number(depth))}`,
  );
  return new TextEncoder().encode(text);
}

/** Damages bytes, without regard for what they mean. */
export function damaged(bytes: Uint8Array, dice: Dice): Uint8Array {
  const at = Math.floor(dice.random() * bytes.length);
  const text = (): string => new TextDecoder().decode(bytes);
  const encoded = (changed: string): Uint8Array => new TextEncoder().encode(changed);
  return dice.one([
    () => bytes.slice(0, at),
    () => bytes.with(at, (bytes[at] ?? 0) ^ (1 << Math.floor(dice.random() * 8))),
    () => bytes.with(at, Math.floor(dice.random() * 256)),
    () => Uint8Array.from([...bytes.slice(0, at), Math.floor(dice.random() * 256), ...bytes.slice(at)]),
    () => Uint8Array.from([0xef, 0xbb, 0xbf, ...bytes]),
    () => new Uint8Array(Uint16Array.from(text(), (character) => character.charCodeAt(0)).buffer),
    () => encoded(text() + text()),
    () => encoded(`${"[".repeat(at)}${text()}`),
    () =>
      encoded(text().replaceAll(/:(-?[0-9]+)(?=[,}])/g, (whole) => dice.chance(0.1) ? `:${dice.one(NUMBERS)}` : whole)),
    // A key twice in an object: the last one counts.
    () =>
      encoded(
        text().replaceAll(/"(\w+)":/g, (whole, name) =>
          dice.chance(0.1) ? `"${name}":${dice.one(NUMBERS)},${whole}` : whole),
      ),
    () =>
      encoded(text().replaceAll(/"(\w)/g, (whole, letter) => dice.chance(0.02) ? `"\\u0000\\ud800${letter}` : whole)),
  ])();
}

/**
 * The same raw transaction as another sender, version of the node or day would deliver it: whatever the ledger does not go by is
 * changed, absent or added.
 */
export function dressed(item: Item, dice: Dice): Item {
  const { meta, transaction } = structuredClone(item) as { meta: Item; transaction: Item & { message: Item } };
  const change = (object: Item, name: string, ...values: unknown[]): void => {
    if (dice.chance(0.2)) delete object[name];
    else if (dice.chance(0.4)) object[name] = dice.one(values);
  };
  const odd = dice.one(ODD);
  for (
    const name of ["fee", "rewards", "preBalances", "postBalances", "computeUnitsConsumed", "returnData", "status"]
  ) {
    change(meta, name, odd, null, 7);
  }
  if (meta.err === null) change(meta, "err", null);
  change(meta, "loadedAddresses", null, { readonly: [], writable: [] });
  change(transaction.message, "recentBlockhash", "x", odd);
  change(transaction.message, "header", null, odd);
  change(transaction.message, "addressTableLookups", null, []);
  for (const balance of [meta.preTokenBalances, meta.postTokenBalances].flat() as { uiTokenAmount: Item }[]) {
    change(balance.uiTokenAmount, "uiAmount", null, 1e300, odd);
    change(balance.uiTokenAmount, "uiAmountString", "12", odd);
  }
  const signatures = [...transaction.signatures as string[], "another signer's"];
  const whole: Item = { ...item, meta, transaction: { ...transaction, signatures } };
  change(whole, "version", "legacy", 0, 1, null);
  for (const object of [whole, meta, transaction, transaction.message]) {
    change(object, "a key of tomorrow", odd, nested(dice, DEPTHS));
  }
  return dice.chance(0.5) ? Object.fromEntries(Object.entries(whole).reverse()) : whole;
}
