import { expect } from "expect";
import { createAddressBook, DEMO_PROGRAM, USDT_MINT } from "@/supabase/local/demo/address.ts";
import { createCast } from "@/supabase/local/demo/cast.ts";
import { encodeEvent, type VaultEvent } from "@/supabase/local/demo/events.ts";
import { openWallets } from "@/supabase/local/demo/execute.ts";
import { stepInstruction } from "@/supabase/local/demo/instructions.ts";
import { applyVaultStep } from "@/supabase/local/demo/program.ts";
import type { VaultStep } from "@/supabase/local/demo/record.ts";
import { type ChainState, EMPTY_STATE, type VaultState } from "@/supabase/local/demo/state.ts";

const book = createAddressBook(DEMO_PROGRAM, USDT_MINT);
const cast = createCast("program", 2);
const [alice, bob] = cast.traders.map(({ address }) => address) as [string, string];
const admin = cast.admin.address;
const keeper = cast.keeper.address;
const TIME = 1_795_305_600;

/** Applies the steps, which must all succeed. */
function run(state: ChainState, ...steps: VaultStep[]): { state: ChainState; events: VaultEvent[] } {
  const events: VaultEvent[] = [];
  let now = openWallets(state, { payer: admin, version: "legacy", steps }, book);
  for (const step of steps) {
    const outcome = applyVaultStep(now, step, book, TIME);
    if (!outcome.ok) throw new Error(outcome.refusal.log);
    now = outcome.state;
    events.push(...outcome.events);
  }
  return { state: now, events };
}

/** The error number of a step that must fail. */
function refused(state: ChainState, step: VaultStep): number {
  const outcome = applyVaultStep(
    openWallets(state, { payer: admin, version: "legacy", steps: [step] }, book),
    step,
    book,
    TIME,
  );
  return outcome.ok ? 0 : outcome.refusal.code;
}

/** Two vaults; Alice's holds 1000 units, 600 of them locked. */
function stage(): ChainState {
  return run(
    EMPTY_STATE,
    { kind: "initialize_vault_authority", admin },
    { kind: "add_authorized_program", admin, target: keeper },
    { kind: "initialize_vault", user: alice },
    { kind: "initialize_vault", user: bob },
    { kind: "deposit", user: alice, amount: 1000n },
    { kind: "lock_collateral", authority: keeper, owner: alice, amount: 600n },
  ).state;
}

function vault(state: ChainState, owner: string): VaultState {
  const found = state.vaults.get(book.vaultOf(owner).address);
  if (!found) throw new Error("no vault");
  return found;
}

function tokens(state: ChainState, owner: string): bigint | undefined {
  return state.tokens.get(book.vaultOf(owner).tokenAccount)?.amount;
}

Deno.test("encodeEvent() gives the sizes and discriminators of CHAIN.md", () => {
  const key = alice;
  const shared = { user: key, vault: key, amount: 1n, timestamp: TIME };
  const lock = { ...shared, newLockedBalance: 1n, newAvailableBalance: 2n, by: key };
  const events: [VaultEvent, string, number][] = [
    [
      { name: "VaultInitializedEvent", owner: key, vault: key, tokenAccount: key, timestamp: TIME },
      "cbd65b05b9f8c095",
      112,
    ],
    [{ name: "DepositEvent", ...shared, newBalance: 3n }, "78f83d531f8e6b90", 96],
    [{ name: "WithdrawEvent", ...shared, remainingBalance: 3n }, "1609851aa02c47c0", 96],
    [{ name: "LockCollateralEvent", ...lock }, "ea292edc58854d2f", 136],
    [{ name: "UnlockCollateralEvent", ...lock }, "18ff7e666b421137", 136],
    [
      {
        name: "TransferCollateralEvent",
        fromVault: key,
        toVault: key,
        amount: 1n,
        transferredBy: key,
        reason: "FeeCollection",
        timestamp: TIME,
      },
      "bf083e889cb1a582",
      121,
    ],
    [{ name: "VaultPausedEvent", isPaused: true, admin: key, timestamp: TIME }, "4bbd78a775e59b3c", 49],
  ];
  for (const [event, discriminator, length] of events) {
    const bytes = encodeEvent(event);
    expect([event.name, bytes.slice(0, 8).toHex(), bytes.length]).toEqual([event.name, discriminator, length]);
  }
});

