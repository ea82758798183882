/**
 * Infers the mapping of an IDL from its names and types, and says what it did not understand and why.
 *
 * @module
 */
import {
  ACCOUNT_PARTS,
  type AccountRole,
  type Effect,
  EFFECT_PARTS,
  instructionParts,
  type Leaf,
  leavesOf,
} from "./effects.ts";
import { findParts } from "./infer_parts.ts";
import type { AccountMapping, InstructionMapping, MappedSeed, Mapping, Parts } from "./mapping.ts";
import { ACCOUNT_NAMES, ACCOUNT_ROLES, EFFECT_NAMES, effectOfName, INSTRUCTION_NAMES } from "./names.ts";
import type { Idl, IdlInstruction, IdlStruct } from "./read_idl.ts";
import { opaqueIn } from "./type_layouts.ts";
import { seedsFromIdl, type VaultSeed } from "./vault_seeds.ts";
import { wordsOf } from "./words.ts";

/** What became of one event or instruction. */
export interface Finding {
  readonly name: string;
  /** What its name says; null where it says nothing of the ledger's. */
  readonly effect: Effect | null;
  /** Part → field, or account or argument, as far as they were found. */
  readonly parts: Parts;
  /** Why it is not in the mapping; empty where it is. */
  readonly problems: readonly string[];
}

/** What became of one account. */
export interface AccountFinding extends Omit<Finding, "effect"> {
  readonly role: AccountRole | null;
}

/** A mapping and how it came to be. */
export interface Inference {
  readonly mapping: Mapping;
  readonly events: readonly Finding[];
  readonly instructions: readonly Finding[];
  readonly accounts: readonly AccountFinding[];
}

/** Infers what can be inferred. Never throws for an IDL that was read. */
export function inferMapping(idl: Idl): Inference {
  const instructions = refuseRivals(idl.instructions.map(instructionFinding), ({ effect }) => effect);
  const understood = instructions.filter(isUnderstood);
  const mapped = Object.fromEntries(understood.map((finding) => [finding.name, instructionMapping(idl, finding)]));
  const seeds = seedsFromIdl(idl, { instructions: mapped });
  const written = mappedSeeds(seeds);
  const tokenAccount = understood.some(({ effect }) => effect === "initialise");
  const events = refuseRivals(
    idl.events.map((event) => eventFinding(event, seeds !== null, tokenAccount)),
    ({ effect }) => effect,
  );
  const accounts = refuseRivals(idl.accounts.map(accountFinding), ({ role }) => role);
  return {
    ...{ events, instructions, accounts },
    mapping: {
      ...(written && { vault_seeds: written }),
      events: Object.fromEntries(
        events.filter(isUnderstood).map(({ name, effect, parts }) => [name, { effect, fields: parts }]),
      ),
      instructions: mapped,
      accounts: Object.fromEntries(
        accounts.filter(({ problems }) => problems.length === 0)
          .map(({ role, name, parts }): [string, AccountMapping] => [role ?? "", { name, fields: parts }]),
      ),
    },
  };
}

function eventFinding(event: IdlStruct, seedsKnown: boolean, tokenAccountKnown: boolean): Finding {
  const effect = effectOfName(event.name);
  if (effect === null) return unknown(event.name);
  const opaque = opaqueIn(event.fields);
  if (opaque !== null) return { name: event.name, effect, parts: {}, problems: [`${opaque} cannot be read`] };
  const elsewhere = new Set(tokenAccountKnown ? ["token_account"] : []);
  const leaves = leavesOf(event.fields);
  const find = (others: ReadonlySet<string>): Finding => ({
    ...{ name: event.name, effect },
    ...findParts(leaves, EFFECT_PARTS[effect], EFFECT_NAMES[effect], others),
  });
  const found = find(elsewhere);
  // The vault's address follows from the owner's.
  return "owner" in found.parts && seedsKnown ? find(new Set([...elsewhere, "vault"])) : found;
}

