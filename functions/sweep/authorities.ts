/**
 * Who may lock, unlock and transfer, as the program's authority account says.
 *
 * @module
 */
import { readAuthorityAccount } from "@/lib/chain/accounts.ts";
import { Malformed } from "@/lib/chain/fields.ts";
import type { SolanaNode } from "@/lib/chain/rpc.ts";
import { discriminatorBytes, type VaultProgram } from "@/lib/chain/program.ts";
import { VaultbookError } from "@/lib/domain/errors.ts";
import { areAuthoritiesDue, configureAuthorities, learnAuthorities } from "@/lib/ledger/authorities.ts";
import type { SweepContext } from "./context.ts";

/**
 * Brings the list of authorities up to date: by what is configured, else, when that is due, by what all nodes show alike. One that cannot
 * be read, that they differ on, or that the program does not keep leaves what is known as it is; the next sweep asks again.
 *
 * @param tips the newest finalized slots of the nodes, by their numbers.
 * @throws {VaultbookError} database_unavailable
 */
export async function updateAuthorities(
  { database, nodes, program }: SweepContext,
  configured: readonly string[] | undefined,
  tips: ReadonlyMap<number, { readonly slot: number }>,
): Promise<void> {
  if (configured) await configureAuthorities(database, configured);
  const { authority } = program.accounts;
  // Who keeps no list in the account has nothing to learn from it.
  if (!authority || tips.size < nodes.length || !await areAuthoritiesDue(database)) return;
  const shown: Shown[] = [];
  for (const [source, { slot }] of tips) {
    const node = nodes[source - 1];
    const list = node ? await authoritiesOf(node, program, slot) : null;
    if (list === null) return;
    shown.push(list);
  }
  const [first, ...others] = shown;
  if (!first || others.some(({ authorities }) => authorities.join() !== first.authorities.join())) return;
  await learnAuthorities(database, {
    authorities: first.authorities,
    slot: Math.min(...shown.map(({ slot }) => slot)),
  });
}

interface Shown {
  /** In order. */
  readonly authorities: readonly string[];
  readonly slot: number;
}

/** The list as one node shows it; null where it cannot be told. */
async function authoritiesOf(node: SolanaNode, program: VaultProgram, minSlot: number): Promise<Shown | null> {
  const schema = program.accounts.authority;
  if (!schema) return null;
  const asked = { commitment: "finalized", minContextSlot: minSlot } as const;
  try {
    const found = await node.programAccounts(program.address, discriminatorBytes(schema.discriminator), asked);
    if (found.value.length === 0) return null;
    const { slot, value } = await node.accounts(found.value, asked);
    const lists = value.flatMap((account) => readAuthorityAccount(program, account).authorizedPrograms);
    return { authorities: [...new Set(lists)].sort(), slot };
  } catch (error) {
    if (error instanceof Malformed || (error instanceof VaultbookError && error.code.startsWith("rpc_"))) return null;
    throw error;
  }
}
