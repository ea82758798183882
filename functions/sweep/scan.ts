/**
 * Walks back over the finalized history of an address, page by page, until it meets what is known.
 *
 * @module
 */
import { VaultbookError } from "@/lib/domain/errors.ts";
import { beginScan, notePage, watermarkOf } from "@/lib/ledger/scans.ts";
import { goesOn, type SweepContext } from "./context.ts";

/** What to walk over. */
export interface ScanScope {
  /** The vault program, or a vault. */
  readonly address: string;
  /** The node to ask, from 1. */
  readonly source: number;
  /** Its newest finalized slot. */
  readonly tipSlot: number;
  /** Go back at least to this slot; default: as far as is due. */
  readonly fromSlot?: number;
}

/** After so many pages in a row that do not continue the one before, the rest is left to the next run. */
const BROKEN_MAX = 3;

/** The node's newest finalized slot. @throws {VaultbookError} rpc_behind – it has not come as far as it had before; any rpc_…. */
export async function tipOf(context: SweepContext, source: number): Promise<number> {
  const mark = await watermarkOf(context.database, context.program.address, source);
  return await nodeOf(context, source).slot("finalized", mark?.slot);
}

/**
 * Goes on with the scan of an address, or begins one.
 *
 * @returns whether everything up to the tip was seen.
 * @throws {VaultbookError} rpc_… – what was seen is kept, and the next run goes on.
 */
export async function scanAddress(context: SweepContext, scope: ScanScope): Promise<boolean> {
  const { database, limits, counts } = context;
  let scan = await beginScan(database, scope);
  const node = nodeOf(context, scope.source);
  const isProgram = scope.address === context.program.address;
  for (let broken = 0; scan.outcome === null;) {
    if (!await goesOn(context, isProgram ? "pages" : "vaultPages")) return false;
    if (broken >= BROKEN_MAX) throw doesNotContinue(node.node, scan.lowestSlot);
    const rows = await node.signatures(scope.address, {
      commitment: "finalized",
      limit: limits.pageRows,
      minContextSlot: scan.tipSlot,
      ...(scan.nextBefore === null ? {} : { before: scan.nextBefore }),
    });
    counts[isProgram ? "pages" : "vault_pages"]++;
    counts.rows += rows.length;
    // What another job has ended is not asked for twice in vain: a new walk is over at what that one has seen.
    scan = await notePage(database, scan, rows) ?? await beginScan(database, scope);
    broken = scan.brokenPages > 0 ? broken + 1 : 0;
  }
  return scan.outcome === "proven";
}

function doesNotContinue(node: string, slot: number | null): VaultbookError {
  const problem = `what it shows before slot ${slot} does not continue what it showed`;
  return new VaultbookError("rpc_answer_invalid", { node, method: "getSignaturesForAddress", problem });
}

function nodeOf({ nodes }: SweepContext, source: number): SweepContext["nodes"][number] {
  const node = nodes[source - 1];
  if (!node) throw new RangeError(`Cannot ask node ${source}: there are ${nodes.length}`);
  return node;
}
