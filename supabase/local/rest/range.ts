/**
 * Which rows of a result are asked for, from `limit`, `offset` and the Range header, and how the answer says which it holds.
 * Positions are bigints: they come from the client and end in SQL, and no digit may get lost on the way.
 *
 * @module
 */
import { invalidRange } from "./request_errors.ts";

/** Rows from `offset` on, at most `limit` of them; null is no limit. */
export interface RowRange {
  readonly offset: bigint;
  readonly limit: bigint | null;
}

/** All rows. */
export const ALL_ROWS: RowRange = { offset: 0n, limit: null };

/**
 * Reads `limit` and `offset`. What is no whole number counts as absent, as in PostgREST.
 *
 * @throws {RestError} PGRST103 for a negative limit.
 */
export function rangeOfParameters(limit: string | null, offset: string | null): RowRange {
  const range = { offset: wholeNumber(offset) ?? 0n, limit: wholeNumber(limit) };
  if (range.limit !== null && range.limit < 0n) throw invalidRange("Limit should be greater than or equal to zero.");
  return range;
}

/**
 * Narrows a range to what a Range header, `0-24` or `50-`, asks for. Another header than that is ignored.
 *
 * @throws {RestError} PGRST103 when the header's end lies before its start, or nothing is left.
 */
export function narrowByHeader(range: RowRange, header: string | null): RowRange {
  const parts = /^([0-9]+)-([0-9]*)$/.exec(header?.trim() ?? "");
  if (!parts || range.limit === 0n) return range;
  const lower = wholeNumber(parts[1] ?? null) ?? 0n;
  const upper = wholeNumber(parts[2] ?? null);
  const offset = lower > range.offset ? lower : range.offset;
  const ends = [upper === null ? null : upper + 1n, range.limit === null ? null : range.offset + range.limit];
  const end = ends.reduce((least, next) => least === null || (next !== null && next < least) ? next : least);
  if (end !== null && end <= offset) {
    throw invalidRange("The lower boundary must be lower than or equal to the upper boundary in the Range header.");
  }
  return { offset, limit: end === null ? null : end - offset };
}

/** Narrows a range to `maxRows` rows. */
export function capRange(range: RowRange, maxRows: number): RowRange {
  const cap = BigInt(maxRows);
  return { offset: range.offset, limit: range.limit === null || range.limit > cap ? cap : range.limit };
}

/**
 * The Content-Range header and status of an answer.
 *
 * @param rows how many rows the answer holds.
 * @param total how many there are in all; null when nobody counted.
 * @throws {RestError} PGRST103 when the range starts behind the last row.
 */
export function rangeOfAnswer(
  range: RowRange,
  rows: bigint,
  total: bigint | null,
): { contentRange: string; status: 200 | 206 } {
  if (total !== null && range.offset > total) {
    throw invalidRange(`An offset of ${range.offset} was requested, but there are only ${total} rows.`);
  }
  const first = range.offset;
  return {
    contentRange: contentRange(first, first + rows - 1n, total),
    status: total !== null && rows < total ? 206 : 200,
  };
}

/** `first-last/total`, with `*` for what is empty or unknown. */
export function contentRange(first: bigint, last: bigint, total: bigint | null): string {
  const rows = total !== 0n && first <= last ? `${first}-${last}` : "*";
  return `${rows}/${total ?? "*"}`;
}

function wholeNumber(text: string | null): bigint | null {
  const trimmed = text?.trim() ?? "";
  return /^-?[0-9]{1,40}$/.test(trimmed) ? BigInt(trimmed) : null;
}
