/**
 * What vault programs call things: the names of the whole family, as words in snake case.
 *
 * @module
 */
import type { AccountRole, Effect } from "./effects.ts";
import { wordsOf } from "./words.ts";

/** Words that name an effect. */
const VERBS: Readonly<Record<Effect, readonly string[]>> = {
  initialise: ["init", "initialize", "initialized", "initialise", "initialised", "create", "created", "open", "opened"],
  deposit: ["deposit", "deposited"],
  withdrawal: ["withdraw", "withdrew", "withdrawn", "withdrawal"],
  lock: ["lock", "locked"],
  unlock: ["unlock", "unlocked"],
  transfer: ["transfer", "transferred"],
  fee: ["fee", "fees"],
  pause: ["pause", "paused"],
  close: ["close", "closed"],
};

/** Words that say nothing about the effect beside which they stand. */
const FILLERS: readonly string[] = [
  ...["event", "vault", "collateral", "user", "trader", "funds", "fund", "margin", "token", "tokens", "usdt"],
];

/** What stands beside one verb only. */
const OWN_FILLERS: Readonly<Partial<Record<Effect, readonly string[]>>> = {
  pause: ["set", "protocol"],
  fee: ["collect", "collected", "collection", "charge", "charged", "pay", "paid", "transfer", "transferred"],
};

/** Effects that are those of a vault only where the name says so: anything can be initialised or closed. */
const OF_A_VAULT: readonly Effect[] = ["initialise", "close"];

/**
 * The effect that an event or instruction of this name has.
 *
 * @returns null for every name with a word that is not known beside the effect's: `WithdrawalRequested` is no withdrawal, and
 * `DepositAndLock` neither a deposit nor a lock.
 */
export function effectOfName(name: string): Effect | null {
  const words = wordsOf(name);
  const isOfVault = words.includes("vault") || words.includes("collateral");
  const found = (Object.keys(VERBS) as Effect[]).find((effect) => {
    const known = [...VERBS[effect], ...FILLERS, ...OWN_FILLERS[effect] ?? []];
    return words.some((word) => VERBS[effect].includes(word)) && words.every((word) => known.includes(word)) &&
      (!OF_A_VAULT.includes(effect) || isOfVault);
  });
  return found ?? null;
}

/** Names of a part, best first. Two fields that fit equally well leave the part unknown. */
export type Synonyms = readonly (readonly string[])[];

const OWNER: Synonyms = [
  ["owner", "vault_owner"],
  ["user", "trader", "depositor", "withdrawer", "wallet", "user_key", "owner_key", "user_wallet"],
];
/** Where no key but the owner's can be meant. */
const SOLE_OWNER: Synonyms = [...OWNER, ["authority"]];
const VAULT: Synonyms = [
  ["vault", "vault_pda", "collateral_vault", "vault_address", "vault_key", "vault_account", "user_vault"],
];
const AT: Synonyms = [["timestamp"], ["created_at", "initialized_at", "time", "ts", "unix_timestamp", "block_time"]];
const TOTAL: Synonyms = [
  ["new_total_balance", "total_balance_after", "total_after", "new_total"],
  ["total_balance"],
  ["new_balance", "balance_after", "remaining_balance", "new_vault_balance"],
  ["vault_balance", "balance"],
];
const LOCKED: Synonyms = [
  ["new_locked_balance", "locked_balance_after", "locked_after", "new_locked", "total_locked_balance", "total_locked"],
  ["locked_balance"],
];
const AVAILABLE: Synonyms = [
  [
    ...["new_available_balance", "available_balance_after", "available_after", "new_available"],
    ...["total_available_balance", "total_available"],
  ],
  ["available_balance", "remaining_available"],
];
const SIGNER: Synonyms = [["authority", "caller", "signer", "operator"], ["caller_program"], ["admin"]];
const TOKEN_ACCOUNT: Synonyms = [
  ["vault_token_account", "vault_ata", "vault_usdt_ata", "vault_usdt_account"],
  ["token_account"],
];
const MOVEMENT = { owner: SOLE_OWNER, vault: VAULT, total_after: TOTAL, at: AT };
const LOCK = { owner: OWNER, vault: VAULT, locked_after: LOCKED, available_after: AVAILABLE, at: AT };
const TRANSFER = {
  vault: [
    ["from_vault", "source_vault", "vault_from", "sender_vault", "from_vault_pda", "source_vault_pda"],
    ["from", "source"],
  ],
  to_vault: [
    [
      ...["to_vault", "destination_vault", "vault_to", "receiver_vault", "recipient_vault", "target_vault"],
      ...["to_vault_pda", "destination_vault_pda", "fee_vault", "treasury_vault"],
    ],
    ["to", "destination"],
  ],
  authority: [["transferred_by", "collected_by"], ...SIGNER],
} satisfies Record<string, Synonyms>;

