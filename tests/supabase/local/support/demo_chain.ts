/**
 * A demo chain in a folder of its own, on a clock that the test moves.
 *
 * @module
 */
import { DEMO_PROGRAM, USDT_MINT } from "@/supabase/local/demo/address.ts";
import { createCast } from "@/supabase/local/demo/cast.ts";
import { type DemoChain, openDemoChain } from "@/supabase/local/demo/chain.ts";
import { nextDraft } from "@/supabase/local/demo/traffic.ts";

/** When the test's clock starts: 22 November 2026. Milliseconds. */
export const START = 1_795_305_600_000;

export interface TestChain {
  readonly path: string;
  /** The chain as opened last. */
  chain(): DemoChain;
  /** Lets traffic make so many transactions, half a second apart. */
  grow(count: number): void;
  /** Moves the clock. */
  wait(milliseconds: number): void;
  /** Closes the chain and opens it again from its log, as a restart does. */
  reopen(): DemoChain;
  close(): void;
}

/** Opens an empty chain, or one with so many transactions of traffic. */
export function openTestChain({ seed = "test", count = 0, traders = 3 } = {}): TestChain {
  const folder = Deno.makeTempDirSync({ prefix: "demo_chain_" });
  const path = `${folder}/chain.ndjson`;
  const cast = createCast(seed, traders);
  let now = START;
  const open = (): DemoChain => (
    openDemoChain({ path, seed, program: DEMO_PROGRAM, mint: USDT_MINT, clock: () => now })
  );
  let chain = open();
  const grow = (more: number): void => {
    for (let made = 0; made < more; made++) {
      now += 500;
      chain.append(nextDraft({ seed, number: chain.size(), state: chain.state(), book: chain.book, cast }));
    }
  };
  grow(count);
  return {
    path,
    chain: () => chain,
    grow,
    wait: (milliseconds) => void (now += milliseconds),
    reopen(): DemoChain {
      chain.close();
      chain = open();
      return chain;
    },
    close(): void {
      chain.close();
      Deno.removeSync(folder, { recursive: true });
    },
  };
}
