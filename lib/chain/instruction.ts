/**
 * Builds the instruction by which an owner opens a vault or moves tokens, out of the program's IDL and its mapping. What they do not say is
 * never guessed.
 *
 * @module
 */
import { VaultbookError } from "@/lib/domain/errors.ts";
import type { FieldLayout, Layout } from "./borsh.ts";
import { INTEGERS } from "./borsh.ts";
import { addressOfAccount, type Underivable } from "./instruction_accounts.ts";
import { discriminatorBytes, type InstructionSchema, type VaultProgram } from "./program.ts";

/** What an owner is about to do. */
export interface OwnersAction {
  readonly effect: "initialise" | "deposit" | "withdrawal";
  /** Base58; it signs, and pays the fee. */
  readonly owner: string;
  /** Of the tokens that the vaults hold, base58. */
  readonly mint: string;
  /** In base units; null for `initialise`. */
  readonly amount: bigint | null;
}

/** An account as an instruction names it. */
export interface AccountMeta {
  /** Base58. */
  readonly address: string;
  readonly signer: boolean;
  readonly writable: boolean;
}

/** An instruction as Solana takes it. */
export interface BuiltInstruction {
  /** The program's address, base58. */
  readonly program: string;
  readonly accounts: readonly AccountMeta[];
  readonly data: Uint8Array;
}

/**
 * The program's instruction for an action.
 *
 * @throws {VaultbookError} instruction_unsupported – naming the account or the argument that IDL and mapping do not tell;
 * amount_out_of_range for an amount that the instruction has no room for.
 */
export function buildInstruction(program: VaultProgram, action: OwnersAction): BuiltInstruction {
  const found = [...program.instructions].filter(([, { effect }]) => effect === action.effect);
  const [only, ...others] = found;
  if (!only || others.length > 0) {
    const problem = only ? `${found.map(([, { name }]) => name).join(" and ")} both have it` : "no instruction has it";
    throw new VaultbookError("instruction_unsupported", { instruction: action.effect, field: "its effect", problem });
  }
  const [discriminator, schema] = only;
  const refuse = ({ field, problem }: Underivable): never => {
    throw new VaultbookError("instruction_unsupported", { instruction: schema.name, field, problem });
  };
  const accounts = schema.keys.map((key, place): AccountMeta => {
    const address = addressOfAccount({ program, schema, action }, place);
    if (typeof address !== "string") return refuse(address);
    // Left out, as Anchor has it: the program's own address, which neither signs nor changes.
    if (key.optional && address === program.address) return { address, signer: false, writable: false };
    if (key.signer && address !== action.owner) {
      return refuse({ field: key.name, problem: "must be signed by somebody beside the owner" });
    }
    return { address, signer: key.signer, writable: key.writable };
  });
  const bytes = [...discriminatorBytes(discriminator), ...argumentBytes(schema, action, refuse)];
  return { program: program.address, accounts, data: Uint8Array.from(bytes) };
}

/** The arguments: the amount where it stands, and nothing else that would have to be made up. */
function argumentBytes(
  { args, parts }: InstructionSchema,
  { amount }: OwnersAction,
  refuse: (what: Underivable) => never,
): number[] {
  const encode = (fields: FieldLayout, within: string): number[] =>
    fields.flatMap(({ name, layout }) => {
      const path = `${within}${name}`;
      if (layout.type === "struct") return encode(layout.fields, `${path}.`);
      if (path !== parts.amount || amount === null || !isInteger(layout)) {
        return refuse({ field: path, problem: "is an argument that nothing here tells" });
      }
      return integerBytes(amount, INTEGERS[layout.type]);
    });
  return encode(args, "");
}

function isInteger(layout: Layout): layout is Layout & { type: keyof typeof INTEGERS } {
  return layout.type in INTEGERS;
}

/** Little-endian. @throws {VaultbookError} amount_out_of_range */
function integerBytes(amount: bigint, length: number): number[] {
  if (amount < 0n || amount >= 2n ** BigInt(8 * length)) {
    throw new VaultbookError("amount_out_of_range", { amount: String(amount) });
  }
  // not an amount: one byte of it
  return Array.from({ length }, (_, place) => Number(amount >> BigInt(8 * place) & 0xffn));
}
