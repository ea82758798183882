import bs58 from "bs58";
import { expect } from "expect";
import { DEMO_PROGRAM } from "@/supabase/local/demo/address.ts";
import { nodeTransaction, rawItem } from "@/supabase/local/demo/transaction_json.ts";
import { openTestChain } from "./support/demo_chain.ts";
import { alice, record, render, stage } from "./support/demo_stage.ts";
import { readLogs } from "./support/log_reader.ts";

// The keys of shared/samples/06_raw_anchor_event_devnet_hotpotato.json, in their order. 08_raw_jupiter.json has the same.
const ITEM_KEYS = ["blockTime", "indexWithinBlock", "meta", "slot", "transaction", "version"];
const META_KEYS = [
  "err",
  "fee",
  "innerInstructions",
  "loadedAddresses",
  "logMessages",
  "postBalances",
  "postTokenBalances",
  "preBalances",
  "preTokenBalances",
  "rewards",
];
const MESSAGE_KEYS = ["accountKeys", "addressTableLookups", "header", "instructions", "recentBlockhash"];

Deno.test("rawItem() has exactly the keys of a Helius delivery, in their order", () => {
  const chain = openTestChain({ count: 250 });
  try {
    for (let number = 0; number < 250; number++) {
      const item = rawItem(chain.chain().render(number));
      const { message } = item.transaction;
      expect(Object.keys(item)).toEqual(ITEM_KEYS);
      expect(Object.keys(item.meta)).toEqual(META_KEYS);
      expect(Object.keys(item.meta.loadedAddresses)).toEqual(["readonly", "writable"]);
      expect(Object.keys(item.transaction)).toEqual(["message", "signatures"]);
      // Version 1 keeps its compute budget in the message (SIMD-0385).
      expect(Object.keys(message)).toEqual(item.version === 1 ? [...MESSAGE_KEYS, "transactionConfig"] : MESSAGE_KEYS);
      expect(Object.keys(message.header))
        .toEqual(["numReadonlySignedAccounts", "numReadonlyUnsignedAccounts", "numRequiredSignatures"]);
      for (
        const instruction of [
          ...message.instructions,
          ...item.meta.innerInstructions.flatMap((i) => i.instructions),
        ]
      ) {
        expect(Object.keys(instruction)).toEqual(["accounts", "data", "programIdIndex"]);
      }
      for (const balance of item.meta.postTokenBalances) {
        expect(Object.keys(balance)).toEqual(["accountIndex", "mint", "owner", "programId", "uiTokenAmount"]);
        expect(Object.keys(balance.uiTokenAmount)).toEqual(["amount", "decimals", "uiAmount", "uiAmountString"]);
      }
    }
  } finally {
    chain.close();
  }
});

Deno.test("rawItem() agrees with itself: signers, places, lamports, logs, and no word of failure without an error", () => {
  const chain = openTestChain({ count: 300, seed: "consistent" });
  try {
    for (let number = 0; number < 300; number++) {
      const item = rawItem(chain.chain().render(number));
      const { message, signatures } = item.transaction;
      const { loadedAddresses: loaded, preBalances, postBalances } = item.meta;
      const places = message.accountKeys.length + loaded.readonly.length + loaded.writable.length;
      const named = [...message.instructions, ...item.meta.innerInstructions.flatMap((inner) => inner.instructions)]
        .flatMap(({ accounts, programIdIndex }) => [...accounts, programIdIndex]);
      expect(named.every((place) => place >= 0 && place < places)).toBe(true);
      expect([preBalances.length, postBalances.length]).toEqual([places, places]);
      expect(signatures.length).toBe(message.header.numRequiredSignatures);
      const { units = 0, price = 0 } = chain.chain().record(number).budget ?? {};
      expect(item.meta.fee).toBe(5000 * signatures.length + Math.ceil(units * price / 1_000_000));
      expect(signatures.every((signature) => bs58.decode(signature).length === 64)).toBe(true);
      expect(readLogs(item.meta.logMessages, DEMO_PROGRAM).balanced).toBe(true);
      expect(item.meta.logMessages.some((line) => / failed: custom program error: 0x/.test(line)))
        .toBe(item.meta.err !== null);
      const lamports = (balances: readonly number[]): number => balances.reduce((sum, balance) => sum + balance, 0);
      expect(lamports(preBalances) - lamports(postBalances)).toBe(item.meta.fee);
    }
  } finally {
    chain.close();
  }
});

Deno.test("nodeTransaction() has what a node adds and lacks what only Helius has", () => {
  const rendered = render(stage(), record(alice, [{ kind: "deposit", user: alice, amount: 7n }]));
  const versioned = nodeTransaction(rendered, true);
  expect(Object.keys(versioned)).toEqual(["blockTime", "meta", "slot", "transaction", "transactionIndex", "version"]);
  expect(versioned).toMatchObject({
    transactionIndex: 4,
    meta: { status: { Ok: null }, computeUnitsConsumed: rendered.unitsConsumed, loadedAddresses: { readonly: [] } },
  });
  const old = nodeTransaction(rendered, false);
  expect(Object.keys(old)).not.toContain("version");
  expect(Object.keys(old["meta"] as object)).not.toContain("loadedAddresses");
  expect(JSON.stringify(versioned)).not.toContain("addressTableLookups");
});
