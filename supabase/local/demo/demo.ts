/**
 * The demo: a chain that trades by itself, its RPC, and its deliveries to the webhook.
 *
 * @module
 */
import bs58 from "bs58";
import { addressBytes, type SeededKey } from "./address.ts";
import { concatBytes } from "./borsh.ts";
import { createCast } from "./cast.ts";
import { type DemoChain, openDemoChain } from "./chain.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Faults } from "./faults.ts";
import { type DemoNode, serveNode } from "./node.ts";
import { createRandom } from "./random.ts";
import { nextDraft } from "./traffic.ts";
import { rawItem } from "./transaction_json.ts";
import { createDeliverer, type Deliverer, type DeliveryCounters, pause } from "./webhook.ts";

/** The seed of the demo that `start` shows. */
export const DEMO_SEED = "vaultbook";

export interface DemoOptions {
  /** Where the chain's log is kept; made when missing. */
  readonly folder: string;
  /** Usually {@link DEMO_SEED}; another seed is another history. */
  readonly seed: string;
  /** Usually `DEMO_PROGRAM` and `USDT_MINT` of address.ts. */
  readonly programId: string;
  readonly mint: string;
  readonly webhookUrl: string;
  readonly webhookSecret: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly rpcPort: number;
  /** Transactions a second once the history is there; 0 for none. Default 2. */
  readonly ratePerSecond?: number;
  /** How many traders have a vault; default 8. The insurance fund and the treasury have theirs besides. */
  readonly owners?: number;
  /** Transactions that a new chain begins with, spread over its last ten minutes; default 60. */
  readonly history?: number;
  readonly log?: (line: string) => void;
  readonly clock?: Clock;
}

/** A wallet of the demo that has a vault. */
export interface DemoOwner {
  readonly name: string;
  readonly address: string;
  readonly vault: string;
  readonly tokenAccount: string;
  /** The wallet's real key, to sign in with. It guards nothing: anybody can compute it from the seed. */
  exportKey(): {
    /** Private seed and public key, 64 bytes, as in a Solana keypair file and in `Keypair.fromSecretKey`. */
    readonly secretKey: Uint8Array;
    /** The same as a wallet imports it. */
    readonly base58: string;
  };
}

/** A running demo. */
export interface Demo {
  readonly rpcUrl: string;
  /** What can be made wrong with the node behind `rpcUrl`; nothing is at first. */
  readonly faults: Faults;
  readonly programId: string;
  /** The traders. */
  readonly owners: readonly DemoOwner[];
  /** The exchange's own: insurance fund and treasury. */
  readonly house: readonly DemoOwner[];
  /** Resolves once the transactions that a start makes at once are delivered or lost. */
  readonly caughtUp: Promise<void>;
  /** `transactions` is the length of the chain; the others count deliveries since this start. */
  counters(): DeliveryCounters & { readonly transactions: number };
  /** Stops traffic, deliveries and RPC. The chain goes on from its log at the next start. */
  close(): Promise<void>;
}

/** How long before its first start a chain begins. */
const HISTORY_MS = 10 * 60 * 1000;
/** Deliveries of the first history are larger than live ones, so that it is there at once. */
const HISTORY_BATCH = 20;
/** As many transactions as a continued chain delivers again: what was on its way when it ended may not have arrived. */
const REPEATED = 40;