Deno.test("encodeEvent() writes the fields in the order of CHAIN.md, little-endian", () => {
  const bytes = encodeEvent({
    name: "TransferCollateralEvent",
    fromVault: "11111111111111111111111111111111",
    toVault: alice,
    amount: 0x0102030405060708n,
    transferredBy: alice,
    reason: "InsuranceFund",
    timestamp: -2,
  });
  expect(bytes.slice(8, 40)).toEqual(new Uint8Array(32));
  expect(bytes.slice(72, 80).toHex()).toBe("0807060504030201");
  expect(bytes[112]).toBe(3);
  expect(bytes.slice(113).toHex()).toBe("feffffffffffffff");
});

Deno.test("stepInstruction() gives the discriminators, arguments and accounts of CHAIN.md", () => {
  const amount = 258n;
  const steps: [VaultStep, string, number][] = [
    [{ kind: "initialize_vault", user: alice }, "30bfa32c47813fa4", 7],
    [{ kind: "deposit", user: alice, amount }, "f223c68952e1f2b60201000000000000", 6],
    [{ kind: "withdraw", user: alice, amount }, "b712469c946da1220201000000000000", 6],
    [{ kind: "lock_collateral", authority: keeper, owner: alice, amount }, "a1d8877a0c68d3650201000000000000", 3],
    [{ kind: "unlock_collateral", authority: keeper, owner: alice, amount }, "a7d5dd9381d184be0201000000000000", 3],
    [
      { kind: "transfer_collateral", authority: keeper, from: alice, to: bob, amount, reason: "Liquidation" },
      "9da33f1bf248fb61020100000000000001",
      7,
    ],
    [{ kind: "initialize_vault_authority", admin }, "2f7d0bd1f8f0344d", 3],
    [{ kind: "set_paused", admin, paused: true }, "5b3c7dc0b0e1a6da01", 2],
  ];
  for (const [step, data, accounts] of steps) {
    const instruction = stepInstruction(step, book);
    expect([step.kind, instruction.data.toHex(), instruction.accounts.length]).toEqual([step.kind, data, accounts]);
  }
  const target = "11111111111111111111111111111111";
  const zeros = "00".repeat(32);
  expect(stepInstruction({ kind: "add_authorized_program", admin, target }, book).data.toHex())
    .toBe(`506a7fcdd935caca${zeros}`);
  expect(stepInstruction({ kind: "remove_authorized_program", admin, target }, book).data.toHex())
    .toBe(`46b6aceae59ccdf5${zeros}`);
});

Deno.test("applyVaultStep() credits a deposit and a withdrawal, and reports the total after each", () => {
  const { state, events } = run(
    stage(),
    { kind: "deposit", user: alice, amount: 500n },
    { kind: "withdraw", user: alice, amount: 300n },
  );
  expect(vault(state, alice)).toMatchObject({
    total: 1200n,
    locked: 600n,
    totalDeposited: 1500n,
    totalWithdrawn: 300n,
  });
  expect(tokens(state, alice)).toBe(1200n);
  expect(state.tokens.get(book.walletOf(alice))?.amount).toBe(5_000_000_000_000n - 1200n);
  expect(events).toMatchObject([
    { name: "DepositEvent", amount: 500n, newBalance: 1500n },
    { name: "WithdrawEvent", amount: 300n, remainingBalance: 1200n },
  ]);
});

