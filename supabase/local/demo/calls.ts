/**
 * What the programs of a transaction did, as a tree of calls: the source of the log lines and of the inner instructions.
 *
 * @module
 */
import { type AddressBook, ASSOCIATED_TOKEN_PROGRAM, SYSTEM_PROGRAM, TOKEN_PROGRAM } from "./address.ts";
import { RENT } from "./accounts.ts";
import { borsh } from "./borsh.ts";
import { encodeEvent } from "./events.ts";
import type { Execution, StepResult } from "./execute.ts";
import {
  budgetInstructions,
  changes,
  type Instruction,
  reads,
  signsAndChanges,
  stepInstruction,
  tokenTransfer,
  vaultInstruction,
} from "./instructions.ts";
import { memoLogs } from "./memo.ts";
import type { Random } from "./random.ts";
import { isVaultStep, type Step, type TransactionRecord, type VaultStep } from "./record.ts";

/** One invocation of a program. */
export interface Call {
  readonly instruction: Instruction;
  /** Complete log lines and further calls, in the order in which they happened. */
  readonly body: readonly (string | Call)[];
  /** Compute units of its own, without those of the calls in it. */
  readonly units: number;
  /** Base64 of what it returned. */
  readonly returns?: string;
  /** The custom error number with which it failed. */
  readonly failure?: number;
}

/** The top-level calls that ran, in order. `random` decides only how many compute units each took. */
export function traceCalls(record: TransactionRecord, execution: Execution, book: AddressBook, random: Random): Call[] {
  const budget = budgetInstructions(record).map((instruction) => ({ instruction, body: [], units: 150 }));
  return [...budget, ...execution.results.map((result) => stepCall(result, book, random))];
}

function stepCall(result: StepResult, book: AddressBook, random: Random): Call {
  const { step } = result;
  if (!isVaultStep(step)) return foreignCall(step, result, book, random);
  const own = vaultCall(step, result, book, random);
  if (!step.through) return own;
  const body = ["Program log: Instruction: Execute", own];
  const units = random.between(9_000, 21_000);
  const instruction = stepInstruction(step, book);
  return own.failure === undefined
    ? { instruction, body: [...body, "Program log: executed 1 movement"], units }
    : { instruction, body, units, failure: own.failure };
}

function vaultCall(step: VaultStep, result: StepResult, book: AddressBook, random: Random): Call {
  const instruction = vaultInstruction(step, book);
  const body: (string | Call)[] = [`Program log: Instruction: ${instructionName(step.kind)}`];
  const units = random.between(6_500, 17_500);
  const made = createdAccounts(step, book, random);
  const moved = result.moves.map((move) => (
    tokenCall(tokenTransfer(move.source, move.destination, move.authority, move.amount), "Transfer", random)
  ));
  const { refusal } = result;
  if (refusal) {
    const first = [...made, ...moved][0];
    const failed = refusal.inCall && first
      ? failedCall(first, refusal.log, refusal.code)
      : `Program log: ${refusal.log}`;
    return { instruction, body: [...body, failed], units, failure: refusal.code };
  }
  const events = result.events.map((event) => `Program data: ${encodeEvent(event).toBase64()}`);
  return { instruction, body: [...body, ...made, ...moved, ...events], units };
}

/** The same call, failed: what it had logged so far, its reason, and nothing after. The system program logs without a prefix. */
function failedCall(call: Call, reason: string, failure: number): Call {
  const prefix = call.instruction.program === SYSTEM_PROGRAM ? "" : "Program log: ";
  const [first] = call.body;
  return { ...call, body: [...(typeof first === "string" ? [first] : []), `${prefix}${reason}`], failure };
}

/** The calls by which an `initialize…` instruction makes its accounts. */
function createdAccounts(step: VaultStep, book: AddressBook, random: Random): Call[] {
  if (step.kind === "initialize_vault_authority") {
    return [createAccount(step.admin, book.authority.address, RENT.authority, book.program)];
  }
  if (step.kind !== "initialize_vault") return [];
  const { address, tokenAccount } = book.vaultOf(step.user);
  return [
    createAccount(step.user, address, RENT.vault, book.program),
    createTokenAccount(step.user, address, tokenAccount, book.mint, random),
  ];
}

function createAccount(payer: string, address: string, lamports: number, owner: string): Call {
  const bytes = BigInt(lamports / 6960 - 128);
  const data = borsh({ u32: 0 }, { u64: BigInt(lamports) }, { u64: bytes }, { key: owner });
  const accounts = [signsAndChanges(payer), signsAndChanges(address)];
  return { instruction: { program: SYSTEM_PROGRAM, accounts, data }, body: [], units: 150 };
}

/** The associated-token program's `Create`, call by call as in a real transaction. */
function createTokenAccount(payer: string, owner: string, address: string, mint: string, random: Random): Call {
  const accounts = [
    signsAndChanges(payer),
    changes(address),
    ...[owner, mint, SYSTEM_PROGRAM, TOKEN_PROGRAM].map(reads),
  ];
  const token = (data: Uint8Array, accounts: Instruction["accounts"], name: string): Call => (
    tokenCall({ program: TOKEN_PROGRAM, accounts, data }, name, random)
  );
  const size = token(Uint8Array.of(21, 7, 0), [reads(mint)], "GetAccountDataSize");
  const immutable = token(Uint8Array.of(22), [changes(address)], "InitializeImmutableOwner");
  const hint = "Program log: Please upgrade to SPL Token 2022 for immutable owner support";
  return {
    instruction: { program: ASSOCIATED_TOKEN_PROGRAM, accounts, data: Uint8Array.of(0) },
    body: [
      "Program log: Create",
      { ...size, returns: borsh({ u64: 165n }).toBase64() },
      createAccount(payer, address, RENT.token, TOKEN_PROGRAM),
      "Program log: Initialize the associated token account",
      { ...immutable, body: [...immutable.body, hint] },
      token(borsh({ u8: 18 }, { key: owner }), [changes(address), reads(mint)], "InitializeAccount3"),
    ],
    units: random.between(9_000, 14_000),
  };
}

function tokenCall(instruction: Instruction, name: string, random: Random): Call {
  return { instruction, body: [`Program log: Instruction: ${name}`], units: random.between(1_400, 6_200) };
}

function foreignCall(
  step: Exclude<Step, VaultStep>,
  { refusal }: StepResult,
  book: AddressBook,
  random: Random,
): Call {
  const instruction = stepInstruction(step, book);
  if (step.kind === "lamports_transfer") return { instruction, body: [], units: 150 };
  if (step.kind === "token_transfer") {
    const call = tokenCall(instruction, "TransferChecked", random);
    return refusal ? failedCall(call, refusal.log, refusal.code) : call;
  }
  if (step.kind === "memo") return { instruction, body: memoLogs(step), units: random.between(5_000, 30_000) };
  const data = step.log === null ? [] : [`Program data: ${step.log}`];
  return { instruction, body: ["Program log: Instruction: Update", ...data], units: random.between(3_000, 40_000) };
}

/** `lock_collateral` → `LockCollateral`. */
function instructionName(kind: string): string {
  return kind.split("_").map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}
