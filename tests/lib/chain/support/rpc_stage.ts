/**
 * A client of a faulty node: the stage of the tests of the RPC client.
 *
 * @module
 */
import { expect } from "expect";
import { createNode, type SolanaNode } from "@/lib/chain/rpc.ts";
import type { RpcOptions } from "@/lib/chain/rpc_transport.ts";
import type { FaultName } from "@/supabase/local/demo/faults.ts";
import { type FaultyNode, openFaultyNode } from "@/tests/support/faulty_node.ts";
import { type ManualTime, manualTime } from "./rpc_client.ts";

/** What is asked for, mostly. */
export const FINAL = { commitment: "finalized" } as const;

/** A chain, its node, and clients of it. */
export interface Stage {
  readonly chain: FaultyNode;
  /** A client on a clock of its own that only waiting moves. */
  readonly node: SolanaNode;
  readonly time: ManualTime;
  client(options?: Partial<RpcOptions>): SolanaNode;
  /** The first signature of the chain's last transaction that is final. */
  readonly signature: string;
}

/** Runs a test on a chain of 40 final transactions, and checks that every named fault struck. */
export async function onStage(faults: readonly FaultName[], run: (stage: Stage) => Promise<void>): Promise<void> {
  const chain = openFaultyNode({ seed: `rpc ${faults.join()}` });
  try {
    chain.trade(40);
    chain.waitUntilFinal();
    const time = manualTime();
    const client = (options: Partial<RpcOptions> = {}): SolanaNode => (
      createNode({ url: chain.url, deadline: 5_000, ...time.options, ...options })
    );
    const signature = chain.chain.record(chain.chain.size() - 1).signatures[0] ?? "";
    await run({ chain, node: client(), time, client, signature });
    for (const fault of faults) expect([fault, chain.faults.fired(fault) > 0]).toEqual([fault, true]);
  } finally {
    await chain.close();
  }
}
