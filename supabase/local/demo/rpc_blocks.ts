/**
 * `getBlock` and `getBlockTime`, as a node answers them.
 *
 * @module
 */
import { sha512 } from "@noble/hashes/sha2.js";
import bs58 from "bs58";
import type { DemoChain } from "./chain.ts";
import { createRandom } from "./random.ts";
import { configAt, invalidParams, readCount, readSlot, RpcError } from "./rpc_request.ts";

/** The block of a slot with the signatures in it, the vault program's and everybody else's, in order. */
export function getBlock(chain: DemoChain, params: readonly unknown[]): unknown {
  const config = configAt(params, 1);
  const slot = blockSlot(chain, params[0], readSlot(chain, config, true));
  if (config["transactionDetails"] !== "signatures" || config["rewards"] !== false) {
    throw invalidParams("The demo chain answers transactionDetails signatures without rewards only");
  }
  const parentSlot = chain.calendar.blockNotAfter(slot - 1);
  return {
    blockHeight: chain.calendar.heightOf(slot),
    blockTime: chain.calendar.timeOf(slot),
    blockhash: chain.blockhash(slot),
    parentSlot,
    previousBlockhash: chain.blockhash(parentSlot),
    signatures: signaturesIn(chain, slot),
  };
}

/** When the slot's block was made, in Unix seconds. */
export function getBlockTime(chain: DemoChain, params: readonly unknown[]): unknown {
  return chain.calendar.timeOf(blockSlot(chain, params[0], chain.tips().confirmed));
}

/** @throws {RpcError} −32004 above `tip`, −32007 where there is no block. */
function blockSlot(chain: DemoChain, param: unknown, tip: number): number {
  const slot = readCount(param, "slot");
  if (slot === undefined) throw invalidParams("Invalid params: slot");
  if (slot > tip) throw new RpcError(-32004, `Block not available for slot ${slot}`);
  if (chain.calendar.isSkipped(slot)) {
    throw new RpcError(-32007, `Slot ${slot} was skipped, or missing due to ledger jump to recent snapshot`);
  }
  return slot;
}

/** Each transaction of the demo at its index; strangers' signatures fill the places between and some behind. */
function signaturesIn(chain: DemoChain, slot: number): string[] {
  const [from, to] = [chain.countUpTo(slot - 1), chain.countUpTo(slot)];
  const records = Array.from({ length: to - from }, (_, place) => chain.record(from + place));
  const { seed } = chain.genesis;
  const length = (records.at(-1)?.index ?? 0) + createRandom(`${seed}/block/${slot}`).between(1, 40);
  const known = new Map(records.map(({ index, signatures }) => [index, signatures[0] ?? ""]));
  const encoder = new TextEncoder();
  return Array.from({ length }, (_, index) => (
    known.get(index) ?? bs58.encode(sha512(encoder.encode(`${seed}/stranger/${slot}/${index}`)))
  ));
}
