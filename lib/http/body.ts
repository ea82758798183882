/**
 * Reads a request's body within a limit.
 *
 * @module
 */
import { VaultbookError } from "@/lib/domain/errors.ts";

/**
 * The whole body as bytes.
 *
 * @param limitBytes most bytes; a body that announces more is refused before a byte of it is read.
 * @throws {VaultbookError} body_too_large, or body_unreadable when the connection ended in the middle.
 */
export async function readBody(request: Request, limitBytes: number): Promise<Uint8Array> {
  const tooLarge = (): VaultbookError => new VaultbookError("body_too_large", { limit_bytes: limitBytes });
  // not an amount: a length in bytes
  if (Number(request.headers.get("content-length") ?? 0) > limitBytes) throw tooLarge();
  if (!request.body) return new Uint8Array();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body.getReader();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      length += part.value.length;
      if (length > limitBytes) throw tooLarge();
      chunks.push(part.value);
    }
  } catch (error) {
    await reader.cancel().catch(() => {});
    if (error instanceof VaultbookError) throw error;
    throw new VaultbookError("body_unreadable", {}, error);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
