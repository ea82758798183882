/**
 * Keeps what PostgreSQL says: in a file, and its last lines at hand for an error message.
 *
 * @module
 */

/** A file beyond this size (bytes) is begun anew at the next start. */
const LARGE = 10 * 1024 * 1024;

/** How much of the end is kept at hand. Characters. */
const TAIL = 4_000;

/** How long to wait for the last words of a server that has ended. Milliseconds. */
const PATIENCE = 1_000;

/** A log that is being written. */
export interface ServerLog {
  /** The last lines so far. */
  tail(): string;
  /**
   * Resolves when everything that an ended server said is in the file. A backend that outlives a killed server holds the
   * pipe open: it is heard no longer.
   */
  close(): Promise<void>;
}

/** Opens the file to append to, which only its owner may read. */
export async function openLogFile(path: string): Promise<Deno.FsFile> {
  const size = await Deno.stat(path).then((info) => info.size, () => 0);
  const end = size > LARGE ? { truncate: true } : { append: true };
  return await Deno.open(path, { write: true, create: true, mode: 0o600, ...end });
}

/** Writes everything that comes from `output` to `file`, as it comes, and closes it at the end. */
export function keepLog(output: ReadableStream<Uint8Array>, file: Deno.FsFile): ServerLog {
  const decoder = new TextDecoder();
  let tail = "";
  // Not the file's own stream, which writes nothing before it is closed.
  const sink = new WritableStream<Uint8Array>({
    write(chunk): void {
      tail = (tail + decoder.decode(chunk, { stream: true })).slice(-TAIL);
      append(file, chunk);
    },
    close: () => file.close(),
    abort: () => file.close(),
  });
  const deaf = new AbortController();
  const finished = output.pipeTo(sink, { signal: deaf.signal }).catch(() => {});
  return {
    tail: () => tail.trim(),
    async close(): Promise<void> {
      const timeout = setTimeout(() => deaf.abort(), PATIENCE);
      await finished;
      clearTimeout(timeout);
    },
  };
}

/** What a full disk does not take is lost: that must not end the server's pipe. */
function append(file: Deno.FsFile, chunk: Uint8Array): void {
  try {
    for (let written = 0; written < chunk.length;) written += file.writeSync(chunk.subarray(written));
  } catch {
    // The last lines are still at hand.
  }
}
