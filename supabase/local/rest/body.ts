/**
 * Reads request bodies: no larger than allowed, as text.
 *
 * @module
 */
import { bodyTooLarge, invalidBody } from "./request_errors.ts";

/** The largest body that is taken, in bytes. */
export const MAX_BODY_BYTES = 10 * 1024 * 1024;

/**
 * Reads a body as bytes.
 *
 * @throws {RestError} 413 as soon as more than {@link MAX_BODY_BYTES} are announced or have come.
 */
export async function readBytes(request: Request): Promise<Uint8Array> {
  if (Number(request.headers.get("content-length") ?? "0") > MAX_BODY_BYTES) {
    await request.body?.cancel();
    throw bodyTooLarge(MAX_BODY_BYTES);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    // Leaving the loop cancels the stream.
    if (size > MAX_BODY_BYTES) throw bodyTooLarge(MAX_BODY_BYTES);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/**
 * Decodes UTF-8.
 *
 * @throws {RestError} PGRST102 for bytes that are no UTF-8.
 */
export function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw invalidBody("Empty or invalid json");
  }
}
