/**
 * The text of a database error as libpq gives it, which is what pg_cron keeps as a failed run's `return_message`.
 *
 * @module
 */
import postgres from "postgres";

/**
 * Gives an error with its severity, place, details, hint and context, each on lines of their own, ending in a line break.
 *
 * @param query the text that was sent: the error's position counts in it.
 */
export function describeDatabaseError(error: unknown, query: string): string {
  if (!(error instanceof postgres.PostgresError)) return "connection lost";
  const { severity, message, detail, hint, where } = error;
  const internal = { query: error.internal_query, position: error.internal_position } as const;
  const place = error.position
    ? pointAt(query, Number(error.position))
    : pointAt(internal.query, Number(internal.position));
  return [
    `${severity}:  ${message}\n`,
    place,
    detail ? `DETAIL:  ${detail}\n` : "",
    hint ? `HINT:  ${hint}\n` : "",
    internal.query ? `QUERY:  ${internal.query}\n` : "",
    where ? `CONTEXT:  ${where}\n` : "",
  ].join("");
}

/** `LINE 1: selec 1` and under it a caret at the place; `position` counts characters from 1. */
function pointAt(query: string | undefined, position: number): string {
  if (!query || !(position > 0)) return "";
  // Counted as the server counts: by characters, not by UTF-16 units.
  const before = [...query].slice(0, position - 1).join("").split("\n");
  const number = before.length;
  const line = (query.split("\n")[number - 1] ?? "").replaceAll("\t", " ");
  const label = `LINE ${number}: `;
  return `${label}${line}\n${" ".repeat(label.length + [...before[number - 1] ?? ""].length)}^\n`;
}
