/**
 * Traffic that a reader must not take for the ledger's: failed transactions, other programs, gifts, memos.
 *
 * @module
 */
import { ENGINE_PROGRAM, LOOKALIKE_PROGRAM, RISK_PROGRAM } from "./address.ts";
import { encodeEvent } from "./events.ts";
import type { Step } from "./record.ts";
import { amountWithin, type Scene, USDT, vaultOf, walletAmount } from "./scene.ts";
import type { Plan } from "./trading.ts";

/** Texts for memos: several scripts, and some that a careless reader takes for log lines or events. */
const MEMOS = [
  "payout 2026-11",
  "Überweisung № 42 – “danke”",
  "入金 ありがとう 🙏",
  "مرحبا بالعالم",
  "margin call 👩‍👩‍👧 pls invoke [1] again",
  "Program 6W3NZi3XawYox92aWGY6a28tSgMCnRn6WC47Uy8YcwkN invoke [1]",
  "two lines\nProgram data: ePg9Ux+Oa5A=",
  'C:\\vault "quoted" \u0000',
];

/** A memo step for a transaction that the signer pays for. */
export function memoStep({ random }: Scene, signer: string): Step {
  return { kind: "memo", signer, text: random.pick(MEMOS) };
}

/** A transaction that fails, in one of the ways in which they do. */
export function failure(scene: Scene): Plan {
  const { cast, random } = scene;
  const { address: user } = random.pick(cast.traders);
  const vault = vaultOf(scene, user);
  const keeper = cast.keeper.address;
  const available = vault.total - vault.locked;
  const tooMuch: Step = { kind: "withdraw", user, amount: available + BigInt(random.between(1, 900)) * USDT };
  const manners: Plan[] = [
    { payer: user, steps: [tooMuch] },
    { payer: user, steps: [{ ...tooMuch, through: ENGINE_PROGRAM }] },
    // The first instruction succeeds and logs its event; the transaction fails all the same.
    {
      payer: user,
      steps: [{ kind: "deposit", user, amount: 25n * USDT }, { ...tooMuch, amount: tooMuch.amount + 25n * USDT }],
    },
    { payer: user, steps: [{ kind: "deposit", user, amount: walletAmount(scene, user) + 7_000_000n * USDT }] },
    {
      payer: keeper,
      steps: [{ kind: "unlock_collateral", authority: keeper, owner: user, amount: vault.locked + USDT }],
    },
    strangerLocks(scene, user),
  ];
  return random.pick(manners);
}

/** While the protocol is paused, somebody tries a deposit. */
export function refusedByPause({ cast, random }: Scene): Plan {
  const { address: user } = random.pick(cast.traders);
  return { payer: user, steps: [{ kind: "deposit", user, amount: BigInt(random.between(10, 5_000)) * USDT }] };
}

/** Another program, or nobody's, touches an address that is watched. */
export function noise(scene: Scene): Plan {
  const { cast, random } = scene;
  const stranger = random.pick(cast.strangers).address;
  const { address: trader } = random.pick(cast.traders);
  const { address: other } = random.pick(cast.traders);
  const vault = vaultOf(scene, trader);
  const bytes = random.bytes(40).toBase64();
  const manners: Plan[] = [
    {
      payer: cast.operator.address,
      steps: [{
        kind: "other_program",
        program: RISK_PROGRAM,
        signer: cast.operator.address,
        reads: [vault.address, vault.tokenAccount],
        log: bytes,
      }],
    },
    { payer: stranger, steps: [lookalike(scene, stranger, trader)] },
    memoAlone(scene),
    { payer: stranger, steps: [{ kind: "lamports_transfer", from: stranger, to: trader, lamports: 890_880 }] },
    { payer: trader, steps: [{ kind: "token_transfer", from: trader, to: scene.book.walletOf(other), amount: USDT }] },
  ];
  return random.pick(manners);
}

/** A trader writes a memo and does nothing else: possible whatever the balances are. */
export function memoAlone(scene: Scene): Plan {
  const payer = scene.random.pick(scene.cast.traders).address;
  return { payer, steps: [memoStep(scene, payer)] };
}

/** USDT sent straight to a vault's token account: the chain then holds more than the vault's total. */
export function donation(scene: Scene): Plan | null {
  const { cast, random } = scene;
  const from = random.pick(cast.strangers).address;
  const { tokenAccount } = vaultOf(scene, random.pick(cast.traders).address);
  const amount = amountWithin(random, 0.5, 150, walletAmount(scene, from));
  return amount === null ? null : { payer: from, steps: [{ kind: "token_transfer", from, to: tokenAccount, amount }] };
}

/** The same event bytes as a deposit's, from a program that is not the vault's. */
function lookalike(scene: Scene, signer: string, trader: string): Step {
  const { address, total } = vaultOf(scene, trader);
  const amount = 999_999n * USDT;
  const event = encodeEvent({
    name: "DepositEvent",
    user: trader,
    vault: address,
    amount,
    newBalance: total + amount,
    timestamp: scene.state.authority?.lastUpdated ?? 0,
  });
  return { kind: "other_program", program: LOOKALIKE_PROGRAM, signer, reads: [address], log: event.toBase64() };
}

function strangerLocks({ cast, random }: Scene, owner: string): Plan {
  const authority = random.pick(cast.strangers).address;
  return { payer: authority, steps: [{ kind: "lock_collateral", authority, owner, amount: USDT }] };
}
