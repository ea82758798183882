/**
 * What the memo program logs.
 *
 * @module
 */

/** The log lines of a memo: its signer, then its length in UTF-8 bytes and its text as Rust prints a string for debugging. */
export function memoLogs({ signer, text }: { signer: string; text: string }): string[] {
  const bytes = new TextEncoder().encode(text).length;
  return [`Program log: Signed by ${signer}`, `Program log: Memo (len ${bytes}): ${debugText(text)}`];
}

/** What `getSignaturesForAddress` shows of a transaction's memos, or null when there is none. */
export function memoColumn(texts: readonly string[]): string | null {
  if (texts.length === 0) return null;
  return texts.map((text) => `[${new TextEncoder().encode(text).length}] ${text}`).join("; ");
}

const NAMED: Record<string, string> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\0": "\\0",
};

/** Rust's `{:?}` of a string: quotes, backslashes, and whatever has no width of its own is escaped; other scripts are not. */
function debugText(text: string): string {
  const escaped = [...text].map((character) => {
    const named = NAMED[character];
    if (named) return named;
    const invisible = /^[\p{C}\p{M}\p{Z}]$/u.test(character) && character !== " ";
    return invisible ? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}` : character;
  });
  return `"${escaped.join("")}"`;
}
