/**
 * A chain on which nothing is wrong: every event states the balances that it leaves, as the program does, and the token accounts hold them.
 *
 * @module
 */
import type { ChainTransaction, TokenBalanceChange } from "@/lib/domain/chain_transaction.ts";
import { at, deposit, initialise, transfer, type Unplaced, withdrawal } from "@/tests/support/book.ts";
import { key, vaultOf } from "@/tests/support/raw_delivery.ts";

/** The key that locks, unlocks and transfers. */
export const AUTHORITY = key("authority");
/** What the rules say, in base units. */
const [LARGE_FROM, LOW_BELOW] = [10_000_000_000n, 100_000_000n];

/** What a vault holds. */
interface Held {
  total: bigint;
  locked: bigint;
}

/** Transactions of one event each, after those that open the vaults. */
export class HonestChain {
  readonly #vaults = new Map<string, Held>();
  readonly #owners: string[];
  readonly #waiting: string[];
  readonly #random: () => number;
  readonly #large = new Map<string, number>();
  readonly #failed = new Map<string, number>();
  readonly #wasLow = new Set<string>();
  readonly #name: string;
  #slot = 1;

  constructor(name: string, vaults: number, random: () => number) {
    this.#name = name;
    this.#random = random;
    this.#owners = [];
    this.#waiting = Array.from({ length: vaults }, (_, number) => key(`${name} owner ${number}`));
  }

  /** The next so many transactions. */
  next(count: number): ChainTransaction[] {
    return Array.from(
      { length: count },
      () => this.#waiting.length > 0 && this.#random() < 0.2 ? this.#opening() : this.#any(),
    );
  }

  /** Remembers who has little available just now. */
  noteLow(): void {
    for (const owner of this.#low()) this.#wasLow.add(owner);
  }

  /** Of which owners how many alerts there have to be; who has little available, and who ever had when one looked. */
  expected(): {
    large: ReadonlyMap<string, number>;
    failed: ReadonlyMap<string, number>;
    low: Set<string>;
    wasLow: ReadonlySet<string>;
  } {
    return { large: this.#large, failed: this.#failed, low: new Set(this.#low()), wasLow: this.#wasLow };
  }

  #low(): string[] {
    return [...this.#vaults].filter(([, { total, locked }]) => total - locked < LOW_BELOW).map(([owner]) => owner);
  }

  #opening(): ChainTransaction {
    const owner = this.#waiting.pop() ?? "";
    this.#owners.push(owner);
    const total = this.#amount(2_000_000_000);
    this.#vaults.set(owner, { total, locked: 0n });
    this.#note(owner, total);
    return this.#transaction([initialise(owner), deposit(owner, total, total)], [this.#tokens(owner, 0n, total)]);
  }

  #any(): ChainTransaction {
    const owner = this.#pick();
    if (owner === undefined) return this.#opening();
    const held = this.#vaults.get(owner) ?? { total: 0n, locked: 0n };
    const available = held.total - held.locked;
    const dice = this.#random();
    if (dice < 0.01) return this.#fail(owner);
    const amount = this.#part(dice >= 0.78 && dice < 0.92 ? held.locked : available);
    if (dice < 0.35 || amount === 0n) {
      return this.#deposit(owner, held, this.#random() < 0.02 ? LARGE_FROM + this.#amount(5e9) : this.#amount(1e9));
    }
    if (dice < 0.6) return this.#withdraw(owner, held, amount);
    if (dice < 0.78) return this.#lock(owner, held, amount);
    return dice < 0.92 ? this.#unlock(owner, held, amount) : this.#transfer(owner, held, this.#pick() ?? owner, amount);
  }

  #fail(owner: string): ChainTransaction {
    this.#failed.set(owner, (this.#failed.get(owner) ?? 0) + 1);
    const event = withdrawal(owner, this.#amount(1e9));
    return at(this.#slot, [event], { failed: true, name: `${this.#name} ${this.#slot++}` });
  }

  #deposit(owner: string, held: Held, amount: bigint): ChainTransaction {
    const before = held.total;
    held.total += amount;
    this.#note(owner, amount);
    return this.#transaction([deposit(owner, amount, held.total)], [this.#tokens(owner, before, held.total)]);
  }

  #withdraw(owner: string, held: Held, amount: bigint): ChainTransaction {
    const before = held.total;
    held.total -= amount;
    this.#note(owner, amount);
    return this.#transaction([withdrawal(owner, amount, held.total)], [this.#tokens(owner, before, held.total)]);
  }

  #lock(owner: string, held: Held, amount: bigint): ChainTransaction {
    held.locked += amount;
    return this.#transaction([this.#locking("lock", owner, held, amount)], []);
  }

  #unlock(owner: string, held: Held, amount: bigint): ChainTransaction {
    held.locked -= amount;
    return this.#transaction([this.#locking("unlock", owner, held, amount)], []);
  }

  #locking(kind: "lock" | "unlock", owner: string, held: Held, amount: bigint): Unplaced {
    const [lockedAfter, availableAfter] = [held.locked, held.total - held.locked];
    return { kind, owner, vault: vaultOf(owner).vault, amount, lockedAfter, availableAfter, authority: AUTHORITY };
  }

  #transfer(owner: string, held: Held, to: string, amount: bigint): ChainTransaction {
    const other = this.#vaults.get(to) ?? held;
    const before = [held.total, other.total] as const;
    // A transfer takes what is locked first.
    held.locked -= held.locked < amount ? held.locked : amount;
    held.total -= amount;
    other.total += amount;
    this.#note(owner, amount);
    this.#note(to, amount);
    const tokens = owner === to
      ? []
      : [this.#tokens(owner, before[0], held.total), this.#tokens(to, before[1], other.total)];
    return this.#transaction([transfer(owner, to, amount)], tokens);
  }

  #transaction(events: Unplaced[], tokenBalances: TokenBalanceChange[]): ChainTransaction {
    const transaction = at(this.#slot, events, { name: `${this.#name} ${this.#slot++}` });
    return transaction.verdict === "read" ? { ...transaction, tokenBalances } : transaction;
  }

  #tokens(owner: string, before: bigint, after: bigint): TokenBalanceChange {
    const { vault, tokenAccount } = vaultOf(owner);
    return { account: tokenAccount, owner: vault, before, after };
  }

  #note(owner: string, amount: bigint): void {
    if (amount >= LARGE_FROM) this.#large.set(owner, (this.#large.get(owner) ?? 0) + 1);
  }

  #pick(): string | undefined {
    return this.#owners[Math.floor(this.#random() * this.#owners.length)];
  }

  #amount(most: number): bigint {
    return 1n + BigInt(Math.floor(this.#random() * most));
  }

  /** Some of it, often all. */
  #part(of: bigint): bigint {
    return this.#random() < 0.1 ? of : of * BigInt(Math.floor(this.#random() * 1000)) / 1000n;
  }
}
