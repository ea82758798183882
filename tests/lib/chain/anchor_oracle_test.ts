/**
 * Anchor's own parser as an oracle: on logs that it reads rightly, both must find the same events. What it reads wrongly (texts behind
 * `Program log: `, failed and truncated transactions, bytes cut short) is left out here.
 *
 * @module
 */
// Its own types would bring Node's with them, which are others than Deno's.
// @ts-types="../../support/anchor_parser.d.ts"
import { BorshCoder, EventParser } from "@anchor-lang/core";
import { PublicKey } from "@solana/web3.js";
import { expect } from "expect";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import { base64, events, key, OTHER_PROGRAM, PROGRAM } from "@/tests/support/raw_delivery.ts";
import { chosenSeed, generator } from "@/tests/support/seeded.ts";
import { read } from "@/tests/support/vault_program.ts";

const parser = new EventParser(new PublicKey(PROGRAM), new BorshCoder(idl));
const OWNERS = ["alice", "bob", "carol"].map(key);

type Random = () => number;

/** The log of a random tree of calls, of our program and another. Ours never calls itself: a delivery would list such a call. */
function randomCall(random: Random, depth: number, caller = OTHER_PROGRAM): string[] {
  const program = caller !== PROGRAM && random() < 0.6 ? PROGRAM : OTHER_PROGRAM;
  const body = Array.from({ length: Math.floor(random() * 4) }, () => {
    if (depth < 4 && random() < 0.4) return randomCall(random, depth + 1, program);
    if (random() < 0.3) return ["Program log: Instruction: Something"];
    return [`Program data: ${base64(randomEvent(random))}`];
  });
  return [
    `Program ${program} invoke [${depth}]`,
    ...body.flat(),
    `Program ${program} consumed 100 of 200000 compute units`,
    `Program ${program} success`,
  ];
}

function randomEvent(random: Random): Uint8Array {
  const one = <Value>(values: readonly Value[]): Value => values[Math.floor(random() * values.length)] as Value;
  const amount = (): bigint => BigInt(Math.floor(random() * 2 ** 31)) << BigInt(Math.floor(random() * 33));
  const [owner, other] = [one(OWNERS), one(OWNERS)];
  return one([
    () => events.initialise(owner),
    () => events.deposit(owner, amount(), amount()),
    () => events.withdraw(owner, amount(), amount()),
    () => events.lock(owner, amount(), amount(), amount()),
    () => events.unlock(owner, amount(), amount(), amount()),
    () => events.transfer(owner, other, amount(), one([0, 1, 2, 3, 4])),
    () => events.pause(random() < 0.5),
  ])();
}

/** Names of Anchor's fields as the ledger has them. */
const FIELDS: Record<string, string> = {
  ...{ user: "owner", from_vault: "vault", to_vault: "toVault", token_account: "tokenAccount", is_paused: "paused" },
  ...{ new_balance: "totalAfter", remaining_balance: "totalAfter", new_locked_balance: "lockedAfter" },
  ...{ new_available_balance: "availableAfter", locked_by: "authority", unlocked_by: "authority" },
  ...{ transferred_by: "authority", admin: "authority" },
};

/** An event of Anchor's, as the ledger would have it. */
function translated(data: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(data).filter(([name]) => name !== "timestamp");
  return Object.fromEntries(entries.map(([name, value]) => [FIELDS[name] ?? name, plain(value)]));
}

function plain(value: unknown): unknown {
  if (typeof value === "boolean") return value;
  const text = String(value);
  if (text !== "[object Object]") return text;
  // An enum is an object with its variant's name as the only key.
  const [variant = ""] = Object.keys(value as object);
  return variant.charAt(0).toUpperCase() + variant.slice(1);
}

/** An event of ours without what Anchor does not know. */
function comparable(event: Record<string, unknown>): Record<string, unknown> {
  const { kind: _, ordinal: __, at: ___, ...parts } = event;
  const told = Object.entries(parts).filter(([, value]) => value !== null);
  return Object.fromEntries(told.map(([name, value]) => [name, typeof value === "bigint" ? String(value) : value]));
}

Deno.test("readDelivery() finds in 500 random logs what Anchor's own parser finds, to the last digit", () => {
  const seed = chosenSeed();
  const random = generator(seed);
  let found = 0;
  for (let number = 0; number < 500; number++) {
    const logs = Array.from({ length: 1 + Math.floor(random() * 3) }, () => randomCall(random, 1)).flat();
    const expected = [...parser.parseLogs(logs)].map(({ data }) => translated(data));
    const { verdict, events = [] } = read({ logs });
    found += expected.length;
    expect([`seed ${seed}`, logs, (events as Record<string, unknown>[]).map(comparable)])
      .toEqual([`seed ${seed}`, logs, expected]);
    expect(verdict === "read").toBe(expected.length > 0);
  }
  expect(found).toBeGreaterThan(300);
});