/** Names of the parts of each effect; an amount is found by its own rule. */
export const EFFECT_NAMES: Readonly<Record<Effect, Readonly<Record<string, Synonyms>>>> = {
  initialise: {
    ...{ owner: SOLE_OWNER, vault: VAULT, at: AT },
    token_account: TOKEN_ACCOUNT,
  },
  deposit: MOVEMENT,
  withdrawal: MOVEMENT,
  lock: { ...LOCK, authority: [["locked_by"], ...SIGNER] },
  unlock: { ...LOCK, authority: [["unlocked_by"], ...SIGNER] },
  transfer: { ...TRANSFER, reason: [["reason", "transfer_reason"]], at: AT },
  fee: TRANSFER,
  pause: { vault: VAULT, paused: [["is_paused", "paused"]], authority: [["paused_by"], ...SIGNER], at: AT },
  close: { owner: SOLE_OWNER, vault: VAULT, at: AT },
};

/** Names of the accounts that the tokens of an instruction lie in. */
const TOKENS = {
  mint: [["usdt_mint", "collateral_mint", "token_mint", "mint"]],
  token_account: TOKEN_ACCOUNT,
  owner_token_account: [
    [
      ...["user_token_account", "owner_token_account", "trader_token_account", "depositor_token_account"],
      ...["user_ata", "owner_ata", "user_usdt_ata", "user_usdt_account"],
    ],
  ],
} satisfies Record<string, Synonyms>;

/** Names of the parts of each effect's instruction. */
export const INSTRUCTION_NAMES: typeof EFFECT_NAMES = {
  ...EFFECT_NAMES,
  initialise: { ...TOKENS, ...EFFECT_NAMES.initialise },
  deposit: { ...TOKENS, ...EFFECT_NAMES.deposit },
  withdrawal: { ...TOKENS, ...EFFECT_NAMES.withdrawal },
};

/** Names of the parts of each account. */
export const ACCOUNT_NAMES: Readonly<Record<AccountRole, Readonly<Record<string, Synonyms>>>> = {
  vault: {
    ...{ owner: SOLE_OWNER, token_account: [["vault_token_account", "vault_ata"], ["token_account"]] },
    ...{ total: TOTAL, locked: LOCKED, available: AVAILABLE, created_at: [["created_at"], ["initialized_at"]] },
    total_deposited: [["total_deposited", "total_deposits"]],
    total_withdrawn: [["total_withdrawn", "total_withdrawals"]],
  },
  authority: {
    admin: [["admin"], ["authority", "owner"]],
    authorized_programs: [["authorized_programs", "authorised_programs"]],
    is_paused: [["is_paused", "paused"]],
  },
};

/** Names of the accounts that hold a vault, or who may lock and transfer. */
export const ACCOUNT_ROLES: Readonly<Record<AccountRole, readonly string[]>> = {
  vault: ["collateral_vault", "vault", "user_vault", "vault_account", "collateral_account", "vault_state"],
  authority: ["vault_authority", "authority", "collateral_authority", "protocol_authority"],
};

/** Words of a number that can be what was moved. */
const AMOUNT_WORDS = ["amount", "amounts", "value", "quantity", "qty"];

/** Words of a number that changes what was moved, or stands for it in another unit. */
const SHARE_WORDS = ["fee", "fees", "tax", "commission", "penalty", "reward", "yield", "interest", "share", "shares"];

/** Words of numbers that are none of both: times, places, and what a vault holds before or after. */
const HARMLESS_WORDS = [
  ...["balance", "timestamp", "time", "at", "ts", "slot", "epoch", "bump", "nonce", "seq", "sequence", "id", "index"],
  ...["version", "decimals", "before", "after", "previous", "prev", "old", "remaining", "total"],
];

/** Whether a number of this name can be what was moved. */
export function isAmountName(name: string): boolean {
  return wordsOf(name).some((word) => AMOUNT_WORDS.includes(word));
}

/** Whether a number of this name is certainly no amount that was moved, and no part of one. */
export function isHarmlessName(name: string): boolean {
  const words = wordsOf(name);
  return words.some((word) => HARMLESS_WORDS.includes(word)) &&
    !words.some((word) => AMOUNT_WORDS.includes(word) || SHARE_WORDS.includes(word));
}
