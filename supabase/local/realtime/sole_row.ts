/**
 * The row of a query that always has exactly one.
 *
 * When a connection breaks at the wrong moment, the driver (postgres 3.4.9) may resolve a query with no rows where it
 * should reject. A query whose emptiness means something therefore gives its rows as one JSON value.
 *
 * @module
 */

/**
 * Returns the row.
 *
 * @throws {Error} when there is none: the connection was lost.
 */
export function soleRow<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error("The connection to the database was lost");
  return row;
}
