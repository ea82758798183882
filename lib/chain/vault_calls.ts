/**
 * The calls of the vault program in a transaction: by the transaction itself and by other programs, in the order in which they began.
 *
 * @module
 */
import { bytesFromBase58 } from "./base58.ts";

/** An instruction as a delivery carries it. */
export interface Instruction {
  readonly program: string;
  /** Base58, in the instruction's order. Asked for only where it matters. */
  readonly accounts: () => readonly string[];
  /** Base58. */
  readonly data: string;
  /** 1 for a top-level instruction, 2 for one that such a one called, and so on; null where the delivery does not say. */
  readonly height: number | null;
}

/** A top-level instruction, and every instruction under it in the order in which they began; null where the delivery has no list of them. */
export interface OuterInstruction {
  readonly instruction: Instruction;
  readonly inner: readonly Instruction[] | null;
}

/** Who made a call; null where the delivery does not tell whether it was another program or the vault program itself. */
export type Caller = "transaction" | "vault program" | "another program" | null;

/** A call of the vault program. What it holds is decoded when it is asked for: a whole log leaves nothing to ask. */
export interface VaultCall {
  /** Empty where it is not base58, which no runtime would have taken. */
  readonly data: () => Uint8Array;
  readonly accounts: () => readonly string[];
  readonly caller: Caller;
}

/** Every call of the vault program that a delivery shows, and whether there can be more of them. */
export interface VaultCalls {
  readonly calls: readonly VaultCall[];
  /**
   * What the delivery has of the instructions under the top-level ones: "listed"; "none" where its lists are all empty, which can be true,
   * and can be a delivery that left them out; "absent" where there are no lists.
   */
  readonly inner: "listed" | "none" | "absent";
  /** Whether another program was given the vault program's account at the top, without which it could not have called it. */
  readonly isPassedOn: () => boolean;
}

/** Longest text of an instruction's data that is looked at: no event and no instruction of a vault program comes near it. */
const DATA_LENGTH_MAX = 700;

/** Finds the calls of the program. */
export function findVaultCalls(outers: readonly OuterInstruction[], program: string): VaultCalls {
  const calls = outers.flatMap(({ instruction, inner }) => [
    ...(instruction.program === program ? [vaultCall(instruction, "transaction")] : []),
    ...(inner?.some((one) => one.program === program) ? innerCalls(instruction, inner, program) : []),
  ]);
  const isAbsent = outers.some(({ inner }) => inner === null);
  const isListed = outers.some(({ inner }) => inner !== null && inner.length > 0);
  return {
    calls,
    inner: isAbsent ? "absent" : isListed ? "listed" : "none",
    isPassedOn: () =>
      outers.some(({ instruction }) => instruction.program !== program && instruction.accounts().includes(program)),
  };
}

/** The calls of the program among the instructions under a top-level one. */
function innerCalls(outer: Instruction, inner: readonly Instruction[], program: string): VaultCall[] {
  const calls: VaultCall[] = [];
  const stack = [outer.program];
  let areHeightsTold = true;
  let isUnderWay = outer.program === program;
  for (const instruction of inner) {
    const { height } = instruction;
    areHeightsTold &&= height !== null && height >= 2 && height <= stack.length + 1;
    if (areHeightsTold && height !== null) stack.splice(height - 1, stack.length, instruction.program);
    if (instruction.program !== program) continue;
    const byItself = areHeightsTold ? stack.at(-2) === program : isUnderWay;
    // Without heights only this is sure: where the vault program was not called before, it cannot have called itself.
    const caller = !byItself ? "another program" : areHeightsTold ? "vault program" : null;
    calls.push(vaultCall(instruction, caller));
    isUnderWay = true;
  }
  return calls;
}

function vaultCall({ data, accounts }: Instruction, caller: Caller): VaultCall {
  let bytes: Uint8Array | undefined;
  return {
    data: () => bytes ??= (data.length > DATA_LENGTH_MAX ? null : bytesFromBase58(data)) ?? new Uint8Array(),
    accounts,
    caller,
  };
}
