/**
 * Rows are never deleted: what is no longer so stays as a row that was taken back.
 *
 * @module
 */
import type { Observation, TakenBack } from "./observed.ts";
import type { LedgerState, Row } from "./state.ts";

/**
 * What is wrong with the rows that were taken back between two looks at a ledger; one line each. A row that is no longer there
 * must be among them, once more than before; one that never was there must not. One that was there and is may be: whether a
 * ledger takes back more than it has to, and makes it anew, is its own choice.
 */
export function wronglyTakenBack(before: Observation, after: Observation): string[] {
  const [was, is] = [liveRows(before), liveRows(after)];
  const [had, has] = [counted(before.takenBack), counted(after.takenBack)];
  return [...was.union(new Set(had.keys())).union(new Set(has.keys()))].flatMap((line) => {
    const more = (has.get(line) ?? 0) - (had.get(line) ?? 0);
    const isGone = was.has(line) && !is.has(line);
    const mayBeAnew = was.has(line) && is.has(line);
    if (more === (isGone ? 1 : 0) || (mayBeAnew && more === 1)) return [];
    return [`Taken back ${more} times more, although it ${isGone ? "is gone" : "was not there"}: ${line}`];
  });
}

/** A row as it has to be when it was taken back: failed, without effect, compensated once. */
function liveRows({ vaults }: LedgerState): Set<string> {
  return new Set(
    vaults.flatMap(({ owner, rows }) =>
      rows.map((row) => lineOf({ owner, row: { ...row, status: "failed", after: row.before }, compensations: 1 }))
    ),
  );
}

function counted(takenBack: readonly TakenBack[]): Map<string, number> {
  return new Map([...Map.groupBy(takenBack, lineOf)].map(([line, all]) => [line, all.length]));
}

/** What makes a row the row that it is, whatever the balances around it; and what shows that it was taken back. */
function lineOf({ owner, row, compensations }: TakenBack): string {
  const { signature, slot, transactionIndex, ordinal, type, amount, status, before, after } = row;
  const shown = [status, `moves ${after - before}`, `compensated ${compensations} times`].join(", ");
  return [owner, signature, slot, transactionIndex, ordinal, type, amount, shown].join(" ");
}

/** What can have befallen a row that was taken back. */
export const FATES = [
  "its transaction is lost",
  "it is elsewhere",
  "it is another's",
  "it came back",
  "it waits",
] as const;

/** One of {@link FATES}. */
export type Fate = (typeof FATES)[number];

/** What befell the rows that were taken back. */
export function fatesOf({ vaults, outcomes, takenBack }: Observation): Set<Fate> {
  const live = vaults.flatMap(({ owner, rows }) => rows.map((row) => ({ owner, row })));
  const bySignature = Map.groupBy(live, ({ row }) => row.signature);
  return new Set(takenBack.map(({ owner, row }): Fate => {
    if (outcomes.get(row.signature) === "ignored rolled_back") return "its transaction is lost";
    const all = bySignature.get(row.signature) ?? [];
    const here = all.filter((other) => isSameLeg(other.row, row));
    if (here.length > 0) return here.some((other) => other.owner === owner) ? "it came back" : "it is another's";
    return all.length > 0 ? "it is elsewhere" : "it waits";
  }));
}

function isSameLeg(a: Row, b: Row): boolean {
  return a.slot === b.slot && a.transactionIndex === b.transactionIndex && a.ordinal === b.ordinal && a.type === b.type;
}
