import bs58 from "bs58";
import { expect } from "expect";
import { DEMO_PROGRAM } from "@/supabase/local/demo/address.ts";
import type { DemoChain } from "@/supabase/local/demo/chain.ts";
import { rawItem } from "@/supabase/local/demo/transaction_json.ts";
import { openTestChain } from "./support/demo_chain.ts";
import { readLogs, tokenGrowth } from "./support/log_reader.ts";

const COUNT = 1500;
const numbers = Array.from({ length: COUNT }, (_, number) => number);

Deno.test("nextDraft() makes every kind of event, every reason and every version", () => {
  const chain = makeTraffic();
  const kinds = new Set<string>();
  const forms = new Set<unknown>();
  for (const number of numbers) {
    const { steps, version } = chain.record(number);
    forms.add(version);
    for (const step of steps) {
      kinds.add("reason" in step ? step.reason : step.kind);
      if ("through" in step && step.through) kinds.add(`${step.kind} through a program`);
      if (step.kind === "set_paused") kinds.add(`paused ${step.paused}`);
    }
    if (steps.filter((step) => "user" in step || "owner" in step).length > 1) kinds.add("several at once");
  }
  expect([...kinds]).toEqual(expect.arrayContaining([
    "initialize_vault_authority",
    "add_authorized_program",
    "initialize_vault",
    "deposit",
    "withdraw",
    "lock_collateral",
    "unlock_collateral",
    "Settlement",
    "Liquidation",
    "FeeCollection",
    "InsuranceFund",
    "Other",
    "paused true",
    "paused false",
    "memo",
    "token_transfer",
    "lamports_transfer",
    "other_program",
    "several at once",
    "deposit through a program",
    "transfer_collateral through a program",
    "lock_collateral through a program",
  ]));
  expect(forms).toEqual(new Set(["legacy", 0, 1]));
});

Deno.test("nextDraft() fails about two transactions in a hundred, in several ways", () => {
  const chain = makeTraffic();
  const errors = numbers.flatMap((number) => chain.errorOf(number)?.InstructionError[1].Custom ?? []);
  expect(errors.length).toBeGreaterThan(COUNT * 0.01);
  expect(errors.length).toBeLessThan(COUNT * 0.04);
  expect(new Set(errors).size).toBeGreaterThanOrEqual(4);
  const failed = numbers.filter((number) => chain.errorOf(number));
  expect(failed.filter((number) => chain.record(number).steps.some((step) => step.kind === "token_transfer"))).toEqual(
    [],
  );
});

Deno.test("nextDraft() never leaves a balance that cannot be", () => {
  const chain = makeTraffic();
  for (const vault of chain.state().vaults.values()) {
    expect(vault.locked >= 0n && vault.locked <= vault.total).toBe(true);
    expect(vault.totalDeposited >= 0n && vault.totalWithdrawn >= 0n).toBe(true);
  }
  for (const { amount } of chain.state().tokens.values()) expect(amount >= 0n).toBe(true);
});

Deno.test("nextDraft() conserves: each vault's token account holds its total and the gifts to it", () => {
  const chain = makeTraffic();
  const gifts = new Map<string, bigint>();
  for (const number of numbers) {
    if (chain.errorOf(number)) continue;
    for (const step of chain.record(number).steps) {
      if (step.kind === "token_transfer") gifts.set(step.to, (gifts.get(step.to) ?? 0n) + step.amount);
    }
  }
  const vaults = [...chain.state().vaults.values()];
  expect(vaults.some(({ tokenAccount }) => gifts.has(tokenAccount))).toBe(true);
  for (const { tokenAccount, total } of vaults) {
    expect(chain.state().tokens.get(tokenAccount)?.amount).toBe(total + (gifts.get(tokenAccount) ?? 0n));
  }
  const deposited = vaults.reduce((sum, vault) => sum + vault.totalDeposited - vault.totalWithdrawn, 0n);
  expect(vaults.reduce((sum, vault) => sum + vault.total, 0n)).toBe(deposited);
});

Deno.test("a ledger read from the raw items alone comes to the program's own balances", () => {
  const chain = makeTraffic();
  const totals = readTotals(chain);
  const expected = new Map([...chain.state().vaults.values()].map(({ address, total }) => [address, total]));
  expect(totals).toEqual(expected);
});

Deno.test("in every successful item the token accounts grow by what the events say", () => {
  const chain = makeTraffic();
  const owners = new Map(
    [...chain.state().vaults.values()].map(({ address, tokenAccount }) => [tokenAccount, address]),
  );
  for (const number of numbers) {
    const item = rawItem(chain.render(number));
    const changes = changesOf(item.meta.logMessages, chain);
    for (const [account, growth] of tokenGrowth(item)) {
      const vault = owners.get(account);
      const gift = chain.record(number).steps.some((step) => step.kind === "token_transfer" && step.to === account);
      if (!vault || gift) continue;
      expect(growth).toBe(item.meta.err ? 0n : changes.get(vault) ?? 0n);
    }
  }
});

/** A chain of traffic, for reading only: its log is already gone. */
function makeTraffic(): DemoChain {
  const test = openTestChain({ count: COUNT, seed: "traffic", traders: 5 });
  const chain = test.chain();
  test.close();
  return chain;
}

/** Every vault's total by the events of successful items. */
function readTotals(chain: DemoChain): Map<string, bigint> {
  const totals = new Map<string, bigint>();
  for (const number of numbers) {
    const item = rawItem(chain.render(number));
    if (item.meta.err) continue;
    for (const [vault, change] of changesOf(item.meta.logMessages, chain)) {
      totals.set(vault, (totals.get(vault) ?? 0n) + change);
    }
  }
  return totals;
}

/** How each vault's total changes by the events in the logs, read with the offsets of CHAIN.md. */
function changesOf(lines: readonly string[], chain: DemoChain): Map<string, bigint> {
  const changes = new Map<string, bigint>();
  const addresses = new Map([...chain.state().vaults.keys()].map((address) => [addressHex(address), address]));
  const add = (bytes: Uint8Array, at: number, amount: bigint): void => {
    const vault = addresses.get(bytes.slice(at, at + 32).toHex()) ?? "unknown";
    changes.set(vault, (changes.get(vault) ?? 0n) + amount);
  };
  for (const bytes of readLogs(lines, DEMO_PROGRAM).events) {
    const amount = bytes.length >= 80 ? new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(72, true) : 0n;
    const name = bytes.slice(0, 8).toHex();
    if (name === "cbd65b05b9f8c095") add(bytes, 40, 0n);
    if (name === "78f83d531f8e6b90") add(bytes, 40, amount);
    if (name === "1609851aa02c47c0") add(bytes, 40, -amount);
    if (name === "bf083e889cb1a582") {
      add(bytes, 8, -amount);
      add(bytes, 40, amount);
    }
  }
  return changes;
}

function addressHex(address: string): string {
  return bs58.decode(address).toHex();
}
