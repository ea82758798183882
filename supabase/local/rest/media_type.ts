/**
 * Which form an answer takes, from the Accept header, and which form a body has, from its Content-Type.
 *
 * @module
 */
import { mediaTypeError } from "./request_errors.ts";

/** The forms that an answer can take. */
export type AnswerForm =
  | { readonly kind: "json"; readonly stripNulls: boolean }
  | { readonly kind: "object"; readonly stripNulls: boolean }
  | { readonly kind: "csv" };

/** A media type taken apart; names in lower case. */
interface MediaType {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/**
 * Chooses the first form that the client accepts, best quality first.
 *
 * @throws {RestError} PGRST107 when nothing in the header can be produced. Query plans are among what cannot: the setting for
 * them is off, as on Supabase.
 */
export function negotiate(accept: string | null): AnswerForm {
  const accepted = parseAccept(accept ?? "*/*");
  for (const type of accepted) {
    const form = formOf(type);
    if (form) return form;
  }
  throw mediaTypeError(accepted.map(writeMediaType));
}

/** The Content-Type of an answer. */
export function contentTypeOf(form: AnswerForm): string {
  if (form.kind === "csv") return "text/csv; charset=utf-8";
  const stripped = form.stripNulls ? ";nulls=stripped" : "";
  if (form.kind === "object") return `application/vnd.pgrst.object+json${stripped}; charset=utf-8`;
  return form.stripNulls
    ? `application/vnd.pgrst.array+json${stripped}; charset=utf-8`
    : "application/json; charset=utf-8";
}

/** The media type of a request body without its parameters; JSON where the header is absent. */
export function bodyMediaType(contentType: string | null): string {
  const { name } = parseMediaType(contentType ?? "application/json");
  return name.startsWith("application/vnd.pgrst.array") ? "application/json" : name;
}

function formOf(type: MediaType): AnswerForm | null {
  const stripNulls = type.parameters.get("nulls") === "stripped";
  switch (type.name) {
    case "*/*":
    case "application/*":
    case "application/json":
      return { kind: "json", stripNulls: false };
    case "application/vnd.pgrst.array":
    case "application/vnd.pgrst.array+json":
      return { kind: "json", stripNulls };
    case "application/vnd.pgrst.object":
    case "application/vnd.pgrst.object+json":
      return { kind: "object", stripNulls };
    case "text/csv":
      return { kind: "csv" };
    default:
      return null;
  }
}

function parseAccept(header: string): MediaType[] {
  const types = splitOutsideQuotes(header, ",").filter((text) => text.trim() !== "").map(parseMediaType);
  const quality = (type: MediaType): number => Number.parseFloat(type.parameters.get("q") ?? "1") || 0;
  return types.sort((a, b) => quality(b) - quality(a));
}

function parseMediaType(text: string): MediaType {
  const [name = "", ...parameters] = splitOutsideQuotes(text, ";");
  const pairs = parameters.filter((parameter) => parameter.includes("=")).map((parameter): [string, string] => {
    const at = parameter.indexOf("=");
    const value = parameter.slice(at + 1).trim().replace(/^"(.*)"$/s, "$1");
    return [parameter.slice(0, at).trim().toLowerCase(), value];
  });
  return { name: name.trim().toLowerCase(), parameters: new Map(pairs) };
}

function writeMediaType(type: MediaType): string {
  const parameters = [...type.parameters].filter(([name]) => name !== "q").map(([name, value]) =>
    name === "for" ? `; for="${value}"` : `; ${name}=${value}`
  );
  return type.name + parameters.join("");
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  const pieces: string[] = [];
  let piece = "";
  let quoted = false;
  for (const character of text) {
    if (character === '"') quoted = !quoted;
    if (character === separator && !quoted) {
      pieces.push(piece);
      piece = "";
    } else piece += character;
  }
  return [...pieces, piece];
}
