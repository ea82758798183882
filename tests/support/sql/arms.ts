/**
 * The arms of CASE, COALESCE and ON CONFLICT: puts a probe into each, so that the database counts which are taken.
 *
 * What PostgreSQL computes stays the same: COALESCE becomes the CASE that it stands for, a CASE that compares becomes one that
 * asks, DO UPDATE gets a condition that holds. No line moves.
 *
 * @module
 */
import { inOneLine, isClosing, isOpening, split, textOf, type Token } from "./tokens.ts";

/** One way that a statement can go. */
export interface Arm {
  readonly line: number;
  readonly text: string;
  /** The same for an arm that stands elsewhere in the same words: what DISTINCT ON and ORDER BY both say must stay the same. */
  readonly key: string;
}

/** Gives a condition that is true, and counts; it can stand behind NOT and AND. */
export type Probe = (arm: Arm) => string;

/** Gives the text of these tokens with a probe in every arm. */
export function withProbes(tokens: readonly Token[], probe: Probe): string {
  let text = "";
  for (let place = 0; place < tokens.length;) {
    const rest = tokens.slice(place);
    const kind = CHOICES.get(rest[0]?.word ?? "");
    const choice = kind?.find(rest) ?? [];
    text += choice.length > 0 ? kind?.probed(choice, probe) : rest[0]?.text;
    place += Math.max(choice.length, 1);
  }
  return text;
}

/** Something with arms. */
interface Choice {
  /** Its tokens, which begin with the first of these; none where these begin with something else. */
  find(tokens: readonly Token[]): readonly Token[];
  /** Its text with probes. */
  probed(choice: readonly Token[], probe: Probe): string;
}

/** By the word that each begins with. */
const CHOICES: ReadonlyMap<string, Choice> = new Map([
  ["case", { find: expressionAt, probed: probedCase }],
  ["coalesce", { find: expressionAt, probed: probedCoalesce }],
  ["do", { find: updateAt, probed: probedUpdate }],
]);

/** The CASE or COALESCE that begins with the first token. */
function expressionAt(tokens: readonly Token[]): readonly Token[] {
  let depth = 0;
  for (const [place, token] of tokens.entries()) {
    // The statement CASE of PL/pgSQL, which its profiler counts.
    if (token.text === ";") return [];
    if (isOpening(token)) depth++;
    if (isClosing(token) && --depth === 0) return tokens.slice(0, place + 1);
  }
  return [];
}

/** The DO UPDATE that begins with the first token, up to what follows it. */
function updateAt(tokens: readonly Token[]): readonly Token[] {
  if (tokens.filter(({ isSpace }) => !isSpace)[1]?.word !== "update") return [];
  let depth = 0;
  const end = tokens.findIndex((token) => {
    if (isOpening(token)) depth++;
    if (isClosing(token)) depth--;
    return depth < 0 || (depth === 0 && (token.text === ";" || token.word === "returning"));
  });
  return tokens.slice(0, end === -1 ? tokens.length : end);
}

/** `case x when a then b else c end` → `case when ((x) = (a)) is true and … then b … else c end` */
function probedCase(choice: readonly Token[], probe: Probe): string {
  const [subject = [], ...parts] = split(choice.slice(1, -1), ({ word }) => /^(when|then|else)$/.test(word ?? ""));
  const compared = inOneLine(subject);
  const key = inOneLine(choice);
  let text = `case${textOf(subject).replace(/[^\n]/g, "")} `;
  for (const [place, part] of parts.entries()) {
    const [keyword, ...rest] = part;
    const arm = { line: keyword?.line ?? 0, text: inOneLine(part), key: `${key} ${place}` };
    const inner = withProbes(rest, probe);
    if (keyword?.word === "then") text += `then${inner}`;
    else if (keyword?.word === "else") return `${text}${otherwise(probe(arm), inOneLine(rest), inner)}end`;
    else text += `when (${compared === "" ? inner : `(${compared}) = (${inner})`}) is true and ${probe(arm)} `;
  }
  const nothing = { line: choice.at(-1)?.line ?? 0, text: "end, without an else", key: `${key} else` };
  return `${text} ${otherwise(probe(nothing), "null", " null ")}end`;
}

/** `coalesce(a, b)` → `(case when (a) is distinct from null and … then a … else b end)` */
function probedCoalesce(choice: readonly Token[], probe: Probe): string {
  const key = inOneLine(choice);
  const open = choice.findIndex(({ text }) => text === "(");
  const values = split(choice.slice(open + 1, -1), ({ text }) => text === ",");
  const arms = values.map((value, place) => {
    const own = place === 0 ? value : value.slice(1);
    const line = own.find(({ isSpace }) => !isSpace)?.line ?? 0;
    const count = probe({ line, text: `coalesce: ${inOneLine(own)}`, key: `${key} ${place}` });
    const inner = withProbes(own, probe);
    return place === values.length - 1
      ? otherwise(count, inOneLine(own), ` ${inner}`)
      : `when (${inner}) is distinct from null and ${count} then (${inOneLine(own)})`;
  });
  return `(case ${arms.join(" ")} end)`;
}

/** `do update set a = b where c` → `do update set a = b where … and (c)`: taken wherever there is a conflict. */
function probedUpdate(choice: readonly Token[], probe: Probe): string {
  const words = inOneLine(choice);
  const [[start, ...change] = [], [, ...condition] = []] = split(choice, ({ word }) => word === "where");
  const count = probe({ line: start?.line ?? 0, text: words, key: words });
  const also = condition.length > 0 ? ` and (${withProbes(condition, probe)})` : "";
  return `do${withProbes(change, probe)} where ${count}${also} `;
}

/** An ELSE that counts. It stays one, with the type that it had: where none is written, the length of a varchar gets lost. */
function otherwise(count: string, plain: string, probed: string): string {
  return `when not ${count} then (${plain}) else${probed}`;
}
