/**
 * Decides what happens next on the demo chain: first everybody's vault, then an exchange's day. The answer depends on the seed,
 * on the number of the transaction and on the state alone, so that a chain goes on after a restart as if nothing had been.
 *
 * @module
 */
import type { AddressBook } from "./address.ts";
import type { Cast } from "./cast.ts";
import { execute } from "./execute.ts";
import { donation, failure, memoAlone, memoStep, noise, refusedByPause } from "./noise.ts";
import { createRandom } from "./random.ts";
import type { Step, TransactionDraft } from "./record.ts";
import { amountWithin, type Scene, USDT } from "./scene.ts";
import type { ChainState } from "./state.ts";
import {
  cash,
  fee,
  insurancePayout,
  liquidation,
  margin,
  otherTransfer,
  pause,
  type Plan,
  position,
  settlement,
} from "./trading.ts";

/** What happens how often, in parts of the sum. Failures are two in a hundred and noise five. */
const MIX: readonly (readonly [(scene: Scene) => Plan | null, number])[] = [
  [cash, 34],
  [margin, 26],
  [settlement, 11],
  [fee, 7],
  [position, 7],
  [liquidation, 3],
  [insurancePayout, 3],
  [otherTransfer, 1],
  [failure, 2],
  [noise, 5],
  [donation, 0.5],
  [pause, 0.2],
];
/** How often another die is thrown when the balances do not allow what came first. */
const ATTEMPTS = 20;

/** The next transaction of the chain. */
export function nextDraft(
  { seed, number, state, book, cast }: {
    seed: string;
    number: number;
    state: ChainState;
    book: AddressBook;
    cast: Cast;
  },
): TransactionDraft {
  const random = createRandom(`${seed}/traffic/${number}`);
  const scene: Scene = { state, book, cast, random };
  return dress(setUp(scene) ?? act(scene), scene);
}

/** The next step of preparing the stage, or null when it is ready. */
function setUp(scene: Scene): Plan | null {
  const { state: { authority, vaults }, cast, book, random } = scene;
  const admin = cast.admin.address;
  if (!authority) return { payer: admin, steps: [{ kind: "initialize_vault_authority", admin }] };
  const missing = [cast.keeper.address, cast.engine].filter((signer) => !authority.authorized.includes(signer));
  if (missing.length > 0) {
    return { payer: admin, steps: missing.map((target) => ({ kind: "add_authorized_program", admin, target })) };
  }
  // A vault can be made while the protocol is paused, but the first deposit could not.
  if (authority.paused) return null;
  const owners = [cast.insurance, cast.treasury, ...cast.traders].map(({ address }) => address);
  const user = owners.find((owner) => !vaults.has(book.vaultOf(owner).address));
  if (!user) return null;
  const initialize: Step = { kind: "initialize_vault", user };
  const first = user === cast.insurance.address ? 100_000n * USDT : amountWithin(random, 500, 50_000, 50_000n * USDT);
  const deposits = first !== null && (user === cast.insurance.address || random.chance(0.6));
  return { payer: user, steps: deposits ? [initialize, { kind: "deposit", user, amount: first }] : [initialize] };
}

function act(scene: Scene): Plan {
  const { state, cast, random } = scene;
  if (state.authority?.paused) {
    const admin = cast.admin.address;
    if (random.chance(0.7)) return { payer: admin, steps: [{ kind: "set_paused", admin, paused: false }] };
    return refusedByPause(scene);
  }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const make = random.weighted(MIX);
    const plan = make(scene);
    // Whatever is meant to succeed is tried first; only a failure may fail.
    if (plan && (make === failure) === fails(plan, scene)) return plan;
  }
  return memoAlone(scene);
}

function fails(plan: Plan, { state, book }: Scene): boolean {
  const trial = { ...plan, version: "legacy", slot: 0, index: 0, time: 0, signatures: [] } as const;
  return execute(state, trial, book).error !== null;
}

/** Adds what differs between transactions of one kind: a memo, a compute budget, the version. */
function dress(plan: Plan, scene: Scene): TransactionDraft {
  const { random } = scene;
  const steps = random.chance(0.12) ? [...plan.steps, memoStep(scene, plan.payer)] : plan.steps;
  const version = random.weighted<TransactionDraft["version"]>([["legacy", 76], [0, 20], [1, 4]]);
  const budget = { units: random.between(6, 16) * 50_000, price: random.between(0, 60_000) };
  // Version 1 takes an absent budget for zero.
  const asks = version === 1 || random.chance(0.45);
  return { payer: plan.payer, version, ...(asks ? { budget } : {}), steps };
}
