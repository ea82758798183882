import { expect } from "expect";
import { vaultsOf } from "@/lib/chain/proof.ts";
import type { Lock, Pause, Transfer } from "@/lib/domain/ledger_event.ts";

Deno.test("vaultsOf() names both vaults of a transfer, each vault once, and none for the whole protocol", () => {
  const authority = "an authority";
  const pause: Pause = { kind: "pause", ordinal: 0, vault: null, paused: true, authority };
  const balances = { lockedAfter: null, availableAfter: null };
  const lock: Lock = { kind: "lock", ordinal: 1, owner: null, vault: "a", amount: 1n, authority, ...balances };
  const moved = { vault: "b", toVault: "a", amount: 1n, authority };
  const transfer: Transfer = { kind: "transfer", ordinal: 2, reason: "Other", ...moved };
  expect([...vaultsOf([])]).toEqual([]);
  expect([...vaultsOf([pause])]).toEqual([]);
  expect([...vaultsOf([pause, lock, transfer, { ...pause, vault: "c" }])]).toEqual(["a", "b", "c"]);
});