/**
 * Starts the demo, or continues the one whose log lies in the folder.
 *
 * @throws {Error} when the log is of another seed, program or mint, or the port is taken.
 */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { folder, seed, programId, mint, host, ratePerSecond = 2, log = () => {}, clock = systemClock } = options;
  await Deno.mkdir(folder, { recursive: true });
  const path = `${folder}/chain.ndjson`;
  const chain = openDemoChain({ path, seed, program: programId, mint, clock, begins: clock() - HISTORY_MS });
  const cast = createCast(seed, options.owners ?? 8);
  const advance = (time?: number): number => {
    const number = chain.size();
    return chain.append(nextDraft({ seed, number, state: chain.state(), book: chain.book, cast }), time);
  };
  const deliverer = createDeliverer({ url: options.webhookUrl, secret: options.webhookSecret, log });
  /** What a wallet sends is delivered as what the demo makes: where it names the program. */
  const sent: DemoChain["append"] = (...transaction) => {
    const number = chain.append(...transaction);
    const rendered = chain.render(number);
    if (rendered.message.keys.includes(programId)) deliverer.deliver([rawItem(rendered)]);
    return number;
  };
  let node: DemoNode;
  try {
    node = serveNode({ chain: { ...chain, append: sent }, host, port: options.rpcPort, seed });
  } catch (error) {
    chain.close();
    throw error;
  }
  const closing = new AbortController();
  const repeated = Math.min(chain.size(), REPEATED);
  const tail = Array.from({ length: repeated }, (_, place) => chain.size() - repeated + place);
  const written = [...tail, ...writeHistory(chain, options.history ?? 60, advance)];
  const caughtUp = deliverHistory(chain, deliverer, written, closing.signal);
  const traffic = caughtUp
    .then(() => trade(chain, deliverer, ratePerSecond, advance, closing.signal))
    .catch((error) => log(`Demo traffic stopped: ${error instanceof Error ? error.message : String(error)}`));
  const owner = (name: string, key: SeededKey): DemoOwner => demoOwner(chain, name, key);
  return {
    rpcUrl: node.url,
    faults: node.faults,
    programId,
    owners: cast.traders.map((key, place) => owner(`trader ${place + 1}`, key)),
    house: [owner("insurance fund", cast.insurance), owner("treasury", cast.treasury)],
    caughtUp,
    counters: () => ({ ...deliverer.counters(), transactions: chain.size() }),
    async close(): Promise<void> {
      closing.abort();
      await deliverer.close();
      await traffic;
      await node.close();
      chain.close();
    },
  };
}

/** Gives a new chain its history: evenly over the time since it began. Gives the numbers of what it wrote. */
function writeHistory(chain: DemoChain, count: number, advance: (time: number) => number): number[] {
  const { time: begins } = chain.genesis.first;
  const written: number[] = [];
  while (chain.size() < count) {
    written.push(advance(begins + Math.floor(HISTORY_MS * (chain.size() + 1) / (count + 1))));
  }
  return written;
}

/** Delivers the history batch by batch, in order. */
async function deliverHistory(
  chain: DemoChain,
  deliverer: Deliverer,
  numbers: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  for (let start = 0; start < numbers.length && !signal.aborted; start += HISTORY_BATCH) {
    const batch = numbers.slice(start, start + HISTORY_BATCH);
    await deliverer.deliver(batch.map((number) => rawItem(chain.render(number))));
  }
}

/** Live traffic: one to three transactions, delivered together without waiting for the answer, then a pause to match. */
async function trade(
  chain: DemoChain,
  deliverer: Deliverer,
  ratePerSecond: number,
  advance: () => number,
  signal: AbortSignal,
): Promise<void> {
  if (!(ratePerSecond > 0)) return;
  while (!signal.aborted) {
    const random = createRandom(`${chain.genesis.seed}/delivery/${chain.size()}`);
    const count = random.weighted([[1, 80], [2, 15], [3, 5]]);
    await pause((count * 1000 / ratePerSecond) * (0.5 + random.fraction()), signal);
    if (signal.aborted) return;
    const items = Array.from({ length: count }, () => rawItem(chain.render(advance())));
    deliverer.deliver(items);
  }
}

function demoOwner(chain: DemoChain, name: string, { address, seed }: SeededKey): DemoOwner {
  const { address: vault, tokenAccount } = chain.book.vaultOf(address);
  return {
    name,
    address,
    vault,
    tokenAccount,
    exportKey(): { secretKey: Uint8Array; base58: string } {
      const secretKey = concatBytes([seed, addressBytes(address)]);
      return { secretKey, base58: bs58.encode(secretKey) };
    },
  };
}
