/**
 * What the ledger needs to know of each effect, whatever a program calls it: the vocabulary of a mapping.
 *
 * @module
 */
import type { LedgerEventKind } from "@/lib/domain/ledger_event.ts";
import { type FieldLayout, INTEGERS, type Layout } from "../borsh.ts";

/** What a part of an effect must be. */
export type PartKind = "key" | "keys" | "amount" | "flag" | "time" | "reason";

/** One part of an effect or of an account. */
export interface Part {
  readonly kind: PartKind;
  /** Without it, what happened is not known. */
  readonly needed: boolean;
}

/** Parts by name. */
export type Vocabulary = Readonly<Record<string, Part>>;

const needed = (kind: PartKind): Part => ({ kind, needed: true });
const optional = (kind: PartKind): Part => ({ kind, needed: false });

const MOVEMENT = {
  ...{ owner: needed("key"), vault: needed("key"), amount: needed("amount") },
  ...{ total_after: optional("amount"), at: optional("time") },
};
const LOCK = {
  ...{ owner: optional("key"), vault: needed("key"), amount: needed("amount"), authority: optional("key") },
  ...{ locked_after: optional("amount"), available_after: optional("amount"), at: optional("time") },
};
const TRANSFER = {
  ...{ vault: needed("key"), to_vault: needed("key"), amount: needed("amount"), authority: optional("key") },
  ...{ reason: optional("reason"), at: optional("time") },
};

/** An effect on the ledger; `fee` is a transfer whose reason is always FeeCollection. */
export type Effect = LedgerEventKind | "fee";

/** The parts of each effect. */
export const EFFECT_PARTS: Readonly<Record<Effect, Vocabulary>> = {
  initialise: {
    ...{ owner: needed("key"), vault: needed("key"), token_account: needed("key"), at: optional("time") },
  },
  deposit: MOVEMENT,
  withdrawal: MOVEMENT,
  lock: LOCK,
  unlock: LOCK,
  transfer: TRANSFER,
  fee: { vault: TRANSFER.vault, to_vault: TRANSFER.to_vault, amount: TRANSFER.amount, authority: TRANSFER.authority },
  pause: {
    ...{ vault: optional("key"), paused: needed("flag"), authority: optional("key"), at: optional("time") },
  },
  close: { owner: optional("key"), vault: needed("key"), at: optional("time") },
};

/** What only a new transaction needs to know of an instruction: which accounts the tokens lie in. */
const TOKENS = { mint: optional("key"), token_account: optional("key"), owner_token_account: optional("key") };

/** The parts of an instruction with this effect. */
export function instructionParts(effect: Effect): Vocabulary {
  switch (effect) {
    case "initialise":
    case "deposit":
    case "withdrawal":
      return { ...TOKENS, ...EFFECT_PARTS[effect] };
    default:
      return EFFECT_PARTS[effect];
  }
}

/** The parts of each account that is read from the chain. */
export const ACCOUNT_PARTS: Readonly<Record<AccountRole, Vocabulary>> = {
  vault: {
    ...{ owner: needed("key"), token_account: optional("key"), total: needed("amount"), locked: optional("amount") },
    ...{ available: optional("amount"), total_deposited: optional("amount"), total_withdrawn: optional("amount") },
    created_at: optional("time"),
  },
  authority: {
    ...{ admin: optional("key"), authorized_programs: needed("keys"), is_paused: optional("flag") },
  },
};

/** What an account of the program is to the ledger. */
export type AccountRole = "vault" | "authority";

/** Whether a field of this layout can be a part of this kind. */
export function canBe(kind: PartKind, layout: Layout): boolean {
  switch (kind) {
    case "key":
      return layout.type === "pubkey";
    case "keys":
      return layout.type === "vec" && layout.of.type === "pubkey";
    case "amount":
      return layout.type in INTEGERS && layout.type.startsWith("u");
    case "flag":
      return layout.type === "bool";
    case "time":
      return layout.type === "i64" || layout.type === "u64";
    case "reason":
      return layout.type === "u8" || layout.type === "enum";
  }
}

/** A field that is no struct, wherever it stands. */
export interface Leaf {
  /** Its name, with those of the structs around it: `outer.inner`. */
  readonly path: string;
  readonly layout: Layout;
}

/** The fields, and those of the structs among them. What may be missing, or be there many times, is left whole. */
export function leavesOf(fields: FieldLayout, within: string = ""): Leaf[] {
  return fields.flatMap(({ name, layout }) =>
    layout.type === "struct" ? leavesOf(layout.fields, `${within}${name}.`) : [{ path: `${within}${name}`, layout }]
  );
}
