/**
 * A demo chain on a clock that the test moves, served by a node whose faults the test switches: the outside world of sweep and
 * reconciliation. What the chain did is the truth; what the node says, and what the webhook would have been sent, need not be.
 *
 * @module
 */
import { DEMO_PROGRAM, USDT_MINT } from "@/supabase/local/demo/address.ts";
import { type Cast, createCast } from "@/supabase/local/demo/cast.ts";
import { type DemoChain, openDemoChain } from "@/supabase/local/demo/chain.ts";
import { type DemoNode, serveNode } from "@/supabase/local/demo/node.ts";
import type { TransactionDraft } from "@/supabase/local/demo/record.ts";
import { SLOT_MS } from "@/supabase/local/demo/slots.ts";
import { nextDraft } from "@/supabase/local/demo/traffic.ts";
import { rawItem } from "@/supabase/local/demo/transaction_json.ts";
import type { Posted } from "./deliverer.ts";

/** When the clock starts: 22 November 2026. Milliseconds. */
const START = 1_795_305_600_000;

export interface FaultyNodeOptions {
  /** Decides what happens and where faults strike. */
  readonly seed: string;
  /** How many traders have a vault; default 4. */
  readonly traders?: number;
  /** How many slots after a block was processed it is confirmed; default 2. */
  readonly confirmationSlots?: number;
}

/** The chain, its clock, and a node over it. */
export interface FaultyNode extends DemoNode {
  readonly chain: DemoChain;
  readonly cast: Cast;
  /** The chain's time. Milliseconds since 1970. */
  now(): number;
  /** Moves the clock. */
  wait(milliseconds: number): void;
  /** Moves the clock by so many slots. */
  waitSlots(slots: number): void;
  /** Waits until everything so far is final. */
  waitUntilFinal(): void;
  /** Lets traffic make so many transactions, each so many milliseconds after what was before; default 500. */
  trade(count: number, milliseconds?: number): void;
  /** Puts a transaction on the chain now; gives its signature. With signatures given it is one that lands again. */
  send(draft: TransactionDraft, signatures?: readonly string[]): string;
  /** All that the chain has posted so far, landings on forks that were dropped later among it, in the order of time. */
  posted(): readonly Posted[];
  /** Another node over the same chain, sound and with faults of its own. Ends with this one. */
  another(name: string): DemoNode;
}

/** Opens an empty chain and its node, on a free port. */
export function openFaultyNode({ seed, traders = 4, confirmationSlots = 2 }: FaultyNodeOptions): FaultyNode {
  const folder = Deno.makeTempDirSync({ prefix: "faulty_node_" });
  let time = START;
  const chain = openDemoChain({
    path: `${folder}/chain.ndjson`,
    seed,
    program: DEMO_PROGRAM,
    mint: USDT_MINT,
    clock: () => time,
    confirmationSlots,
  });
  const cast = createCast(seed, traders);
  const posted: Posted[] = [];
  const others: DemoNode[] = [];
  const serve = (name: string): DemoNode => serveNode({ chain, host: "127.0.0.1", port: 0, seed: `${seed}/${name}` });
  const node = serve("first");

  function send(draft: TransactionDraft, signatures?: readonly string[]): string {
    const number = chain.append(draft, time, signatures);
    // Rendered now: a fork may take it back.
    posted.push({ at: time + confirmationSlots * SLOT_MS, item: rawItem(chain.render(number)) });
    return chain.record(number).signatures[0] ?? "";
  }

  return {
    ...node,
    chain,
    cast,
    now: () => time,
    wait: (milliseconds) => void (time += milliseconds),
    waitSlots: (slots) => void (time += slots * SLOT_MS),
    waitUntilFinal(): void {
      const last = chain.record(chain.size() - 1).slot;
      while (chain.tips().finalized < last) time += SLOT_MS;
    },
    trade(count, milliseconds = 500): void {
      for (let made = 0; made < count; made++) {
        time += milliseconds;
        send(nextDraft({ seed, number: chain.size(), state: chain.state(), book: chain.book, cast }));
      }
    },
    send,
    posted: () => posted,
    another(name): DemoNode {
      const other = serve(name);
      others.push(other);
      return other;
    },
    async close(): Promise<void> {
      for (const each of [node, ...others]) await each.close();
      chain.close();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}
