/**
 * The vault program's side of a random history: whose each address is, and what each vault holds.
 *
 * @module
 */
import type { Unplaced } from "@/tests/support/book.ts";
import { vaultOf } from "@/tests/support/raw_delivery.ts";
import { candidateOf } from "./candidate.ts";
import { after, type Balances, impossibilityOf, NOTHING } from "./thread.ts";

/** Owners and where their vaults are to be. Some take over another's address. */
export interface Town {
  readonly owners: readonly string[];
  /** The address of an owner's vault. */
  home(owner: string): string;
  /** Owners whose address is another's too. */
  readonly sharing: ReadonlySet<string>;
  /** An event as it happens in the addresses of this town. */
  housed(event: Unplaced): Unplaced;
}

/** A town of these owners. The last so many of them take over the addresses of the first. */
export function townOf(owners: readonly string[], heirs: number): Town {
  const heritage = owners.slice(owners.length - heirs).map((heir, n) => [heir, owners[n] ?? heir] as const);
  const moved = new Map(heritage.flatMap(([heir, former]) => {
    const [own, taken] = [vaultOf(heir), vaultOf(former)];
    return [[own.vault, taken.vault], [own.tokenAccount, taken.tokenAccount]] as const;
  }));
  const to = (address: string): string => moved.get(address) ?? address;
  return {
    owners,
    home: (owner) => to(vaultOf(owner).vault),
    sharing: new Set(heritage.flat()),
    housed: (event) =>
      Object.fromEntries(
        Object.entries(event).map(([name, value]) => [name, typeof value === "string" ? to(value) : value]),
      ) as Unplaced,
  };
}

/** What there is at some time. */
export interface World {
  /** Whose each address is. */
  readonly tenants: Map<string, string>;
  /** What each owner's vault holds, or held when it was his. */
  readonly holdings: Map<string, Balances>;
}

/** The same world, to try something in. */
export function copyOf({ tenants, holdings }: World): World {
  return { tenants: new Map(tenants), holdings: new Map(holdings) };
}

/** What the vault in this address holds. */
export function heldIn({ tenants, holdings }: World, address: string): Balances {
  return holdings.get(tenants.get(address) ?? "") ?? NOTHING;
}

/** Lets an event happen. @throws where it is not possible. */
export function happen(world: World, event: Unplaced): void {
  if (event.kind === "initialise") {
    world.tenants.set(event.vault, event.owner);
    world.holdings.set(event.owner, world.holdings.get(event.owner) ?? NOTHING);
  }
  const alone = { signature: "", slot: 0, transactionIndex: 0, blockTime: null, tokenBalances: [] };
  const { legs } = candidateOf({ ...alone, verdict: "read", failed: false, events: [{ ...event, ordinal: 0 }] });
  for (const leg of legs) {
    const owner = world.tenants.get(leg.vault);
    const next = after(heldIn(world, leg.vault), leg);
    if (owner === undefined || impossibilityOf(next)) {
      throw new Error(`A legal history holds no ${event.kind} of ${leg.amount}`);
    }
    world.holdings.set(owner, next);
  }
}
