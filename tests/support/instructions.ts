/**
 * Instructions of the default program, written by hand from its documentation.
 *
 * @module
 */
import { TOKEN_PROGRAM } from "@/supabase/local/demo/address.ts";
import { type Call, encode, type Field, type Instruction, key, PROGRAM, vaultOf } from "./raw_delivery.ts";

const AUTHORITY = key("authority");
const VAULT_AUTHORITY = key("vault authority");

/** A call of the vault program. */
function call(
  discriminator: string,
  fields: readonly Field[],
  accounts: readonly string[],
  inner?: Instruction[],
): Call {
  return { program: PROGRAM, data: encode(discriminator, fields), accounts, ...(inner && { inner }) };
}

/** What the vault program asks the token program for. Amount in base units. */
export function tokenTransfer(from: string, to: string, authority: string, amount: bigint): Instruction {
  return { program: TOKEN_PROGRAM, data: encode("03", [{ u64: amount }]), accounts: [from, to, authority] };
}

/** The instructions, each with the instruction of the token program that it calls. Amounts in base units. */
export const instructions = {
  initialise: (owner: string): Call => {
    const { vault, tokenAccount } = vaultOf(owner);
    const accounts = [owner, vault, key("mint"), tokenAccount, key("system"), TOKEN_PROGRAM, key("associated")];
    return call("30bfa32c47813fa4", [], accounts, [{
      program: TOKEN_PROGRAM,
      data: encode("12", [{ pk: vault }]),
      accounts: [tokenAccount, key("mint")],
    }]);
  },
  deposit: (owner: string, amount: bigint): Call => {
    const { tokenAccount } = vaultOf(owner);
    return call("f223c68952e1f2b6", [{ u64: amount }], movementAccounts(owner), [
      tokenTransfer(key(`${owner}'s tokens`), tokenAccount, owner, amount),
    ]);
  },
  withdraw: (owner: string, amount: bigint): Call => {
    const { vault, tokenAccount } = vaultOf(owner);
    return call("b712469c946da122", [{ u64: amount }], movementAccounts(owner), [
      tokenTransfer(tokenAccount, key(`${owner}'s tokens`), vault, amount),
    ]);
  },
  lock: (owner: string, amount: bigint): Call =>
    call("a1d8877a0c68d365", [{ u64: amount }], [AUTHORITY, vaultOf(owner).vault, VAULT_AUTHORITY]),
  unlock: (owner: string, amount: bigint): Call =>
    call("a7d5dd9381d184be", [{ u64: amount }], [AUTHORITY, vaultOf(owner).vault, VAULT_AUTHORITY]),
  /** reason: 0 Settlement, 1 Liquidation, 2 FeeCollection, 3 InsuranceFund, 4 Other. */
  transfer: (from: string, to: string, amount: bigint, reason: number): Call => {
    const [source, destination] = [vaultOf(from), vaultOf(to)];
    return call(
      "9da33f1bf248fb61",
      [{ u64: amount }, { u8: reason }],
      [
        ...[AUTHORITY, source.vault, source.tokenAccount, destination.vault, destination.tokenAccount],
        ...[VAULT_AUTHORITY, TOKEN_PROGRAM],
      ],
      [tokenTransfer(source.tokenAccount, destination.tokenAccount, source.vault, amount)],
    );
  },
  pause: (paused: boolean): Call => call("5b3c7dc0b0e1a6da", [{ u8: paused ? 1 : 0 }], [key("admin"), VAULT_AUTHORITY]),
  /** Without any effect on the ledger. */
  addAuthorizedProgram: (): Call => call("506a7fcdd935caca", [{ pk: key("engine") }], [key("admin"), VAULT_AUTHORITY]),
};

function movementAccounts(owner: string): string[] {
  const { vault, tokenAccount } = vaultOf(owner);
  return [owner, vault, key(`${owner}'s tokens`), tokenAccount, VAULT_AUTHORITY, TOKEN_PROGRAM];
}

/** The tokens of a vault around a transaction, as {@link rawTransaction} takes them. */
export function tokens(
  owner: string,
  before: bigint,
  after: bigint,
): { account: string; owner: string; before: bigint; after: bigint } {
  const { vault, tokenAccount } = vaultOf(owner);
  return { account: tokenAccount, owner: vault, before, after };
}
