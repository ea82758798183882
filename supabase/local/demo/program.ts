/**
 * The vault program as a pure function: state and instruction in, state and events out, or the error that Anchor would give.
 *
 * @module
 */
import type { AddressBook } from "./address.ts";
import { AUTHORITY_PLACES, RENT } from "./accounts.ts";
import type { VaultEvent } from "./events.ts";
import type { VaultStep } from "./record.ts";
import { alreadyInUse, INSUFFICIENT_FUNDS, notInitialized, type Refusal, vaultError } from "./refusals.ts";
import { type AuthorityState, type ChainState, type VaultState, withEntry } from "./state.ts";

/** A transfer that the vault program asked the token program for. */
export interface TokenMove {
  readonly source: string;
  readonly destination: string;
  /** Who signs for the source. */
  readonly authority: string;
  readonly amount: bigint;
}

/** What an instruction came to. On a refusal the caller drops the state of the whole transaction. */
export type Outcome =
  | {
    readonly ok: true;
    readonly state: ChainState;
    readonly events: readonly VaultEvent[];
    readonly moves: readonly TokenMove[];
  }
  | { readonly ok: false; readonly refusal: Refusal; readonly moves: readonly TokenMove[] };

const U64_MAX = 2n ** 64n - 1n;

/** Applies one instruction of the vault program at a time in Unix seconds. The given state is not changed. */
export function applyVaultStep(state: ChainState, step: VaultStep, book: AddressBook, time: number): Outcome {
  switch (step.kind) {
    case "initialize_vault_authority":
      return initializeAuthority(state, step.admin, book, time);
    case "initialize_vault":
      return initializeVault(state, step.user, book, time);
    case "set_paused":
    case "add_authorized_program":
    case "remove_authorized_program":
      return administer(state, step, time);
    case "deposit":
    case "withdraw":
      return depositOrWithdraw(state, step, book, time);
    case "lock_collateral":
    case "unlock_collateral":
      return lockOrUnlock(state, step, book, time);
    case "transfer_collateral":
      return transfer(state, step, book, time);
  }
}

/** Moves USDT between two token accounts, or gives null when the source holds too little. */
export function moveTokens(state: ChainState, move: TokenMove): ChainState | null {
  const source = state.tokens.get(move.source);
  const destination = state.tokens.get(move.destination);
  if (!source || !destination || source.amount < move.amount) return null;
  const taken = withEntry(state.tokens, move.source, { ...source, amount: source.amount - move.amount });
  // From there and not from the state: both may be one account.
  const { owner, amount } = taken.get(move.destination) ?? destination;
  return { ...state, tokens: withEntry(taken, move.destination, { owner, amount: amount + move.amount }) };
}

type Step<K extends VaultStep["kind"]> = Extract<VaultStep, { readonly kind: K }>;

function refuse(refusal: Refusal, moves: readonly TokenMove[] = []): Outcome {
  return { ok: false, refusal, moves };
}

function initializeAuthority(state: ChainState, admin: string, book: AddressBook, time: number): Outcome {
  if (state.authority) return refuse(alreadyInUse(book.authority.address));
  const authority = { admin, authorized: [], paused: false, lastUpdated: time, bump: book.authority.bump };
  return { ok: true, state: { ...charge(state, admin, RENT.authority), authority }, events: [], moves: [] };
}

function initializeVault(state: ChainState, user: string, book: AddressBook, time: number): Outcome {
  const { address, bump, tokenAccount } = book.vaultOf(user);
  if (state.vaults.has(address)) return refuse(alreadyInUse(address));
  const nothing = { total: 0n, locked: 0n, totalDeposited: 0n, totalWithdrawn: 0n };
  const vault: VaultState = { owner: user, address, tokenAccount, ...nothing, createdAt: time, bump };
  return {
    ok: true,
    state: {
      ...charge(state, user, RENT.vault + RENT.token),
      vaults: withEntry(state.vaults, address, vault),
      tokens: withEntry(state.tokens, tokenAccount, { owner: address, amount: 0n }),
    },
    events: [{ name: "VaultInitializedEvent", owner: user, vault: address, tokenAccount, timestamp: time }],
    moves: [],
  };
}

function administer(
  state: ChainState,
  step: Step<"set_paused" | "add_authorized_program" | "remove_authorized_program">,
  time: number,
): Outcome {
  const { authority } = state;
  if (!authority) return refuse(notInitialized("vault_authority"));
  if (authority.admin !== step.admin) return refuse(vaultError("Unauthorized"));
  const update = (change: Partial<AuthorityState>, events: VaultEvent[]): Outcome => (
    { ok: true, state: { ...state, authority: { ...authority, ...change, lastUpdated: time } }, events, moves: [] }
  );
  if (step.kind === "set_paused") {
    const { admin, paused } = step;
    return update({ paused }, [{ name: "VaultPausedEvent", isPaused: paused, admin, timestamp: time }]);
  }
  const others = authority.authorized.filter((program) => program !== step.target);
  if (step.kind === "remove_authorized_program") return update({ authorized: others }, []);
  if (others.length >= AUTHORITY_PLACES) return refuse(vaultError("TooManyPrograms"));
  return update({ authorized: [...others, step.target] }, []);
}

