/**
 * Random histories of the vault program that can have happened: what it would refuse is not in them.
 *
 * @module
 */
import type { ReadTransaction, TokenBalanceChange } from "@/lib/domain/chain_transaction.ts";
import { type LedgerEvent, TRANSFER_REASONS } from "@/lib/domain/ledger_event.ts";
import { deposit, initialise, lock, transfer, unlock, type Unplaced, withdrawal } from "@/tests/support/book.ts";
import { key, signature, vaultOf } from "@/tests/support/raw_delivery.ts";
import { candidateOf } from "./candidate.ts";
import { as, close, pause } from "./deeds.ts";
import type { Dice } from "./dice.ts";
import { copyOf, happen, heldIn, type Town, townOf, type World } from "./world.ts";

/** A history in chain order, all of it possible. */
export interface History {
  readonly town: Town;
  readonly transactions: readonly ReadTransaction[];
  /** All that ever came into an owner's address. No vault in it can ever hold more. */
  readonly income: ReadonlyMap<string, bigint>;
  /** The highest slot. */
  readonly lastSlot: number;
  /** The order of magnitude of its amounts. */
  readonly scale: bigint;
}

/** How large a history is to be. */
export interface Size {
  readonly owners: number;
  readonly transactions: number;
  /** So many of the owners take over the address of another; default 0. */
  readonly heirs?: number;
}

/** Makes a history. Its signatures and owners are made from `name`, so that histories do not meet. */
export function randomHistory(name: string, dice: Dice, size: Size): History {
  const owners = Array.from({ length: size.owners }, (_, n) => key(`${name} owner ${n}`));
  const town = townOf(owners, size.heirs ?? 0);
  const world: World = { tenants: new Map(), holdings: new Map() };
  const transactions: ReadTransaction[] = [];
  const scale = dice.one([20n, 1_000_000n, 10n ** 15n]);
  let [slot, transactionIndex] = [1, 0];
  for (let number = 0; number < size.transactions; number++) {
    const newcomers = owners.filter((owner) => !world.holdings.has(owner));
    const isDue = size.transactions - number <= newcomers.length || world.holdings.size === 0;
    const place = { signature: signature(`${name} ${number}`), slot, transactionIndex };
    const failed = !isDue && dice.chance(0.1);
    const scene = { dice, town, world, scale };
    const drawn = failed
      ? Array.from({ length: 1 + Math.floor(dice.random() * 2) }, () => attempt(scene))
      : happening(scene, isDue ? newcomers.slice(0, 1) : []);
    transactions.push(landed(place, drawn, failed, scene));
    [slot, transactionIndex] = dice.chance(0.3) ? [slot, transactionIndex + 1] : [slot + dice.one([1, 1, 2, 9]), 0];
  }
  const income = owners.map((owner) => [owner, incomeOf(town.home(owner), transactions)] as const);
  return { town, transactions, income: new Map(income), lastSlot: slot, scale };
}

function incomeOf(vault: string, transactions: readonly ReadTransaction[]): bigint {
  return transactions.flatMap((transaction) => candidateOf(transaction).legs)
    .filter((leg) => leg.vault === vault && !leg.failed && (leg.type === "deposit" || leg.type === "transfer_in"))
    .reduce((sum, { amount }) => sum + amount, 0n);
}

/** What is needed to say what could happen next. */
export interface Scene {
  readonly dice: Dice;
  readonly town: Town;
  readonly world: World;
  readonly scale: bigint;
}

/** One to three events that are possible one after the other; these newcomers open their vaults first. */
function happening(scene: Scene, due: readonly string[]): Unplaced[] {
  const { dice, town } = scene;
  const world = copyOf(scene.world);
  const drawn: Unplaced[] = [];
  const draw = (event: Unplaced): void => {
    drawn.push(event);
    happen(world, event);
  };
  for (const owner of due) draw(town.housed(initialise(owner)));
  const count = dice.one([1, 1, 1, 2, 3]);
  while (drawn.length < count) {
    const newcomer = town.owners.find((owner) => !world.holdings.has(owner));
    if (newcomer !== undefined && dice.chance(0.2)) draw(town.housed(initialise(newcomer)));
    else draw(possible({ ...scene, world }));
  }
  return drawn;
}

