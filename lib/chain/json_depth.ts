/**
 * How deep JSON nests, before it is parsed: no sender nests deep, and what does costs the parser more than anything else of its length.
 *
 * @module
 */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** What is an opening or a closing bracket, square or curly, but for this bit. */
const CURLY = 0x20;
const OPENING = 0x7b;
const CLOSING = 0x7d;

/**
 * Whether JSON nests deeper than `depth`, counted in arrays and objects; of what is no JSON, as far as a parser would get.
 *
 * Runs once through the text at most, and not at all through one that is too short for it.
 */
export function nestsDeeperThan(depth: number, json: string): boolean {
  if (json.length <= depth) return false;
  let open = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(json, at);
      if (at === -1) return false;
    } else if ((code | CURLY) === OPENING) {
      if (++open > depth) return true;
    } else if ((code | CURLY) === CLOSING) {
      open--;
    }
  }
  return false;
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
