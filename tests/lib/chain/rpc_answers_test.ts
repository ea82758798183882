import { expect } from "expect";
import { createNode, type SolanaNode } from "@/lib/chain/rpc.ts";
import { NotReached } from "@/lib/chain/rpc_transport.ts";
import { manualTime, refusalOf } from "./support/rpc_client.ts";

const SIGNATURE = "1".repeat(64);
const ROW = { signature: SIGNATURE, slot: 9, err: null, blockTime: null, confirmationStatus: "finalized" };
const STATUS = { slot: 9, confirmations: null, err: null, confirmationStatus: "finalized" };
const ACCOUNT = { data: ["AAAA", "base64"], owner: "x", lamports: 1, executable: false, rentEpoch: 2 ** 64, space: 3 };
const BLOCK = { parentSlot: 8, blockTime: 5, signatures: [SIGNATURE] };
const FINAL = { commitment: "finalized" } as const;
const UNSAFE = 2 ** 53;

/** A client of a node that answers every call with this body. */
function told(body: unknown): SolanaNode {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return createNode({ url: "http://node/", fetch: () => Promise.resolve(new Response(text)), ...manualTime().options });
}

function result(value: unknown): SolanaNode {
  return told({ jsonrpc: "2.0", id: 1, result: value });
}

function atSlot(value: unknown, slot: unknown = 9): SolanaNode {
  return result({ context: { slot }, value });
}

const calls = {
  slot: (node: SolanaNode) => node.slot("confirmed"),
  rows: (node: SolanaNode) => node.signatures("x", { ...FINAL, limit: 2 }),
  transaction: (node: SolanaNode) => node.transaction(SIGNATURE, "finalized"),
  accounts: (node: SolanaNode) => node.accounts(["x"], { ...FINAL, minContextSlot: 9 }),
  statuses: (node: SolanaNode) => node.statuses([SIGNATURE]),
  block: (node: SolanaNode) => node.block(9, "finalized"),
  blockTime: (node: SolanaNode) => node.blockTime(9),
  blockhash: (node: SolanaNode) => node.latestBlockhash("confirmed"),
  genesisHash: (node: SolanaNode) => node.genesisHash(),
  version: (node: SolanaNode) => node.version(),
} satisfies Record<string, (node: SolanaNode) => Promise<unknown>>;

Deno.test("what is well-formed is read", async () => {
  expect(await calls.rows(result([ROW, { ...ROW, slot: 8, err: { InstructionError: [0, "Custom"] } }]))).toMatchObject([
    { failed: false, transactionIndex: null, commitment: "finalized" },
    { failed: true },
  ]);
  expect(await calls.rows(result([{ ...ROW, confirmationStatus: null, err: "AccountInUse", transactionIndex: 4 }])))
    .toMatchObject([{ failed: true, transactionIndex: 4, commitment: null }]);
  expect(await calls.accounts(atSlot([ACCOUNT]))).toEqual({
    slot: 9,
    value: [{ owner: "x", data: new Uint8Array(3) }],
  });
  expect(await calls.accounts(atSlot([null]))).toEqual({ slot: 9, value: [null] });
  expect(await calls.accounts(atSlot([{ ...ACCOUNT, data: ["", "base64"], space: undefined }])))
    .toMatchObject({ value: [{ data: new Uint8Array() }] });
  expect(await calls.statuses(atSlot([STATUS]))).toMatchObject({ value: [{ commitment: "finalized", failed: false }] });
  // A chain begins with slot 0.
  expect(await calls.statuses(atSlot([null], 0))).toEqual({ slot: 0, value: [null] });
  expect(await atSlot([null], 0).accounts(["x"], FINAL)).toEqual({ slot: 0, value: [null] });
  expect(await result(0).slot("confirmed")).toBe(0);
  expect(await calls.block(result(BLOCK))).toEqual(BLOCK);
  expect(await calls.blockTime(result(null))).toBeNull();
  const blockhash = "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU";
  expect(await calls.blockhash(atSlot({ blockhash, lastValidBlockHeight: 7 }))).toEqual({
    blockhash,
    lastValidBlockHeight: 7,
  });
  expect(await calls.transaction(result(null))).toBeNull();
});

