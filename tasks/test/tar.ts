/**
 * Reads tar archives, as far as npm packages and PostgreSQL extensions use them.
 *
 * @module
 */

/** Archives are made of blocks of this many bytes. */
const BLOCK = 512;

/**
 * The text of one file in a gzip-compressed tar archive.
 *
 * @param path as in the archive; at most 100 bytes, as longer ones are written in ways not read here.
 * @throws {Error} when the archive holds no such file.
 */
export async function readFromArchive(archive: Uint8Array<ArrayBuffer>, path: string): Promise<string> {
  const stream = new Blob([archive]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const text = new TextDecoder();
  const field = (at: number, length: number): string =>
    text.decode(bytes.subarray(at, at + length)).split("\0")[0] ?? "";
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0;) {
    const size = parseInt(field(at + 124, 12), 8);
    if (field(at, 100) === path) return text.decode(bytes.subarray(at + BLOCK, at + BLOCK + size));
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  throw new Error(`The archive holds no ${path}`);
}
