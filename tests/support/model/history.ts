/**
 * Random histories of the vault program that can have happened: what it would refuse is not in them.
 *
 * @module
 */
import type { ReadTransaction, TokenBalanceChange } from "@/lib/domain/chain_transaction.ts";
import { type LedgerEvent, TRANSFER_REASONS } from "@/lib/domain/ledger_event.ts";
import { deposit, initialise, lock, transfer, unlock, type Unplaced, withdrawal } from "@/tests/support/book.ts";
import { key, signature, vaultOf } from "@/tests/support/raw_delivery.ts";
import { candidateOf } from "./admission.ts";
import { after, type Balances, impossibilityOf, NOTHING } from "./thread.ts";

/** A random choice of whole numbers. */
export interface Dice {
  /** From 0 to 1. */
  readonly random: () => number;
  /** A whole number from 0 to `most`. */
  upTo(most: bigint): bigint;
  chance(probability: number): boolean;
  one<Item>(items: readonly Item[]): Item;
}

/** Dice that fall as `random` says. */
export function diceOf(random: () => number): Dice {
  return {
    random,
    // Often all or next to nothing: that is where balances break.
    upTo(most: bigint): bigint {
      const kind = random();
      if (kind < 0.25) return most;
      if (kind < 0.35) return most > 0n ? 1n : 0n;
      return most * BigInt(Math.floor(random() * 1000)) / 1000n;
    },
    chance: (probability) => random() < probability,
    one<Item>(items: readonly Item[]): Item {
      const item = items[Math.floor(random() * items.length)];
      if (item === undefined) throw new Error("Nothing to choose from");
      return item;
    },
  };
}

/** A history in chain order, all of it possible. */
export interface History {
  readonly owners: readonly string[];
  readonly transactions: readonly ReadTransaction[];
  /** All that ever came into a vault, by its owner. It can never hold more. */
  readonly income: ReadonlyMap<string, bigint>;
  /** The highest slot. */
  readonly lastSlot: number;
}

/** Makes a history of so many transactions. Its signatures and owners are made from `name`, so that histories do not meet. */
export function randomHistory(name: string, dice: Dice, size: { owners: number; transactions: number }): History {
  const owners = Array.from({ length: size.owners }, (_, n) => key(`${name} owner ${n}`));
  const vaults = new Map<string, Balances>();
  const transactions: ReadTransaction[] = [];
  const scale = dice.one([20n, 1_000_000n, 10n ** 15n]);
  let [slot, transactionIndex] = [1, 0];
  for (let number = 0; number < size.transactions; number++) {
    const newcomers = owners.filter((owner) => !vaults.has(vaultOf(owner).vault));
    const missing = size.transactions - number <= newcomers.length || vaults.size === 0 ? newcomers.slice(0, 1) : [];
    const place = { signature: signature(`${name} ${number}`), slot, transactionIndex };
    const failed = missing.length === 0 && dice.chance(0.1);
    const scene = { dice, owners, vaults, newcomers, scale };
    const drawn = failed
      ? Array.from({ length: 1 + Math.floor(dice.random() * 2) }, () => attempt(scene))
      : happening(scene, missing);
    transactions.push(landed(place, drawn, failed, vaults, scene));
    [slot, transactionIndex] = dice.chance(0.3) ? [slot, transactionIndex + 1] : [slot + dice.one([1, 1, 2, 9]), 0];
  }
  const income = owners.map((owner) => [owner, incomeOf(vaultOf(owner).vault, transactions)] as const);
  return { owners, transactions, income: new Map(income), lastSlot: slot };
}

function incomeOf(vault: string, transactions: readonly ReadTransaction[]): bigint {
  return transactions.flatMap((transaction) => candidateOf(transaction).legs)
    .filter((leg) => leg.vault === vault && !leg.failed && (leg.type === "deposit" || leg.type === "transfer_in"))
    .reduce((sum, { amount }) => sum + amount, 0n);
}

/** What is needed to say what could happen next. */
interface Scene {
  readonly dice: Dice;
  readonly owners: readonly string[];
  /** Balances of the vaults that there are, by address. */
  readonly vaults: ReadonlyMap<string, Balances>;
  /** Owners without a vault. */
  readonly newcomers: readonly string[];
  readonly scale: bigint;
}

