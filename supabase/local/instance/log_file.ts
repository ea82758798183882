/**
 * The instance's own log: what the platform, the functions and the demo have to say, a line at a time.
 *
 * @module
 */

/** A log that is appended to. */
export interface LogFile {
  readonly write: (line: string) => void;
  close(): void;
}

/** At this size the log is put aside as `.old`, and the one put aside before is gone. Bytes. */
const SIZE_MAX = 20 * 1024 * 1024;

/** Opens the log, readable by its owner only. Each line gets its time. */
export function openLog(path: string): LogFile {
  let file = open(path);
  let size = file.statSync().size;
  return {
    write(line: string): void {
      const bytes = new TextEncoder().encode(`${new Date().toISOString()} ${line}\n`);
      if (size + bytes.length > SIZE_MAX) {
        file.close();
        Deno.renameSync(path, `${path}.old`);
        file = open(path);
        size = 0;
      }
      file.writeSync(bytes);
      size += bytes.length;
    },
    close: () => file.close(),
  };
}

function open(path: string): Deno.FsFile {
  return Deno.openSync(path, { create: true, append: true, mode: 0o600 });
}