function instructionFinding({ name, accounts, args }: IdlInstruction): Finding {
  const effect = effectOfName(name);
  if (effect === null) return unknown(name);
  const opaque = opaqueIn(args);
  if (opaque !== null) return { name, effect, parts: {}, problems: [`${opaque} cannot be read`] };
  const keys = accounts.filter(({ optional }) => !optional)
    .map((account): Leaf => ({ path: account.name, layout: { type: "pubkey" } }));
  const found = findParts([...keys, ...leavesOf(args)], instructionParts(effect), INSTRUCTION_NAMES[effect], new Set());
  // Tokens lie in accounts: an argument of such a name says nothing of where.
  const parts = Object.entries(found.parts).filter(([part, path]) =>
    part in EFFECT_PARTS[effect] || keys.some((account) => account.path === path)
  );
  return { ...found, name, effect, parts: Object.fromEntries(parts) };
}

function instructionMapping(idl: Idl, { name, effect, parts }: Finding & { effect: Effect }): InstructionMapping {
  const accounts = idl.instructions.find((instruction) => instruction.name === name)?.accounts ?? [];
  const isAccount = (part: string, path: string): boolean =>
    instructionParts(effect)[part]?.kind === "key" &&
    accounts.some((account) => account.name === path && !account.optional);
  const chosen = (wanted: boolean): Parts =>
    Object.fromEntries(Object.entries(parts).filter(([part, path]) => isAccount(part, path) === wanted));
  return { effect, accounts: chosen(true), args: chosen(false) };
}

function accountFinding({ name, fields }: IdlStruct): AccountFinding {
  const called = wordsOf(name).join("_");
  const role = (Object.keys(ACCOUNT_ROLES) as AccountRole[]).find((role) => ACCOUNT_ROLES[role].includes(called));
  if (!role) return { name, role: null, parts: {}, problems: ["its name is that of no account the ledger reads"] };
  const opaque = opaqueIn(fields);
  if (opaque !== null) return { name, role, parts: {}, problems: [`${opaque} cannot be read`] };
  const { parts } = findParts(leavesOf(fields), ACCOUNT_PARTS[role], ACCOUNT_NAMES[role], new Set());
  const missing = Object.entries(ACCOUNT_PARTS[role]).filter(([part, { needed }]) => needed && !(part in parts));
  return { name, role, parts, problems: missing.map(([part]) => `nothing is named as ${part}`) };
}

/** Two events of one effect may both tell of the same movement: then neither is taken. So with instructions and accounts. */
function refuseRivals<Found extends { readonly name: string; readonly problems: readonly string[] }>(
  findings: readonly Found[],
  meaningOf: (finding: Found) => string | null,
): Found[] {
  const understood = findings.filter(({ problems }) => problems.length === 0);
  return findings.map((finding) => {
    const rivals = understood.filter((other) => meaningOf(other) === meaningOf(finding)).map(({ name }) => name);
    return finding.problems.length === 0 && rivals.length > 1
      ? { ...finding, problems: [`${rivals.join(" and ")} could both be the ${meaningOf(finding)}`] }
      : finding;
  });
}

function isUnderstood(finding: Finding): finding is Finding & { effect: Effect } {
  return finding.effect !== null && finding.problems.length === 0;
}

function unknown(name: string): Finding {
  return { name, effect: null, parts: {}, problems: ["its name says nothing that the ledger knows"] };
}

/** The seeds as a mapping writes them; null where one is no text, and the IDL alone must say it. */
function mappedSeeds(seeds: readonly VaultSeed[] | null): readonly MappedSeed[] | null {
  const mapped = seeds?.map((seed): MappedSeed | null => {
    if (seed === "owner") return { part: "owner" };
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(seed);
    return text.includes("\ufffd") ? null : text;
  });
  const written = mapped?.filter((seed) => seed !== null);
  return written && written.length === mapped?.length ? written : null;
}
