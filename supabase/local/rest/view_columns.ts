/**
 * Where the columns of views come from. PostgreSQL keeps that only in the stored form of a view's query, whose target list
 * names the table and column of origin of each plain column.
 *
 * @module
 */

/** One column of a view that shows a column of a relation unchanged. */
export interface ViewColumn {
  readonly name: string;
  /** Object id of the relation it comes from: a table or another view. */
  readonly relation: string;
  /** Number of the column there, from 1. */
  readonly column: number;
}

const ORIGIN = /:resname ((?:\\.|[^\s\\])+) :ressortgroupref \d+ :resorigtbl (\d+) :resorigcol (\d+) :resjunk false/;

/**
 * Reads the columns with an origin from a view's rule, the text of `pg_rewrite.ev_action`.
 *
 * A node is written `{TYPE :field value …}`, with a backslash before every special character inside a value. The view's own
 * query is the outermost node; target lists of its subqueries lie deeper and are passed over.
 */
export function viewColumns(rule: string): ViewColumn[] {
  const columns: ViewColumn[] = [];
  let depth = 0;
  let inTargetList = false;
  let entry = "";
  for (let at = 0; at < rule.length; at += 1) {
    const character = rule[at] ?? "";
    if (character === "}" && depth === 2 && inTargetList) {
      const [, name = "", relation = "0", column = "0"] = ORIGIN.exec(entry) ?? [];
      if (relation !== "0") columns.push({ name: name.replace(/\\(.)/g, "$1"), relation, column: Number(column) });
    }
    if (character === "{") depth += 1;
    else if (character === "}") depth -= 1;
    else if (depth === 1 && character === ":") inTargetList = rule.startsWith(":targetList ", at);
    else if (depth === 2) entry += character === "\\" ? character + (rule[at + 1] ?? "") : character;
    if (depth < 2) entry = "";
    if (character === "\\") at += 1;
  }
  return columns;
}
