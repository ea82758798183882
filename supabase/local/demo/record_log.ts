/**
 * The demo chain's memory on disk: a header line, then one line for each transaction. Lines are only ever added.
 *
 * @module
 */

/** What makes one demo chain different from another. */
export interface Genesis {
  readonly seed: string;
  readonly program: string;
  readonly mint: string;
  /** The first slot and its time in milliseconds since 1970. */
  readonly first: { readonly slot: number; readonly time: number };
}

/** An open log. */
export interface RecordLog {
  readonly genesis: Genesis;
  /** The lines that were there on opening, without the header. */
  readonly lines: readonly string[];
  /** Adds a line. It has reached the operating system on return, so that a killed process does not lose it. */
  append(line: string): void;
  close(): void;
}

/**
 * Opens the log, or begins it with the genesis given. A last line without its end, which a killed process leaves, is cut off.
 *
 * @throws {Error} when the file is no log of a demo chain, or of one with another seed, program or mint.
 */
export function openRecordLog(path: string, fresh: Genesis): RecordLog {
  const file = Deno.openSync(path, { create: true, read: true, write: true });
  const append = (line: string): void => writeAll(file, `${line}\n`);
  try {
    const whole = Deno.readFileSync(path);
    // Cut by bytes: a torn line may end inside a character.
    const end = whole.lastIndexOf(0x0a) + 1;
    file.truncateSync(end);
    file.seekSync(end, Deno.SeekMode.Start);
    const [header, ...lines] = new TextDecoder().decode(whole.subarray(0, end)).split("\n").slice(0, -1);
    if (header === undefined) append(JSON.stringify({ demo_chain: 1, ...fresh }));
    const genesis = header === undefined ? fresh : readGenesis(header, path);
    for (const key of ["seed", "program", "mint"] as const) {
      if (genesis[key] !== fresh[key]) {
        throw new Error(`Cannot continue demo chain ${path}: its ${key} is ${genesis[key]}, not ${fresh[key]}`);
      }
    }
    return { genesis, lines, append, close: () => file.close() };
  } catch (error) {
    file.close();
    throw error;
  }
}

function readGenesis(header: string, path: string): Genesis {
  try {
    const { demo_chain, ...genesis } = JSON.parse(header);
    if (demo_chain === 1) return genesis;
  } catch {
    // Falls through to the same answer as any other unknown header.
  }
  throw new Error(`Cannot read demo chain ${path}: its first line is no header`);
}

function writeAll(file: Deno.FsFile, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(file.writeSync(bytes));
}
