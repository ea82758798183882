/**
 * A WebSocket client without a library, for what realtime-js hides: frames as they are on the wire.
 *
 * @module
 */
import { PUBLISHABLE_KEY, type RealtimeFixture, until, type Version } from "./realtime_fixture.ts";

export interface RawClient {
  /** Every frame received, as text; a binary frame is decoded as UTF-8. */
  readonly frames: string[];
  readonly socket: WebSocket;
  send(frame: unknown): void;
  /** Joins a channel and waits for the answer, which it returns. */
  join(topic: string, config?: unknown, token?: string): Promise<string>;
  /** Resolves with the first frame that contains the text. */
  frame(text: string): Promise<string>;
  close(): Promise<void>;
}

export async function openRawClient(fixture: RealtimeFixture, vsn: Version = "2.0.0"): Promise<RawClient> {
  const url = `${fixture.url}/realtime/v1/websocket?apikey=${PUBLISHABLE_KEY}&vsn=${vsn}`;
  const socket = new WebSocket(url.replace("http", "ws"));
  socket.binaryType = "arraybuffer";
  const frames: string[] = [];
  socket.onmessage = ({ data }): void => {
    frames.push(typeof data === "string" ? data : new TextDecoder().decode(data));
  };
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const client: RawClient = {
    frames,
    socket,
    send: (frame) => socket.send(JSON.stringify(frame)),
    async join(topic, config = {}, token): Promise<string> {
      const payload = { config: { presence: { enabled: false }, ...config as object }, access_token: token };
      const full = `realtime:${topic}`;
      client.send(
        vsn === "2.0.0"
          ? ["1", "1", full, "phx_join", payload]
          : { topic: full, event: "phx_join", payload, ref: "1", join_ref: "1" },
      );
      return await client.frame("phx_reply");
    },
    async frame(text): Promise<string> {
      await until(() => frames.some((frame) => frame.includes(text)));
      return frames.find((frame) => frame.includes(text)) ?? "";
    },
    close: () =>
      new Promise((resolve) => {
        if (socket.readyState === WebSocket.CLOSED) return resolve();
        socket.onclose = () => resolve();
        socket.close();
      }),
  };
  return client;
}
