/**
 * Where the accounts of an owner's instruction lie, as far as IDL and mapping tell: by the part they have in the effect, by an address or
 * seeds in the IDL, or by the names that Anchor itself keeps for Solana's own programs.
 *
 * @module
 */
import { base58FromBytes, bytesFromBase58, PUBLIC_KEY_BYTES } from "./base58.ts";
import { arrayAt, Malformed, objectAt } from "./fields.ts";
import type { IdlAccount } from "./idl/read_idl.ts";
import { seedBytes } from "./idl/vault_seeds.ts";
import { snakeCase } from "./idl/words.ts";
import type { OwnersAction } from "./instruction.ts";
import { associatedTokenAddress, eventAuthority, findProgramAddress, vaultAddress } from "./pda.ts";
import type { InstructionSchema, VaultProgram } from "./program.ts";

/** What is not told, and why. */
export interface Underivable {
  /** Of the account or the argument. */
  readonly field: string;
  readonly problem: string;
}

/** An instruction, and for whom it is. */
export interface Question {
  readonly program: VaultProgram;
  readonly schema: InstructionSchema;
  readonly action: OwnersAction;
}

/** Solana's own, by the names under which Anchor's clients fill them in as well. */
const KNOWN: Readonly<Record<string, string>> = {
  system_program: "11111111111111111111111111111111",
  token_program: "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
  associated_token_program: "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL",
  rent: "SysvarRent111111111111111111111111111111111",
};

/** The address of the account at this place, base58; that of the program for an optional one that nothing tells. */
export function addressOfAccount(question: Question, place: number): string | Underivable {
  const told = derive(question, place, []);
  if (typeof told === "string") return told;
  return question.schema.keys[place]?.optional ? question.program.address : told;
}

function derive(question: Question, place: number, above: readonly number[]): string | Underivable {
  const { program, schema, action } = question;
  const key = schema.keys[place];
  const field = key?.name ?? String(place);
  if (!key || above.includes(place)) return { field, problem: "is derived from itself" };
  const part = Object.keys(schema.accounts).find((name) => schema.accounts[name] === place);
  if (part === "owner") return action.owner;
  const vault = vaultAddress(program, action.owner);
  if (part === "vault" && vault !== null) return vault;
  if (part === "mint" && key.address !== null && key.address !== action.mint) {
    return { field, problem: `is ${key.address} in the IDL, and USDT_MINT is ${action.mint}` };
  }
  if (part === "mint") return action.mint;
  if (key.address !== null) return key.address;
  if (key.pda !== undefined && key.pda !== null) return fromSeeds(question, key, [...above, place]);
  if (part === "owner_token_account") return associatedTokenAddress(action.owner, action.mint);
  if (part === "token_account" && vault !== null) return associatedTokenAddress(vault, action.mint);
  return byName(question, key) ??
    { field, problem: "has neither address nor seeds in the IDL, nor a part in the mapping" };
}

/** As Anchor's clients know it; what `emit_cpi!` adds are two accounts of these names. */
function byName({ program, schema }: Question, { name }: IdlAccount): string | undefined {
  const last = snakeCase(name.slice(name.lastIndexOf(".") + 1));
  const tells = schema.keys.some((key) => snakeCase(key.name) === "event_authority");
  if (last === "event_authority") return eventAuthority(program);
  if (last === "program" && tells) return program.address;
  return KNOWN[last];
}

function fromSeeds(question: Question, key: IdlAccount, above: readonly number[]): string | Underivable {
  const field = key.name;
  try {
    const pda = objectAt(key.pda, `${field}.pda`);
    const seeds = arrayAt(pda.seeds, `${field}.pda.seeds`).map((seed) => bytesOf(question, key, seed, above));
    const under = pda.program === undefined ? null : bytesOf(question, key, pda.program, above);
    const wrong = [...seeds, under].find((bytes) => bytes !== null && !(bytes instanceof Uint8Array));
    if (wrong) return wrong as Underivable;
    const program = under === null ? question.program.address : base58FromBytes(under as Uint8Array);
    return findProgramAddress(seeds as Uint8Array[], program).address;
  } catch (error) {
    if (error instanceof Malformed || error instanceof RangeError) return { field, problem: error.message };
    throw error;
  }
}

/** A seed, or the program of an address: constant, or the key of another account. What accounts hold is not known here. */
function bytesOf(
  question: Question,
  { name }: IdlAccount,
  value: unknown,
  above: readonly number[],
): Uint8Array | Underivable {
  const seed = objectAt(value, `${name}.pda.seeds`);
  const { keys, accounts } = question.schema;
  if (seed.kind === "const") {
    return seedBytes(seed.value) ?? { field: name, problem: "has a constant that is no bytes" };
  }
  const path = String(seed.path);
  if (seed.kind !== "account") return { field: name, problem: `depends on ${path}, which is no account` };
  const vault = keys[accounts.vault ?? -1]?.name;
  const group = name.slice(0, name.lastIndexOf(".") + 1);
  const place = keys.findIndex((key) => key.name === path || key.name === group + path);
  const address = path === `${vault}.owner` ? question.action.owner : derive(question, place, above);
  if (typeof address !== "string") return { field: name, problem: `depends on ${path}, which is not told` };
  const bytes = bytesFromBase58(address);
  return bytes?.length === PUBLIC_KEY_BYTES ? bytes : { field: path, problem: `is no address: ${address}` };
}