/** One to three events that are possible one after the other. */
function happening(scene: Scene, missing: readonly string[]): Unplaced[] {
  const { dice } = scene;
  const vaults = new Map(scene.vaults);
  const newcomers = scene.newcomers.filter((owner) => !missing.includes(owner));
  const drawn: Unplaced[] = [];
  const happen = (event: Unplaced): void => {
    drawn.push(event);
    apply(vaults, event);
  };
  for (const owner of missing) happen(initialise(owner));
  const count = dice.one([1, 1, 1, 2, 3]);
  while (drawn.length < count) {
    const newcomer = newcomers.at(0);
    if (newcomer !== undefined && dice.chance(0.2)) {
      happen(initialise(newcomer));
      newcomers.shift();
    } else happen(possible({ ...scene, vaults }));
  }
  return drawn;
}

/** One event that the vaults allow. */
function possible({ dice, owners, vaults, scale }: Scene): Unplaced {
  const present = owners.filter((owner) => vaults.has(vaultOf(owner).vault));
  const owner = dice.one(present);
  const { total, locked, available } = vaults.get(vaultOf(owner).vault) ?? NOTHING;
  const kind = dice.random();
  if (kind < 0.02) return { kind: "pause", vault: null, paused: dice.chance(0.5), authority: key("admin") };
  if (kind < 0.3 || total === 0n) return deposit(owner, dice.upTo(scale));
  if (kind < 0.45) return withdrawal(owner, dice.upTo(available));
  if (kind < 0.6) return lock(owner, dice.upTo(available));
  if (kind < 0.75) return unlock(owner, dice.upTo(locked));
  return transfer(owner, dice.one(present), dice.upTo(total), dice.one(TRANSFER_REASONS));
}

/** One event that somebody tried in vain, with any vault that there will ever be. */
function attempt({ dice, owners, scale }: Scene): Unplaced {
  const [owner, amount] = [dice.one(owners), dice.upTo(scale * 2n)];
  const kind = dice.one([deposit, withdrawal, lock, unlock, transfer]);
  return kind === transfer
    ? transfer(owner, dice.one(owners), amount, dice.one(TRANSFER_REASONS))
    : (kind as typeof deposit)(owner, amount);
}

/** Writes events down as the chain would tell of them, sometimes with what it says beside them, and keeps the balances. */
function landed(
  place: Pick<ReadTransaction, "signature" | "slot" | "transactionIndex">,
  drawn: readonly Unplaced[],
  failed: boolean,
  vaults: Map<string, Balances>,
  { dice, owners }: Scene,
): ReadTransaction {
  const before = new Map(vaults);
  const tells = dice.chance(0.6);
  const events = drawn.map((event, ordinal): LedgerEvent => {
    if (!failed) apply(vaults, event);
    return { ...(tells && !failed ? withBalances(event, vaults) : event), ordinal } as LedgerEvent;
  });
  const blockTime = dice.chance(0.1) ? null : 1_700_000_000 + place.slot;
  const transaction: ReadTransaction = { ...place, verdict: "read", failed, events, blockTime, tokenBalances: [] };
  const touched = new Set(candidateOf(transaction).vaults);
  const tokenBalances = owners.flatMap((owner): TokenBalanceChange[] => {
    const { vault, tokenAccount } = vaultOf(owner);
    const held = vaults.get(vault);
    if (!held || !touched.has(vault)) return [];
    return [{ account: tokenAccount, owner: vault, before: before.get(vault)?.total ?? 0n, after: held.total }];
  });
  return dice.chance(0.5) ? { ...transaction, tokenBalances } : transaction;
}

/** The event with the balances that the program reports after it. */
function withBalances(event: Unplaced, vaults: ReadonlyMap<string, Balances>): Unplaced {
  if (event.kind === "pause") return event;
  const { total, locked, available } = vaults.get(event.vault) ?? NOTHING;
  if (event.kind === "deposit" || event.kind === "withdrawal") return { ...event, totalAfter: total };
  if (event.kind !== "lock" && event.kind !== "unlock") return event;
  return { ...event, lockedAfter: locked, availableAfter: available };
}

/** Lets an event happen. @throws where the generator has drawn what is not possible. */
function apply(vaults: Map<string, Balances>, event: Unplaced): void {
  if (event.kind === "initialise") vaults.set(event.vault, NOTHING);
  const alone = { signature: "", slot: 0, transactionIndex: 0, blockTime: null, tokenBalances: [] };
  const { legs } = candidateOf({ ...alone, verdict: "read", failed: false, events: [{ ...event, ordinal: 0 }] });
  for (const leg of legs) {
    const next = after(vaults.get(leg.vault) ?? NOTHING, leg);
    if (impossibilityOf(next)) throw new Error(`A legal history holds no ${event.kind} of ${leg.amount}`);
    vaults.set(leg.vault, next);
  }
}