Deno.test("applyVaultStep() reports both balances after a lock and an unlock", () => {
  const { state, events } = run(
    stage(),
    { kind: "lock_collateral", authority: keeper, owner: alice, amount: 400n },
    { kind: "unlock_collateral", authority: admin, owner: alice, amount: 250n },
  );
  expect(vault(state, alice)).toMatchObject({ total: 1000n, locked: 750n });
  expect(events).toMatchObject([
    { name: "LockCollateralEvent", newLockedBalance: 1000n, newAvailableBalance: 0n, by: keeper },
    { name: "UnlockCollateralEvent", newLockedBalance: 750n, newAvailableBalance: 250n, by: admin },
  ]);
});

Deno.test("applyVaultStep() takes a transfer from the locked part first and credits it as available", () => {
  const pay = (amount: bigint): VaultStep => (
    { kind: "transfer_collateral", authority: keeper, from: alice, to: bob, amount, reason: "Settlement" }
  );
  const small = run(stage(), pay(250n)).state;
  expect(vault(small, alice)).toMatchObject({ total: 750n, locked: 350n });
  expect(vault(small, bob)).toMatchObject({ total: 250n, locked: 0n, totalDeposited: 0n });
  const large = run(stage(), pay(900n)).state;
  expect(vault(large, alice)).toMatchObject({ total: 100n, locked: 0n, totalWithdrawn: 0n });
  expect([tokens(large, alice), tokens(large, bob)]).toEqual([100n, 900n]);
});

Deno.test("applyVaultStep() refuses with the program's error and leaves the state alone", () => {
  const state = stage();
  const lock = { kind: "lock_collateral", owner: alice } as const;
  const pay = { kind: "transfer_collateral", authority: keeper, from: alice, reason: "Other" } as const;
  expect(refused(state, { kind: "deposit", user: alice, amount: 0n })).toBe(6000);
  expect(refused(state, { kind: "withdraw", user: alice, amount: 401n })).toBe(6001);
  expect(refused(state, { ...lock, authority: keeper, amount: 401n })).toBe(6001);
  expect(refused(state, { ...pay, to: bob, amount: 1001n })).toBe(6001);
  expect(refused(state, { kind: "unlock_collateral", authority: keeper, owner: alice, amount: 601n })).toBe(6002);
  expect(refused(state, { ...lock, authority: bob, amount: 1n })).toBe(6003);
  expect(refused(state, { kind: "set_paused", admin: bob, paused: true })).toBe(6003);
  expect(refused(state, { ...pay, to: alice, amount: 1n })).toBe(6006);
  expect(refused(state, { kind: "deposit", user: keeper, amount: 1n })).toBe(3012);
  expect(refused(state, { kind: "deposit", user: alice, amount: 10n ** 13n })).toBe(1);
  expect(refused(state, { kind: "initialize_vault", user: alice })).toBe(0);
  expect(vault(state, alice)).toMatchObject({ total: 1000n, locked: 600n });
});

Deno.test("applyVaultStep() moves no collateral while paused", () => {
  const { state, events } = run(stage(), { kind: "set_paused", admin, paused: true });
  expect(events).toMatchObject([{ name: "VaultPausedEvent", isPaused: true, admin }]);
  expect(refused(state, { kind: "deposit", user: alice, amount: 1n })).toBe(6004);
  expect(refused(state, { kind: "lock_collateral", authority: keeper, owner: alice, amount: 1n })).toBe(6004);
  const after = run(state, { kind: "set_paused", admin, paused: false }, { kind: "deposit", user: alice, amount: 1n });
  expect(vault(after.state, alice).total).toBe(1001n);
});

Deno.test("applyVaultStep() takes a removed program's right away", () => {
  const state = run(stage(), { kind: "remove_authorized_program", admin, target: keeper }).state;
  expect(refused(state, { kind: "lock_collateral", authority: keeper, owner: alice, amount: 1n })).toBe(6003);
});