function depositOrWithdraw(
  state: ChainState,
  step: Step<"deposit" | "withdraw">,
  book: AddressBook,
  time: number,
): Outcome {
  const { user, amount } = step;
  const vault = state.vaults.get(book.vaultOf(user).address);
  if (!vault) return refuse(notInitialized("vault"));
  const blocked = blockedBy(state, amount);
  if (blocked) return refuse(blocked);
  const deposits = step.kind === "deposit";
  if (!deposits && vault.total - vault.locked < amount) return refuse(vaultError("InsufficientBalance"));
  const wallet = book.walletOf(user);
  const move: TokenMove = deposits
    ? { source: wallet, destination: vault.tokenAccount, authority: user, amount }
    : { source: vault.tokenAccount, destination: wallet, authority: vault.address, amount };
  const moved = moveTokens(state, move);
  if (!moved) return refuse(INSUFFICIENT_FUNDS, [move]);
  const total = deposits ? vault.total + amount : vault.total - amount;
  const deposited = deposits ? vault.totalDeposited + amount : vault.totalDeposited;
  const withdrawn = deposits ? vault.totalWithdrawn : vault.totalWithdrawn + amount;
  if (total > U64_MAX || deposited > U64_MAX || withdrawn > U64_MAX) return refuse(vaultError("MathOverflow"));
  const after = { ...vault, total, totalDeposited: deposited, totalWithdrawn: withdrawn };
  const shared = { user, vault: vault.address, amount, timestamp: time };
  const event: VaultEvent = deposits
    ? { name: "DepositEvent", ...shared, newBalance: total }
    : { name: "WithdrawEvent", ...shared, remainingBalance: total };
  return { ok: true, state: withVaults(moved, after), events: [event], moves: [move] };
}

function lockOrUnlock(
  state: ChainState,
  step: Step<"lock_collateral" | "unlock_collateral">,
  book: AddressBook,
  time: number,
): Outcome {
  const vault = state.vaults.get(book.vaultOf(step.owner).address);
  if (!vault) return refuse(notInitialized("vault"));
  const blocked = blockedBy(state, step.amount) ?? strangerTo(state, step.authority);
  if (blocked) return refuse(blocked);
  const locks = step.kind === "lock_collateral";
  if (locks && vault.total - vault.locked < step.amount) return refuse(vaultError("InsufficientBalance"));
  if (!locks && vault.locked < step.amount) return refuse(vaultError("InsufficientLockedBalance"));
  const locked = locks ? vault.locked + step.amount : vault.locked - step.amount;
  const event: VaultEvent = {
    name: locks ? "LockCollateralEvent" : "UnlockCollateralEvent",
    user: vault.owner,
    vault: vault.address,
    amount: step.amount,
    newLockedBalance: locked,
    newAvailableBalance: vault.total - locked,
    by: step.authority,
    timestamp: time,
  };
  return { ok: true, state: withVaults(state, { ...vault, locked }), events: [event], moves: [] };
}

/** Takes from the locked part first; the destination receives available. Neither total_deposited nor total_withdrawn moves. */
function transfer(state: ChainState, step: Step<"transfer_collateral">, book: AddressBook, time: number): Outcome {
  const from = state.vaults.get(book.vaultOf(step.from).address);
  const to = state.vaults.get(book.vaultOf(step.to).address);
  if (!from) return refuse(notInitialized("from_vault"));
  if (!to) return refuse(notInitialized("to_vault"));
  const blocked = blockedBy(state, step.amount) ?? strangerTo(state, step.authority);
  if (blocked) return refuse(blocked);
  if (from.address === to.address) return refuse(vaultError("SameVault"));
  if (from.total < step.amount) return refuse(vaultError("InsufficientBalance"));
  if (to.total + step.amount > U64_MAX) return refuse(vaultError("MathOverflow"));
  const { amount, authority, reason } = step;
  const move = { source: from.tokenAccount, destination: to.tokenAccount, authority: from.address, amount };
  const moved = moveTokens(state, move);
  if (!moved) return refuse(INSUFFICIENT_FUNDS, [move]);
  const locked = from.locked > amount ? from.locked - amount : 0n;
  const event: VaultEvent = {
    name: "TransferCollateralEvent",
    fromVault: from.address,
    toVault: to.address,
    amount,
    transferredBy: authority,
    reason,
    timestamp: time,
  };
  const after = withVaults(moved, { ...from, total: from.total - amount, locked }, { ...to, total: to.total + amount });
  return { ok: true, state: after, events: [event], moves: [move] };
}

/** The checks that every movement of collateral begins with. */
function blockedBy(state: ChainState, amount: bigint): Refusal | null {
  if (!state.authority) return notInitialized("vault_authority");
  if (state.authority.paused) return vaultError("Paused");
  return amount > 0n ? null : vaultError("InvalidAmount");
}

function strangerTo({ authority }: ChainState, signer: string): Refusal | null {
  const known = authority?.admin === signer || authority?.authorized.includes(signer);
  return known ? null : vaultError("Unauthorized");
}

function withVaults(state: ChainState, ...changed: readonly VaultState[]): ChainState {
  const vaults = changed.reduce((all, vault) => withEntry(all, vault.address, vault), state.vaults);
  return { ...state, vaults };
}

function charge(state: ChainState, wallet: string, lamports: number): ChainState {
  return { ...state, lamports: withEntry(state.lamports, wallet, (state.lamports.get(wallet) ?? 0) - lamports) };
}
