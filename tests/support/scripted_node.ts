/**
 * A node that serves transactions written by hand: for what the demo chain's program cannot do.
 *
 * @module
 */
import { createNode, type SolanaNode } from "@/lib/chain/rpc.ts";
import { rawTransaction } from "./raw_delivery.ts";

/** What `getTransaction` answers, and what `getSignaturesForAddress` lists of it. */
export type Written = ReturnType<typeof rawTransaction>;

/** A sound node whose newest final slot is `tip`; every address has all of these transactions, given oldest first. */
export function scriptedNode(written: readonly Written[], tip: number): SolanaNode {
  const answers: Readonly<Record<string, (params: readonly unknown[]) => unknown>> = {
    getSlot: () => tip,
    getBlockTime: () => null,
    getSignaturesForAddress: ([, config]) => {
      const { before } = config as { before?: string };
      const rows = written.map(rowOf).reverse();
      const from = before === undefined ? 0 : rows.findIndex(({ signature }) => signature === before) + 1;
      return before !== undefined && from === 0 ? [] : rows.slice(from);
    },
    getTransaction: ([signature]) => {
      const found = written.find((item) => rowOf(item).signature === signature);
      return found ? { ...found, transactionIndex: found.indexWithinBlock } : null;
    },
    getSignatureStatuses: ([signatures]) => ({
      context: { slot: tip },
      value: (signatures as readonly string[]).map((asked) => {
        const row = written.map(rowOf).find(({ signature }) => signature === asked);
        return row ? { slot: row.slot, err: row.err, confirmationStatus: "finalized" } : null;
      }),
    }),
  };
  return createNode({
    url: "http://scripted.example",
    fetch: (_, init) => {
      const { method, params } = JSON.parse(String(init?.body));
      return Promise.resolve(Response.json({ jsonrpc: "2.0", id: 1, result: answers[method]?.(params) }));
    },
  });
}

function rowOf(item: Written): { signature: string; slot: number; err: unknown; blockTime: unknown } {
  const { transaction, meta, slot, blockTime } = item as unknown as {
    transaction: { signatures: [string] };
    meta: { err: unknown };
    slot: number;
    blockTime: unknown;
  };
  return { signature: transaction.signatures[0], slot, err: meta.err, blockTime };
}
