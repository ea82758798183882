/**
 * What of the ledger's SQL was reached.
 *
 * @module
 */
import { branchesOf } from "./control_flow.ts";
import type { Instrumented, Point } from "./instrument.ts";
import type { Coverage, ProfiledStatement } from "./record.ts";

/** A place that was reached, or was not. */
export interface Reached extends Point {
  readonly isReached: boolean;
}

/** Every place there is: statements and branches of PL/pgSQL, statements of functions in SQL, arms of expressions in all of them. */
export function pointsOf({ probes, sources }: Instrumented, coverage: Coverage): Reached[] {
  const profiled = Map.groupBy(coverage.statements, ({ where }) => where);
  return [
    ...[...profiled].flatMap(([where, statements]) => pointsOfFunction(where, statements, sources.get(where) ?? "")),
    ...[...probes].map(([name, point]) => ({ ...point, isReached: (coverage.probes[name] ?? 0) > 0 })),
  ];
}

function pointsOfFunction(where: string, statements: readonly ProfiledStatement[], source: string): Reached[] {
  const lines = source.split("\n");
  const textAt = (line: number): string => lines[line - 1]?.trim() ?? "";
  return [
    ...statements.map(({ line, begun }) =>
      ({ kind: "statements of PL/pgSQL", where, line, text: textAt(line), isReached: begun > 0 }) as const
    ),
    ...branchesOf(statements).map(({ line, remark, isTaken }) =>
      ({
        kind: "branches of PL/pgSQL",
        where,
        line,
        text: `${textAt(line)} ${remark}`.trim(),
        isReached: isTaken,
      }) as const
    ),
  ];
}