Deno.test("what is not as it should be is refused, with the field's name", async () => {
  const cases: [(node: SolanaNode) => Promise<unknown>, SolanaNode, string][] = [
    [calls.slot, told("<html>maintenance</html>"), "answer"],
    [calls.slot, told(""), "answer"],
    [calls.slot, told("[]"), "answer"],
    [calls.slot, told({ jsonrpc: "2.0", id: 1 }), "result"],
    [calls.slot, told({ jsonrpc: "2.0", id: 2, result: 5 }), "id"],
    [calls.slot, told({ jsonrpc: "2.0", id: 1, error: "no" }), "error"],
    [calls.slot, told({ jsonrpc: "2.0", id: 1, error: { code: "x", message: "" } }), "error.code"],
    [calls.slot, told({ jsonrpc: "2.0", id: 1, error: { code: 1 } }), "error.message"],
    [calls.slot, result(null), "result"],
    [calls.slot, result("5"), "result"],
    [calls.slot, result(-1), "result"],
    [calls.slot, result(1.5), "result"],
    [calls.slot, result(UNSAFE), "result"],
    [calls.rows, result(null), "result"],
    [calls.rows, result({}), "result"],
    [calls.rows, result([ROW, ROW, ROW]), "result.length"],
    [calls.rows, result([ROW, { ...ROW, slot: 10 }]), "result[1].slot"],
    [calls.rows, result([{ ...ROW, signature: "1".repeat(63) }]), "result[0].signature"],
    [calls.rows, result([{ ...ROW, slot: UNSAFE }]), "result[0].slot"],
    [calls.rows, result([{ ...ROW, err: undefined }]), "result[0].err"],
    [calls.rows, result([{ ...ROW, err: false }]), "result[0].err"],
    [calls.rows, result([{ ...ROW, blockTime: "5" }]), "result[0].blockTime"],
    [calls.rows, result([{ ...ROW, transactionIndex: -1 }]), "result[0].transactionIndex"],
    [calls.rows, result([{ ...ROW, confirmationStatus: "rooted" }]), "result[0].confirmationStatus"],
    [calls.transaction, result([]), "result"],
    [calls.transaction, result({ slot: 9 }), "result.transaction"],
    [calls.transaction, result({ slot: 9, transaction: { signatures: [] } }), "result.transaction.signatures[0]"],
    [calls.transaction, result({ slot: 9, transaction: { signatures: ["2"] } }), "result.transaction.signatures[0]"],
    [calls.transaction, result({ slot: UNSAFE, transaction: { signatures: [SIGNATURE] } }), "result.slot"],
    [calls.accounts, result([ACCOUNT]), "result"],
    [calls.accounts, result({ value: [ACCOUNT] }), "result.context"],
    [calls.accounts, atSlot([ACCOUNT], "9"), "result.context.slot"],
    [calls.accounts, atSlot(null), "result.value"],
    [calls.accounts, atSlot([]), "result.value.length"],
    [calls.accounts, atSlot([ACCOUNT, ACCOUNT]), "result.value.length"],
    [calls.accounts, atSlot([{ ...ACCOUNT, data: "AAAA" }]), "result.value[0].data"],
    [calls.accounts, atSlot([{ ...ACCOUNT, data: ["AAAA", "base58"] }]), "result.value[0].data[1]"],
    [calls.accounts, atSlot([{ ...ACCOUNT, data: ["AAA", "base64"] }]), "result.value[0].data[0]"],
    [calls.accounts, atSlot([{ ...ACCOUNT, data: ["AA A", "base64"] }]), "result.value[0].data[0]"],
    [calls.accounts, atSlot([{ ...ACCOUNT, space: 4 }]), "result.value[0].space"],
    [calls.accounts, atSlot([{ ...ACCOUNT, owner: null }]), "result.value[0].owner"],
    [calls.statuses, atSlot([]), "result.value.length"],
    [calls.statuses, atSlot([{ ...STATUS, confirmationStatus: null }]), "result.value[0].confirmationStatus"],
    [calls.statuses, atSlot([{ ...STATUS, err: undefined }]), "result.value[0].err"],
    [calls.block, result(null), "result"],
    [calls.block, result({ ...BLOCK, signatures: ["x"] }), "result.signatures[0]"],
    [calls.block, result({ ...BLOCK, parentSlot: null }), "result.parentSlot"],
    [calls.blockTime, result("5"), "result"],
    [calls.genesisHash, result(5), "result"],
    [calls.blockhash, atSlot(null), "result.value"],
    [calls.blockhash, atSlot({ blockhash: "x", lastValidBlockHeight: 7 }), "result.value.blockhash"],
    [
      calls.blockhash,
      atSlot({ blockhash: "7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU", lastValidBlockHeight: -1 }),
      "result.value.lastValidBlockHeight",
    ],
    [calls.version, result({}), "result.solana-core"],
  ];
  for (const [call, node, field] of cases) {
    const { code, details } = await refusalOf(call(node));
    expect([code, details.field]).toEqual(["rpc_answer_invalid", field]);
    expect(String(details.problem)).toContain(field);
  }
});

Deno.test("row 33: an answer for an earlier slot than was asked for is rpc_behind, also from a node that does not say so", async () => {
  expect((await refusalOf(calls.accounts(atSlot([ACCOUNT], 8)))).details.problem).toBe("slot 8 where 9 is needed");
  expect((await refusalOf(calls.accounts(atSlot([ACCOUNT], 8)))).code).toBe("rpc_behind");
  expect((await refusalOf(result(8).slot("confirmed", 9))).code).toBe("rpc_behind");
  expect(await result(9).slot("confirmed", 9)).toBe(9);
  expect(String(new NotReached(8, 9))).toBe("NotReached: slot 8 where 9 is needed");
});
