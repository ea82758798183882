/**
 * One client's WebSocket: its frames in, its frames out, its channels.
 *
 * @module
 */
import type { Channel } from "./channel.ts";
import {
  type ClientMessage,
  decodeMessage,
  encodeMessage,
  type ProtocolVersion,
  type ServerMessage,
} from "./protocol.ts";

export interface Connection {
  readonly version: ProtocolVersion;
  /** The API key that the connection was opened with. */
  readonly apiKey: string;
  /** The headers of the request that opened it. */
  readonly headers: Record<string, string>;
  /** The channels joined, by topic. */
  readonly channels: Map<string, Channel>;
  /** Sends a frame, or does nothing when the client is gone. A client that does not read is closed. */
  send(frame: string | Uint8Array<ArrayBuffer>): void;
  push(message: ServerMessage): void;
  reply(to: ClientMessage, status: "ok" | "error", response?: unknown): void;
  isOpen(): boolean;
  /** Runs work after all other work on the topic; work on other topics goes on meanwhile. */
  enqueue(topic: string, work: () => Promise<void>): void;
  close(): void;
}

/** As much as a client may leave unread. */
const UNREAD_BYTES_MAX = 16 * 1024 * 1024;
/** As much as a client may send at once; upstream has the same. */
const FRAME_BYTES_MAX = 5_000_000;
/** Frames that may wait for the database. */
const WAITING_FRAMES_MAX = 1000;

const GOING_AWAY = 1001;
const POLICY_VIOLATION = 1008;
const MESSAGE_TOO_BIG = 1009;

/**
 * Takes over a socket that is connecting or open.
 *
 * @param handlers.onMessage is called for each frame, one after the other for each topic.
 * @param handlers.onClose is called once, when the socket has closed.
 */
export function openConnection(
  socket: WebSocket,
  client: Pick<Connection, "version" | "apiKey" | "headers">,
  handlers: {
    onMessage(connection: Connection, message: ClientMessage): Promise<void>;
    onClose(connection: Connection): void;
    log(line: string): void;
  },
): Connection {
  const queues = new Map<string, Promise<void>>();
  let waitingFrames = 0;
  const isOpen = (): boolean => socket.readyState === WebSocket.OPEN;
  const refuse = (code: number, reason: string): void => {
    handlers.log(`Realtime closes a connection: ${reason}`);
    if (isOpen()) socket.close(code, reason);
  };
  const connection: Connection = {
    ...client,
    channels: new Map(),
    isOpen,
    send(frame): void {
      if (!isOpen()) return;
      socket.send(frame);
      if (socket.bufferedAmount > UNREAD_BYTES_MAX) refuse(POLICY_VIOLATION, "the client does not read");
    },
    push: (message) => connection.send(encodeMessage(client.version, message)),
    reply({ joinRef, ref, topic }, status, response = {}): void {
      const payload = JSON.stringify({ status, response });
      connection.push({ joinRef, ref, topic, event: "phx_reply", payload });
    },
    enqueue(topic, work): void {
      const done = (queues.get(topic) ?? Promise.resolve()).then(work).catch((error) => {
        handlers.log(`UnknownErrorOnChannel: ${error instanceof Error ? error.message : String(error)}`);
      }).finally(() => {
        if (queues.get(topic) === done) queues.delete(topic);
      });
      queues.set(topic, done);
    },
    close: () => socket.close(GOING_AWAY),
  };

  socket.binaryType = "arraybuffer";
  socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>): void => {
    if ((typeof data === "string" ? data.length : data.byteLength) > FRAME_BYTES_MAX) {
      return refuse(MESSAGE_TOO_BIG, "a frame is too large");
    }
    if (waitingFrames >= WAITING_FRAMES_MAX) return refuse(POLICY_VIOLATION, "too many frames at once");
    let message: ClientMessage;
    try {
      message = decodeMessage(client.version, data);
    } catch (error) {
      return handlers.log(`Realtime skips a frame: ${error instanceof Error ? error.message : String(error)}`);
    }
    waitingFrames++;
    connection.enqueue(message.topic, () => handlers.onMessage(connection, message).finally(() => waitingFrames--));
  };
  socket.onclose = (): void => handlers.onClose(connection);
  // A close event follows.
  socket.onerror = (): void => {};
  return connection;
}
