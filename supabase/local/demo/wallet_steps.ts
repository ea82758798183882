/**
 * What a wallet's transaction asks for, as steps of the demo chain. Of the vault program it may call what an owner may; what only the
 * exchange calls nobody outside has a key for.
 *
 * @module
 */
import bs58 from "bs58";
import { type AddressBook, COMPUTE_BUDGET_PROGRAM, MEMO_PROGRAM, SYSTEM_PROGRAM } from "./address.ts";
import { discriminator } from "./borsh.ts";
import { stepInstruction } from "./instructions.ts";
import type { Step, TransactionDraft } from "./record.ts";
import type { WireMessage } from "./wire.ts";

/** Why an instruction cannot be run, as it stands in `meta.err`. */
export type InstructionProblem = "UnsupportedProgramId" | "InvalidInstructionData" | { readonly Custom: number };

/** The steps and the budget of a message, or the first of its instructions that cannot be run. */
export type WalletSteps =
  | Pick<TransactionDraft, "steps" | "budget">
  | { readonly instruction: number; readonly problem: InstructionProblem };

/** Anchor's own errors. */
const FALLBACK_NOT_FOUND = { Custom: 101 };
const ARGUMENTS_UNREADABLE = { Custom: 102 };
const TOO_FEW_ACCOUNTS = { Custom: 3005 };
const WRONG_ADDRESS = { Custom: 2012 };

/** One instruction, its accounts by address. */
interface Asked {
  readonly program: string;
  readonly accounts: readonly string[];
  readonly data: Uint8Array;
}

/** Reads the steps. */
export function walletSteps(message: WireMessage, book: AddressBook): WalletSteps {
  const asked = message.instructions.map(({ programIdIndex, accounts, data }): Asked => ({
    program: message.keys[programIdIndex] ?? "",
    accounts: accounts.map((place) => message.keys[place] ?? ""),
    data: bs58.decode(data),
  }));
  const budget = budgetOf(asked);
  const offset = budget ? 2 : 0;
  const steps: Step[] = [];
  for (const [place, instruction] of asked.slice(offset).entries()) {
    const step = stepOf(instruction, book);
    if (typeof step === "string" || "Custom" in step) return { instruction: offset + place, problem: step };
    const wanted = stepInstruction(step, book).accounts;
    const fits = wanted.length === instruction.accounts.length && wanted.every(({ address, signer, writable }, i) => (
      address === instruction.accounts[i] && (!signer || signs(message, address)) &&
      (!writable || changes(message, address))
    ));
    if (!fits) return { instruction: offset + place, problem: WRONG_ADDRESS };
    steps.push(step);
  }
  return { steps, ...(budget ? { budget } : {}) };
}

/** Limit and price, where they stand in front, both, as wallets put them. */
function budgetOf([first, second]: readonly Asked[]): TransactionDraft["budget"] {
  const are = (one: Asked | undefined, tag: number, length: number): one is Asked => (
    one?.program === COMPUTE_BUDGET_PROGRAM && one.data[0] === tag && one.data.length === length
  );
  if (!are(first, 2, 5) || !are(second, 3, 9)) return undefined;
  return { units: viewOf(first).getUint32(1, true), price: Number(viewOf(second).getBigUint64(1, true)) };
}

function stepOf(asked: Asked, book: AddressBook): Step | InstructionProblem {
  const { program, accounts: [first = "", second = ""], data } = asked;
  if (program === book.program) return vaultStep(asked);
  if (program === MEMO_PROGRAM) {
    return { kind: "memo", signer: first, text: new TextDecoder().decode(data) };
  }
  if (program !== SYSTEM_PROGRAM) return "UnsupportedProgramId";
  if (data.length !== 12 || data[0] !== 2) return "InvalidInstructionData";
  // not an amount: lamports
  return { kind: "lamports_transfer", from: first, to: second, lamports: Number(viewOf(asked).getBigUint64(4, true)) };
}

function vaultStep(asked: Asked): Step | InstructionProblem {
  const { accounts: [user = ""], data } = asked;
  const kind = (["initialize_vault", "deposit", "withdraw"] as const).find((name) => (
    discriminator("global", name).every((byte, place) => byte === data[place])
  ));
  if (!kind) return FALLBACK_NOT_FOUND;
  if (user === "") return TOO_FEW_ACCOUNTS;
  if (kind === "initialize_vault") return { kind, user };
  return data.length < 16 ? ARGUMENTS_UNREADABLE : { kind, user, amount: viewOf(asked).getBigUint64(8, true) };
}

function signs({ header, keys }: WireMessage, address: string): boolean {
  return keys.indexOf(address) < header.numRequiredSignatures;
}

function changes({ header, keys }: WireMessage, address: string): boolean {
  const place = keys.indexOf(address);
  return place < header.numRequiredSignatures
    ? place < header.numRequiredSignatures - header.numReadonlySignedAccounts
    : place < keys.length - header.numReadonlyUnsignedAccounts;
}

function viewOf({ data }: Asked): DataView {
  return new DataView(data.buffer, data.byteOffset, data.byteLength);
}
