/**
 * CSV (RFC 4180) as a request body.
 *
 * @module
 */
import { invalidBody } from "./request_errors.ts";

/**
 * Turns CSV with a header line into a JSON array of objects whose values are strings; an unquoted or quoted `NULL` is null.
 *
 * @throws {RestError} PGRST102 when a line has another number of fields than the header, or a quote is not closed.
 */
export function csvToJson(text: string): string {
  const [header, ...lines] = parseCsv(text);
  if (!header) throw invalidBody("not enough input");
  const rows = lines.map((line) => {
    if (line.length !== header.length) throw invalidBody("All lines must have same number of fields");
    return Object.fromEntries(line.map((value, at) => [header[at] ?? "", value === "NULL" ? null : value]));
  });
  return JSON.stringify(rows);
}

function parseCsv(text: string): string[][] {
  const lines: string[][] = [];
  let line: string[] = [];
  let at = 0;
  while (at < text.length) {
    const field = text[at] === '"' ? readQuoted(text, at) : readPlain(text, at);
    line.push(field.value);
    at = field.end;
    if (text[at] === ",") {
      at += 1;
      if (at < text.length) continue;
      line.push("");
    }
    at += text.startsWith("\r\n", at) ? 2 : 1;
    // An empty line holds no record.
    if (line.length > 1 || line[0] !== "") lines.push(line);
    line = [];
  }
  return lines;
}

function readPlain(text: string, start: number): { value: string; end: number } {
  let end = start;
  while (end < text.length && !",\r\n".includes(text[end] ?? "")) {
    if (text[end] === '"') refuseQuote();
    end += 1;
  }
  return { value: text.slice(start, end), end };
}

/** Two quotes inside a quoted field are one. */
function readQuoted(text: string, start: number): { value: string; end: number } {
  let value = "";
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) refuseQuote();
    value += text.slice(at, quote);
    at = quote + 1;
    if (text[at] !== '"') break;
    value += '"';
    at += 1;
  }
  if (at < text.length && !",\r\n".includes(text[at] ?? "")) refuseQuote();
  return { value, end: at };
}

function refuseQuote(): never {
  throw invalidBody("parse error (Failed reading: satisfy) at a quote");
}
