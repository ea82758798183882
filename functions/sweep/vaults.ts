/**
 * Vault by vault: what a sweep does where the program's own history is longer than it can walk over in time.
 *
 * @module
 */
import { discriminatorBytes } from "@/lib/chain/program.ts";
import { ROWS_MAX } from "@/lib/chain/rpc.ts";
import { vaultsToScan } from "@/lib/ledger/scans.ts";
import { vaultIsSwept, wantedVaults, wantNewVaults } from "@/lib/ledger/wanted_vaults.ts";
import { attempted, goesOn, type SweepContext } from "./context.ts";
import { scanAddress } from "./scan.ts";

/** Wanted vaults looked through in one run. */
const WANTED_MAX = 20;

/**
 * Walks by one node over the history of every vault of the book and over the program's authority, by which the protocol is paused; those
 * that were not seen for the longest come first. Vaults that the book does not know are found by their accounts, and wanted.
 *
 * A vault is walked over by its own address: its token account is not named where collateral is locked.
 *
 * @returns whether all of them were seen up to the slot. What keeps a node from answering is noted, and the rest is walked over.
 * @throws {VaultbookError} database_unavailable; job_taken_over.
 */
export async function scanVaults(context: SweepContext, source: number, tipSlot: number): Promise<boolean> {
  const { database, limits } = context;
  const others: string[] = [];
  const isTold = await attempted(context, async () => {
    const addresses = await accountsOf(context, source, "vault", tipSlot);
    await wantNewVaults(database, { addresses, source, slot: tipSlot });
    others.push(...await accountsOf(context, source, "authority", tipSlot));
    return true;
  });
  const scope = { source, slot: tipSlot, others, most: Math.min(limits.vaultPages, VAULTS_MAX) };
  for (const address of await vaultsToScan(database, scope)) {
    if (!await goesOn(context, "vaultPages")) return false;
    await attempted(context, () => scanAddress(context, { address, source, tipSlot }));
  }
  return isTold && (await vaultsToScan(database, { ...scope, most: 1 })).length === 0;
}

/** More than these no run gets through. */
const VAULTS_MAX = 10 * ROWS_MAX;

/** The accounts of a role; none where the program keeps none. */
async function accountsOf(
  { nodes, program }: SweepContext,
  source: number,
  role: "vault" | "authority",
  tipSlot: number,
): Promise<readonly string[]> {
  const schema = program.accounts[role];
  const node = nodes[source - 1];
  if (!schema || !node) return [];
  const prefix = discriminatorBytes(schema.discriminator);
  const asked = { commitment: "finalized", minContextSlot: tipSlot } as const;
  return (await node.programAccounts(program.address, prefix, asked)).value;
}

/**
 * Looks through the whole history of the vaults that something is missing of, by each of these nodes.
 *
 * @param tips their newest finalized slots, by their numbers.
 * @throws {VaultbookError} database_unavailable
 */
export async function scanWanted(
  context: SweepContext,
  tips: ReadonlyMap<number, { readonly slot: number }>,
): Promise<void> {
  for (const address of await wantedVaults(context.database, WANTED_MAX)) {
    let isSwept = true;
    for (const [source, { slot }] of tips) {
      const scope = { address, source, tipSlot: slot, fromSlot: 0 };
      isSwept = await attempted(context, () => scanAddress(context, scope)) && isSwept;
    }
    if (isSwept) await vaultIsSwept(context.database, address);
  }
}
