/**
 * Webhook bodies as they should be: of the vault program, of others, in every shape that is sent.
 *
 * @module
 */
import { AMOUNT_MAX } from "@/lib/domain/amount.ts";
import type { Dice } from "@/tests/support/model/dice.ts";
import {
  encode,
  events,
  key,
  logOf,
  OTHER_PROGRAM,
  PROGRAM,
  type RawOptions,
  rawTransaction,
  signature,
  vaultOf,
} from "@/tests/support/raw_delivery.ts";
import { logOfTree, randomTree } from "./log_tree.ts";

const OWNERS = ["ann", "ben", "cem", "dan", "eve"].map(key);

/** One element of a body. */
export type Item = Record<string, unknown>;

/** The elements of the recorded deliveries. */
export async function recordedItems(): Promise<Item[]> {
  const folder = new URL("../../tests/vectors/", import.meta.url);
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".json")).sort();
  const texts = await Promise.all(names.map((name) => Deno.readTextFile(new URL(name, folder))));
  return texts.flatMap((text) => JSON.parse(text) as Item[]);
}

/** A raw transaction that concerns the vault program, or could. Signatures come again now and then. */
export function rawItem(dice: Dice): Item {
  const owner = dice.one(OWNERS);
  const amount = dice.upTo(dice.one([100n, AMOUNT_MAX / 1000n, AMOUNT_MAX, 2n ** 64n - 1n]));
  const options: RawOptions = {
    signature: signature(`payload ${Math.floor(dice.random() * 1e4)}`),
    slot: Math.floor(dice.random() * 1e9),
    index: dice.chance(0.05) ? null : Math.floor(dice.random() * 5000),
    blockTime: dice.one([1_716_538_480, 1_716_538_480, null, 0, -1]),
    logs: dice.chance(0.03)
      ? null
      : dice.chance(0.4)
      ? logOfTree(randomTree(dice))
      : logOf(...told(dice, owner, amount)),
    ...(dice.chance(0.1) && { err: { InstructionError: [0, { Custom: 6001 }] }, calls: [call(owner, amount)] }),
    tokenBalances: dice.chance(0.2)
      ? [{ account: vaultOf(owner).tokenAccount, owner: vaultOf(owner).vault, before: 5n, after: 5n + amount / 2n }]
      : [],
  };
  return inVersion(rawTransaction(options), dice);
}

/** Events that follow each other, at least one. */
function told(dice: Dice, owner: string, amount: bigint): Uint8Array[] {
  const [other, half] = [dice.one(OWNERS), amount / 2n];
  const all = [
    () => events.initialise(owner),
    () => events.deposit(owner, amount, amount),
    () => events.lock(owner, half, half, amount - half),
    () => events.unlock(owner, half, 0n, amount),
    () => events.withdraw(owner, half, amount - half),
    () => events.transfer(owner, other, half, dice.one([0, 1, 2, 3, 4])),
    () => events.pause(dice.chance(0.5)),
  ];
  const from = Math.floor(dice.random() * all.length);
  return all.slice(from, from + 1 + Math.floor(dice.random() * 3)).map((make) => make());
}

/** A deposit as an instruction asks for it. */
function call(owner: string, amount: bigint): NonNullable<RawOptions["calls"]>[number] {
  const { vault, tokenAccount } = vaultOf(owner);
  const accounts = [owner, vault, key("user tokens"), tokenAccount, key("authority"), key("token program")];
  return { program: PROGRAM, data: encode("f223c68952e1f2b6", [{ u64: amount }]), accounts };
}

/** The same in one of the versions that are live, with the keys that go with it. */
function inVersion(item: Item, dice: Dice): Item {
  const { transaction, version: _, ...rest } = item as { transaction: { message: Item } } & Item;
  const version = dice.one(["legacy", 0, 1, "absent"]);
  const message = {
    ...transaction.message,
    ...(version === 0 && { addressTableLookups: [] }),
    ...(version === 1 && { transactionConfig: { computeUnitLimit: 200_000 } }),
  };
  return { ...rest, transaction: { ...transaction, message }, ...(version !== "absent" && { version }) };
}

/** A transaction in the enhanced form, with or without the vault program. */
export function enhancedItem(dice: Dice): Item {
  const program = (): string => dice.one([PROGRAM, OTHER_PROGRAM]);
  return {
    description: "",
    fee: 5000,
    signature: signature(`payload ${Math.floor(dice.random() * 1e4)}`),
    slot: Math.floor(dice.random() * 1e9),
    timestamp: 1_716_538_480,
    tokenTransfers: [{ tokenAmount: 0.1 + 0.2 }],
    transactionError: null,
    ...(dice.chance(0.9) && {
      instructions: [{
        programId: program(),
        accounts: [key("payer")],
        data: "3Bxs4h24hBtQy9rw",
        innerInstructions: [{ programId: program(), accounts: [], data: "" }],
      }],
    }),
    type: "UNKNOWN",
  };
}
