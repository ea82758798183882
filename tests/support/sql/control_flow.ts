/**
 * The branches of PL/pgSQL, worked out from how often its statements began.
 *
 * plpgsql_check counts some of them itself, but for one database at a time.
 *
 * @module
 */
import type { ProfiledStatement } from "./record.ts";

/** One way that a statement can go on. */
export interface Branch {
  readonly line: number;
  /** What to say of it beside its line; may be empty. */
  readonly remark: string;
  readonly isTaken: boolean;
}

/** The branches of one function. */
export function branchesOf(statements: readonly ProfiledStatement[]): Branch[] {
  return statements.flatMap((statement) => [
    ...inside(statement, statements),
    ...(/^(EXIT|CONTINUE)$/.test(statement.name) ? around(statement, statements) : []),
  ]);
}

/**
 * The arms of IF and CASE, the bodies of loops, the exception handlers. What a block begins with always follows, as does what a
 * loop without a condition repeats.
 */
function inside(statement: ProfiledStatement, all: readonly ProfiledStatement[]): Branch[] {
  const firsts = all.filter(({ parent, list, place }) => parent === statement.id && place === 1 && list !== "body");
  if (statement.name === "LOOP") return [];
  const arms = firsts.map(({ line, begun }) => ({ line, remark: "", isTaken: begun > 0 }));
  if (statement.name !== "IF" || firsts.some(({ list }) => list === "else body")) return arms;
  const without = statement.begun - statement.failed - firsts.reduce((sum, { begun }) => sum + begun, 0);
  return [...arms, { line: statement.line, remark: "is never false", isTaken: without > 0 }];
}

/** Of EXIT WHEN and CONTINUE WHEN: what follows tells whether they went on. One at the end of its list cannot be told. */
function around(statement: ProfiledStatement, all: readonly ProfiledStatement[]): Branch[] {
  const { parent, list, place, line, begun, failed } = statement;
  const next = all.find((other) => other.parent === parent && other.list === list && other.place === place + 1);
  if (!next) return [];
  return [
    { line, remark: "is never true", isTaken: next.begun < begun - failed },
    { line, remark: "is never false", isTaken: next.begun > 0 },
  ];
}
