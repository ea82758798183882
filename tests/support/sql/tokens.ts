/**
 * Takes SQL text apart, as far as it takes to find its statements, and the arms of its expressions.
 *
 * @module
 */

/** A piece of SQL text. All pieces together are the text. */
export interface Token {
  readonly text: string;
  /** Where it begins, from 1. */
  readonly line: number;
  /** In lower case, where it is a keyword or a name without quotes; else null. */
  readonly word: string | null;
  /** Blanks, or a comment. */
  readonly isSpace: boolean;
}

const PIECE =
  /(\s+|--[^\n]*|\/\*[^]*?\*\/)|e'(?:[^'\\]|\\[^]|'')*'|([a-z_][\w$]*)|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$([a-z_]*)\$[^]*?\$\3\$|\d[\w.]*|[^]/gi;

/** Takes a text apart. */
export function tokensOf(sql: string): Token[] {
  let line = 1;
  return [...sql.matchAll(PIECE)].map(([text, space, word]) => {
    const token = { text, line, word: word?.toLowerCase() ?? null, isSpace: space !== undefined };
    line += text.split("\n").length - 1;
    return token;
  });
}

export function textOf(tokens: readonly Token[]): string {
  return tokens.map(({ text }) => text).join("");
}

/** In one line and without comments, so that it can stand where lines are counted. */
export function inOneLine(tokens: readonly Token[]): string {
  return tokens.map(({ text, isSpace }) => (isSpace ? " " : text)).join("").replace(/ +/g, " ").trim();
}

/** Whether something begins here that ends further on: parentheses, brackets, CASE. */
export function isOpening({ text, word }: Token): boolean {
  return text === "(" || text === "[" || word === "case";
}

/** Whether such a thing ends here. */
export function isClosing({ text, word }: Token): boolean {
  return text === ")" || text === "]" || word === "end";
}

/** Those that lie in no parentheses, brackets or CASE of these, with their places. */
export function outermost(tokens: readonly Token[]): [number, Token][] {
  let depth = 0;
  return [...tokens.entries()].filter(([, token]) => {
    if (isClosing(token)) depth--;
    const isOutermost = depth === 0;
    if (isOpening(token)) depth++;
    return isOutermost;
  });
}

/** Splits before each of the outermost tokens that `isStart` says: each part but the first begins with one. */
export function split(tokens: readonly Token[], isStart: (token: Token) => boolean): Token[][] {
  const starts = outermost(tokens).filter(([, token]) => isStart(token)).map(([place]) => place);
  return [0, ...starts].map((start, part) => tokens.slice(start, starts[part]));
}