/** One event that the world allows. */
function possible({ dice, town, world, scale }: Scene): Unplaced {
  const present = town.owners.filter((owner) => world.tenants.get(town.home(owner)) === owner);
  const owner = dice.one(present);
  const { total, locked, available } = heldIn(world, town.home(owner));
  const kind = dice.random();
  if (kind < 0.02) return pause(dice.chance(0.5));
  if (kind < 0.08) return ofVault({ dice, town, world, scale }, owner);
  if (kind < 0.3 || total === 0n) return town.housed(deposit(owner, dice.upTo(scale)));
  if (kind < 0.45) return town.housed(withdrawal(owner, dice.upTo(available)));
  const unnamed = (event: Unplaced): Unplaced => town.housed(dice.chance(0.3) ? as(null, event) : event);
  if (kind < 0.6) return unnamed(lock(owner, dice.upTo(available)));
  if (kind < 0.75) return unnamed(unlock(owner, dice.upTo(locked)));
  return town.housed(transfer(owner, dice.one(present), dice.upTo(total), dice.one(TRANSFER_REASONS)));
}

/** A vault is paused, resumed, closed, or opened again: perhaps by who owned its address before. */
function ofVault({ dice, town, world }: Scene, owner: string): Unplaced {
  const known = town.owners.filter((other) => world.holdings.has(other));
  return town.housed(dice.one([
    { ...pause(dice.chance(0.6)), vault: vaultOf(owner).vault } as Unplaced,
    close(owner),
    as(null, close(owner)),
    initialise(dice.one(known)),
  ]));
}

/** One event that somebody tried in vain, with any vault that there will ever be. */
export function attempt({ dice, town, scale }: Scene): Unplaced {
  const [owner, amount] = [dice.one(town.owners), dice.upTo(scale * 2n)];
  const kinds: (() => Unplaced)[] = [
    () => deposit(owner, amount),
    () => withdrawal(owner, amount),
    () => lock(owner, amount),
    () => as(null, unlock(owner, amount)),
    () => transfer(owner, dice.one(town.owners), amount, dice.one(TRANSFER_REASONS)),
    () => dice.one([initialise(owner), close(owner), pause(true)]),
  ];
  return town.housed(dice.one(kinds)());
}

/** Writes events down as the chain would tell of them, sometimes with what it says beside them, and lets them happen. */
function landed(
  place: Pick<ReadTransaction, "signature" | "slot" | "transactionIndex">,
  drawn: readonly Unplaced[],
  failed: boolean,
  { dice, town, world }: Scene,
): ReadTransaction {
  const before = copyOf(world);
  const tells = dice.chance(0.6);
  const events = drawn.map((event, ordinal): LedgerEvent => {
    if (!failed) happen(world, event);
    return { ...(tells && !failed ? withBalances(event, world) : event), ordinal } as LedgerEvent;
  });
  const blockTime = dice.chance(0.1) ? null : 1_700_000_000 + place.slot;
  const transaction: ReadTransaction = { ...place, verdict: "read", failed, events, blockTime, tokenBalances: [] };
  const touched = new Set(candidateOf(transaction).addresses);
  const tokenBalances = town.owners.flatMap((owner): TokenBalanceChange[] => {
    const { vault, tokenAccount } = vaultOf(owner);
    // What lies on the account of a shared address says nothing of either vault.
    if (town.sharing.has(owner) || !world.holdings.has(owner) || !touched.has(vault)) return [];
    return [{
      account: tokenAccount,
      owner: vault,
      before: heldIn(before, vault).total,
      after: heldIn(world, vault).total,
    }];
  });
  return dice.chance(0.5) ? { ...transaction, tokenBalances } : transaction;
}

/** The event with the balances that the program reports after it. */
function withBalances(event: Unplaced, world: World): Unplaced {
  if (event.kind === "pause") return event;
  const { total, locked, available } = heldIn(world, event.vault);
  if (event.kind === "deposit" || event.kind === "withdrawal") return { ...event, totalAfter: total };
  if (event.kind !== "lock" && event.kind !== "unlock") return event;
  return { ...event, lockedAfter: locked, availableAfter: available };
}
