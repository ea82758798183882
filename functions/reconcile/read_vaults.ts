/**
 * Reads vaults and their token accounts from a node, all of one slot.
 *
 * @module
 */
import { readVaultAccount } from "@/lib/chain/accounts.ts";
import { Malformed } from "@/lib/chain/fields.ts";
import type { VaultProgram } from "@/lib/chain/program.ts";
import { ACCOUNTS_MAX, type SolanaNode } from "@/lib/chain/rpc.ts";
import type { NodeAccount } from "@/lib/chain/rpc_answers.ts";
import type { Observation, VaultReading, VaultToRead } from "@/lib/ledger/reconciliation.ts";
import { readTokens } from "./token_account.ts";

/** Most vaults of one {@link readVaults}: each has two accounts. */
export const VAULTS_MAX = ACCOUNTS_MAX / 2;

/** Owns what holds nothing but lamports: what is left where an account was closed and somebody sent some. */
const SYSTEM_PROGRAM = "11111111111111111111111111111111";

/**
 * How a node shows these vaults at its newest finalized slot.
 *
 * @param asked.minSlot the node must have come as far as this.
 * @throws {VaultbookError} rpc_… – nothing is known.
 */
export async function readVaults(
  node: SolanaNode,
  vaults: readonly VaultToRead[],
  asked: { readonly program: VaultProgram; readonly mint: string; readonly minSlot: number },
): Promise<Observation> {
  const { slot, value } = await node.accounts(
    vaults.flatMap(({ vault, tokenAccount }) => [vault, tokenAccount]),
    { commitment: "finalized", minContextSlot: asked.minSlot },
  );
  const readings = vaults.map((vault, i) => readVault(vault, value[2 * i] ?? null, value[2 * i + 1] ?? null, asked));
  return { slot, readings };
}

const NO_VAULT = {
  ...{ hasVault: false, vaultOwner: null, tokenAccount: null, total: null, locked: null, available: null },
  ...{ deposited: null, withdrawn: null },
};

function readVault(
  { owner, vault, tokenAccount }: VaultToRead,
  account: NodeAccount | null,
  tokenSide: NodeAccount | null,
  { program, mint }: { readonly program: VaultProgram; readonly mint: string },
): VaultReading {
  const tokens = readTokens(present(tokenSide), { address: tokenAccount, vault, mint });
  if ("problem" in tokens) return { owner, ...NO_VAULT, tokens: 0n, problem: tokens.problem };
  const found = present(account);
  if (found === null) return { owner, ...NO_VAULT, tokens: tokens.amount, problem: null };
  try {
    const read = readVaultAccount(program, found);
    return {
      owner,
      hasVault: true,
      vaultOwner: read.owner,
      tokenAccount: read.tokenAccount,
      total: read.total,
      locked: read.locked,
      available: read.available,
      deposited: read.totalDeposited,
      withdrawn: read.totalWithdrawn,
      tokens: tokens.amount,
      problem: null,
    };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { owner, ...NO_VAULT, tokens: 0n, problem: `its account ${vault} cannot be read: ${error.message}` };
  }
}

function present(account: NodeAccount | null): NodeAccount | null {
  return account?.owner === SYSTEM_PROGRAM && account.data.length === 0 ? null : account;
}
