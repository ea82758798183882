/**
 * Steps as Solana instructions: program, accounts in order, data.
 *
 * @module
 */
import {
  type AddressBook,
  addressBytes,
  ASSOCIATED_TOKEN_PROGRAM,
  COMPUTE_BUDGET_PROGRAM,
  MEMO_PROGRAM,
  SYSTEM_PROGRAM,
  TOKEN_PROGRAM,
} from "./address.ts";
import { borsh, type BorshValue, concatBytes, discriminator } from "./borsh.ts";
import { isVaultStep, type Step, type TransactionDraft, TRANSFER_REASONS, type VaultStep } from "./record.ts";

/** An account that an instruction names. */
export interface AccountMeta {
  readonly address: string;
  readonly signer: boolean;
  readonly writable: boolean;
}

/** An instruction before it is compiled into a message. */
export interface Instruction {
  readonly program: string;
  readonly accounts: readonly AccountMeta[];
  readonly data: Uint8Array;
}

/** The account, read only. `signs`, `changes` and `signsAndChanges` are the other three kinds. */
export const reads = (address: string): AccountMeta => ({ address, signer: false, writable: false });
export const signs = (address: string): AccountMeta => ({ address, signer: true, writable: false });
export const changes = (address: string): AccountMeta => ({ address, signer: false, writable: true });
export const signsAndChanges = (address: string): AccountMeta => ({ address, signer: true, writable: true });

/** The top-level instructions of a draft, in order: the compute budget (where the version has it), then one for each step. */
export function draftInstructions(draft: TransactionDraft, book: AddressBook): Instruction[] {
  return [...budgetInstructions(draft), ...draft.steps.map((step) => stepInstruction(step, book))];
}

/** Compute-budget instructions. Version 1 carries the budget in its message and allows none. */
export function budgetInstructions({ budget, version }: TransactionDraft): Instruction[] {
  if (!budget || version === 1) return [];
  const program = COMPUTE_BUDGET_PROGRAM;
  return [
    { program, accounts: [], data: borsh({ u8: 2 }, { u32: budget.units }) },
    { program, accounts: [], data: borsh({ u8: 3 }, { u64: BigInt(budget.price) }) },
  ];
}

/** The top-level instruction of one step: the vault program's own, or that of the program through which it is called. */
export function stepInstruction(step: Step, book: AddressBook): Instruction {
  if (!isVaultStep(step)) return foreignInstruction(step, book);
  const own = vaultInstruction(step, book);
  if (!step.through) return own;
  // The calling program signs for its own derived address, so that this one signs nothing at the top.
  const accounts = own.accounts.map((meta) => isCallersKey(step, meta.address) ? { ...meta, signer: false } : meta);
  return {
    program: step.through,
    accounts: [...accounts, reads(book.program)],
    data: concatBytes([discriminator("global", "execute"), own.data]),
  };
}

/** The vault program's instruction, by the table in CHAIN.md. */
export function vaultInstruction(step: VaultStep, book: AddressBook): Instruction {
  return {
    program: book.program,
    accounts: vaultAccounts(step, book),
    data: borsh({ bytes: discriminator("global", step.kind) }, ...vaultArguments(step)),
  };
}

/** An SPL Transfer: what the vault program asks for, since its account lists hold no mint. */
export function tokenTransfer(source: string, destination: string, authority: string, amount: bigint): Instruction {
  return {
    program: TOKEN_PROGRAM,
    accounts: [changes(source), changes(destination), signs(authority)],
    data: borsh({ u8: 3 }, { u64: amount }),
  };
}

function isCallersKey(step: VaultStep, address: string): boolean {
  return "authority" in step && step.authority === address;
}

function vaultArguments(step: VaultStep): BorshValue[] {
  if (step.kind === "set_paused") return [{ bool: step.paused }];
  if ("target" in step) return [{ key: step.target }];
  if (step.kind === "transfer_collateral") {
    return [{ u64: step.amount }, { u8: TRANSFER_REASONS.indexOf(step.reason) }];
  }
  return "amount" in step ? [{ u64: step.amount }] : [];
}

function vaultAccounts(step: VaultStep, book: AddressBook): AccountMeta[] {
  const authority = book.authority.address;
  switch (step.kind) {
    case "initialize_vault_authority":
      return [signsAndChanges(step.admin), changes(authority), reads(SYSTEM_PROGRAM)];
    case "add_authorized_program":
    case "remove_authorized_program":
    case "set_paused":
      return [signs(step.admin), changes(authority)];
    case "initialize_vault": {
      const vault = book.vaultOf(step.user);
      return [
        signsAndChanges(step.user),
        changes(vault.address),
        reads(book.mint),
        changes(vault.tokenAccount),
        reads(SYSTEM_PROGRAM),
        reads(TOKEN_PROGRAM),
        reads(ASSOCIATED_TOKEN_PROGRAM),
      ];
    }
    case "deposit":
    case "withdraw": {
      const vault = book.vaultOf(step.user);
      return [
        signsAndChanges(step.user),
        changes(vault.address),
        changes(book.walletOf(step.user)),
        changes(vault.tokenAccount),
        reads(authority),
        reads(TOKEN_PROGRAM),
      ];
    }
    case "lock_collateral":
    case "unlock_collateral":
      return [signs(step.authority), changes(book.vaultOf(step.owner).address), reads(authority)];
    case "transfer_collateral": {
      const [from, to] = [book.vaultOf(step.from), book.vaultOf(step.to)];
      return [
        signs(step.authority),
        changes(from.address),
        changes(from.tokenAccount),
        changes(to.address),
        changes(to.tokenAccount),
        reads(authority),
        reads(TOKEN_PROGRAM),
      ];
    }
  }
}

function foreignInstruction(step: Exclude<Step, VaultStep>, book: AddressBook): Instruction {
  switch (step.kind) {
    case "memo":
      return { program: MEMO_PROGRAM, accounts: [signs(step.signer)], data: new TextEncoder().encode(step.text) };
    case "token_transfer":
      return {
        program: TOKEN_PROGRAM,
        accounts: [changes(book.walletOf(step.from)), reads(book.mint), changes(step.to), signs(step.from)],
        data: borsh({ u8: 12 }, { u64: step.amount }, { u8: 6 }),
      };
    case "lamports_transfer":
      return {
        program: SYSTEM_PROGRAM,
        accounts: [signsAndChanges(step.from), changes(step.to)],
        data: borsh({ u32: 2 }, { u64: BigInt(step.lamports) }),
      };
    case "other_program":
      return {
        program: step.program,
        accounts: [signs(step.signer), ...step.reads.map(reads)],
        data: concatBytes([discriminator("global", "update"), addressBytes(step.signer)]),
      };
  }
}
