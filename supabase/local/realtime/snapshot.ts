/**
 * PostgreSQL's snapshots, as `pg_current_snapshot()` writes them. Pure.
 *
 * @module
 */

/** Whether the snapshot sees what a transaction did that has committed: `xmin:xmax:in,progress`. */
export function snapshotSees(snapshot: string, transaction: string): boolean {
  const [xmin = "0", xmax = "0", inProgress = ""] = snapshot.split(":");
  const id = BigInt(transaction);
  return id < BigInt(xmin) || (id < BigInt(xmax) && !inProgress.split(",").includes(transaction));
}
