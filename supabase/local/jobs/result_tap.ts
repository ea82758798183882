/**
 * Reads along on a database connection, because the driver merges the results of several statements and so loses what
 * libpq, and with it pg_cron, reports: how the last of them ended.
 *
 * @module
 */
import { connect, type Socket } from "node:net";
import type { Buffer } from "node:buffer";

/** Opens a connection for the driver and reads along. */
export interface ResultTap {
  /** For the driver's option `socket`. */
  open(options: { host: string[]; port: number[] }): Promise<Socket>;
  /**
   * Waits for work on the connection, but not longer than the connection lasts: the driver can be left waiting for ever.
   *
   * @throws {Error} when the connection closes first.
   */
  whileConnected<Result>(work: PromiseLike<Result>): Promise<Result>;
  /** Forgets what has been read. */
  reset(): void;
  /**
   * How the last statement since `reset` ended: `1 row` for one that gives rows, otherwise its command tag. Undefined when
   * none did or the connection is encrypted.
   */
  lastResult(): string | undefined;
}

/** Makes a tap for one connection. */
export function createResultTap(): ResultTap {
  let last: string | undefined;
  let rows: number | undefined;
  const lost = Promise.withResolvers<never>();
  // Most connections close when nobody waits for anything any more.
  lost.promise.catch(() => {});

  /** Each message of the server: a type, four bytes of length that count themselves, and a body. */
  function onMessage(type: string, body: Uint8Array): void {
    if (type === "T") rows = 0;
    else if (type === "D" && rows !== undefined) rows++;
    else if (type === "I") last = "0 rows";
    else if (type === "C") {
      const tag = new TextDecoder().decode(body.subarray(0, -1));
      last = rows === undefined ? tag : `${rows} ${rows === 1 ? "row" : "rows"}`;
      rows = undefined;
    }
  }

  return {
    async open({ host, port }): Promise<Socket> {
      const socket = connect(port[0] ?? 5432, host[0] ?? "127.0.0.1");
      await new Promise((resolve, reject) => {
        socket.once("connect", resolve);
        socket.once("error", reject);
      });
      socket.on("data", splitMessages(onMessage));
      socket.on("close", () => lost.reject(new Error("connection lost")));
      return socket;
    },
    whileConnected: (work) => Promise.race([work, lost.promise]),
    reset(): void {
      last = rows = undefined;
    },
    lastResult: () => last,
  };
}

/** Cuts the stream into messages. The bodies of rows are not kept: they may be large and are only counted. */
function splitMessages(onMessage: (type: string, body: Uint8Array) => void): (chunk: Buffer) => void {
  const header = new Uint8Array(5);
  let headerLength = 0;
  let missing = 0;
  let body: number[] = [];
  return (chunk: Buffer): void => {
    for (let at = 0; at < chunk.length;) {
      if (headerLength < 5) {
        header[headerLength++] = chunk[at++] ?? 0;
        if (headerLength < 5) continue;
        missing = new DataView(header.buffer).getUint32(1) - 4;
      }
      const type = String.fromCharCode(header[0] ?? 0);
      const part = chunk.subarray(at, at + missing);
      if (type === "C") body.push(...part);
      at += part.length;
      missing -= part.length;
      if (missing > 0) continue;
      onMessage(type, Uint8Array.from(body));
      headerLength = 0;
      body = [];
    }
  };
}
