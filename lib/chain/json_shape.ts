/**
 * How deep JSON nests and how many parts it has, before it is parsed: brackets cost the parser a hundred times as much as other bytes, in
 * time and in memory, and no sender has that many.
 *
 * @module
 */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** What is an opening or a closing bracket, square or curly, but for this bit. */
const CURLY = 0x20;
const OPENING = 0x7b;
const CLOSING = 0x7d;

/** Most that JSON may have. */
export interface JsonBounds {
  /** Arrays and objects within each other. */
  readonly depth: number;
  /** Arrays and objects in all; no fewer than `depth`. */
  readonly parts: number;
}

/**
 * Which bound JSON exceeds, the first one that it does; null for none. Of what is no JSON, as far as a parser would get.
 *
 * Runs once through the text at most, and not at all through one that is too short for it.
 */
export function exceededBound(json: string, { depth, parts }: JsonBounds): keyof JsonBounds | null {
  if (json.length <= depth) return null;
  let [open, begun] = [0, 0];
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(json, at);
      if (at === -1) return null;
    } else if ((code | CURLY) === OPENING) {
      if (++open > depth) return "depth";
      if (++begun > parts) return "parts";
    } else if ((code | CURLY) === CLOSING) {
      open--;
    }
  }
  return null;
}

/** Where the string that begins at `start` ends; -1 where it does not. */
function endOfString(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end !== -1; end = json.indexOf('"', end + 1)) {
    let before = end - 1;
    while (json.charCodeAt(before) === BACKSLASH) before--;
    // Each two of them are one that stands for itself.
    if ((end - before) % 2 === 1) return end;
  }
  return -1;
}
