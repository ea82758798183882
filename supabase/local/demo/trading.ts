/**
 * The transactions of an exchange at work. Each maker gives a draft, or null where the balances do not allow one.
 *
 * @module
 */
import { ENGINE_PROGRAM } from "./address.ts";
import type { Step, TransferReason } from "./record.ts";
import { amountWithin, chanceOf, exchangeSigner, type Scene, USDT, vaultOf, walletAmount } from "./scene.ts";

/** The steps of a transaction and who pays for it. */
export interface Plan {
  readonly payer: string;
  readonly steps: readonly Step[];
}

/** Above this total an owner rather withdraws, below it rather deposits; it keeps a demo of any length in balance. */
const USUAL_TOTAL = 60_000n * USDT;

/** A deposit or a withdrawal by a trader, seldom by one of the exchange's own vaults. */
export function cash(scene: Scene): Plan | null {
  const { cast, random } = scene;
  const house = random.chance(0.06);
  const { address: user } = house ? random.pick([cast.treasury, cast.insurance]) : random.pick(cast.traders);
  const vault = vaultOf(scene, user);
  const kind = chanceOf(random, vault.total, vault.total + USUAL_TOTAL) ? "withdraw" : "deposit";
  const limit = kind === "deposit" ? walletAmount(scene, user) : vault.total - vault.locked;
  const amount = amountWithin(random, 10, 50_000, limit);
  if (amount === null) return null;
  // Some go through the exchange's own program, and the wallet signs all the same.
  const through = random.chance(0.08) ? { through: ENGINE_PROGRAM } : {};
  return { payer: user, steps: [{ kind, user, amount, ...through }] };
}

/** Collateral locked for a position, or given free again. */
export function margin(scene: Scene): Plan | null {
  const { cast, random } = scene;
  const { address: owner } = random.pick(cast.traders);
  const { total, locked } = vaultOf(scene, owner);
  const kind = chanceOf(random, locked, total) ? "unlock_collateral" : "lock_collateral";
  const amount = amountWithin(random, 10, 20_000, kind === "lock_collateral" ? total - locked : locked);
  if (amount === null) return null;
  const { payer, ...signer } = exchangeSigner(scene);
  return { payer, steps: [{ kind, owner, amount, ...signer }] };
}

/** Profit and loss between two traders. */
export function settlement(scene: Scene): Plan | null {
  const [loser, winner] = twoTraders(scene);
  if (!winner) return null;
  return transferPlan(scene, loser, winner, "Settlement", 5, 8_000, vaultOf(scene, loser).total / 3n);
}

/** A trader's locked collateral taken by the insurance fund. */
export function liquidation(scene: Scene): Plan | null {
  const { cast, random } = scene;
  const { address } = random.pick(cast.traders);
  return transferPlan(
    scene,
    address,
    cast.insurance.address,
    "Liquidation",
    10,
    30_000,
    vaultOf(scene, address).locked,
  );
}

/** A trading fee. */
export function fee(scene: Scene): Plan | null {
  const { cast, random } = scene;
  const { address } = random.pick(cast.traders);
  return transferPlan(scene, address, cast.treasury.address, "FeeCollection", 0.05, 60, vaultOf(scene, address).total);
}

/** The insurance fund makes a trader's loss good. */
export function insurancePayout(scene: Scene): Plan | null {
  const { cast, random } = scene;
  const from = cast.insurance.address;
  const to = random.pick(cast.traders).address;
  return transferPlan(scene, from, to, "InsuranceFund", 10, 20_000, vaultOf(scene, from).total / 2n);
}

/** A transfer for a reason that the program has no name for. */
export function otherTransfer(scene: Scene): Plan | null {
  const [from, to] = twoTraders(scene);
  return to ? transferPlan(scene, from, to, "Other", 1, 500, vaultOf(scene, from).total / 4n) : null;
}

/** Several instructions of the vault program in one transaction: a position opened, closed, or paid in and opened. */
export function position(scene: Scene): Plan | null {
  const { cast, random } = scene;
  const { address: owner } = random.pick(cast.traders);
  const vault = vaultOf(scene, owner);
  const treasury = cast.treasury.address;
  const { payer, ...signer } = exchangeSigner(scene);
  const cost = amountWithin(random, 0.05, 40, vault.total / 10n);
  if (cost === null) return null;
  const charge: Step = {
    kind: "transfer_collateral",
    from: owner,
    to: treasury,
    amount: cost,
    reason: "FeeCollection",
    ...signer,
  };
  const manner = random.pick(["open", "close", "fund"] as const);
  if (manner === "close") {
    const amount = amountWithin(random, 10, 20_000, vault.locked);
    return amount === null ? null : { payer, steps: [{ kind: "unlock_collateral", owner, amount, ...signer }, charge] };
  }
  if (manner === "open") {
    const amount = amountWithin(random, 10, 20_000, vault.total - vault.locked - cost);
    return amount === null ? null : { payer, steps: [{ kind: "lock_collateral", owner, amount, ...signer }, charge] };
  }
  const amount = amountWithin(random, 10, 20_000, walletAmount(scene, owner));
  return amount === null ? null : {
    payer: owner,
    steps: [{ kind: "deposit", user: owner, amount }, { kind: "lock_collateral", owner, amount, ...signer }],
  };
}

/** The admin pauses the protocol; the traffic lifts it again soon. */
export function pause({ cast }: Scene): Plan {
  const admin = cast.admin.address;
  return { payer: admin, steps: [{ kind: "set_paused", admin, paused: true }] };
}

function transferPlan(
  scene: Scene,
  from: string,
  to: string,
  reason: TransferReason,
  low: number,
  high: number,
  limit: bigint,
): Plan | null {
  const amount = amountWithin(scene.random, low, high, limit);
  if (amount === null) return null;
  const { payer, ...signer } = exchangeSigner(scene);
  return { payer, steps: [{ kind: "transfer_collateral", from, to, amount, reason, ...signer }] };
}

/** Two different traders; the second is missing when there is only one. */
function twoTraders({ cast, random }: Scene): [string, string | undefined] {
  const first = random.pick(cast.traders);
  const others = cast.traders.filter((trader) => trader !== first);
  return [first.address, others.length > 0 ? random.pick(others).address : undefined];
}
