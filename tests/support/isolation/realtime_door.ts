/**
 * Realtime as somebody meets it who writes the frames by hand: joins with any token, listens to everything.
 *
 * @module
 */
import type { TestPlatform } from "@/tests/support/platform.ts";

/** An open socket. */
export interface RealtimeDoor extends AsyncDisposable {
  /** Everything it was ever told, as text. */
  readonly heard: string[];
  /** Joins a channel; answers the reply, empty when none comes. */
  join(topic: string, config: Record<string, unknown>, token?: string): Promise<string>;
  /** Sends a frame `[join_ref, ref, topic, event, payload]` and waits for no answer. */
  send(topic: string, event: string, payload: unknown): void;
}

/** Longest that an answer is waited for. */
const PATIENCE_MS = 5_000;

/** Opens a socket with the publishable key. */
export async function openDoorToRealtime(platform: Pick<TestPlatform, "url" | "publishable">): Promise<RealtimeDoor> {
  const url = `${platform.url}/realtime/v1/websocket?apikey=${platform.publishable}&vsn=2.0.0`;
  const socket = new WebSocket(url.replace("http", "ws"));
  socket.binaryType = "arraybuffer";
  const heard: string[] = [];
  socket.onmessage = ({ data }): void =>
    void heard.push(typeof data === "string" ? data : new TextDecoder().decode(data));
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  let frames = 0;
  const send = (topic: string, event: string, payload: unknown): string => {
    const ref = String(++frames);
    socket.send(JSON.stringify([ref, ref, `realtime:${topic}`, event, payload]));
    return ref;
  };
  return {
    heard,
    send,
    async join(topic, config, token): Promise<string> {
      const ref = send(topic, "phx_join", { config: { presence: { enabled: false }, ...config }, access_token: token });
      const isReply = (frame: string): boolean =>
        frame.startsWith(`["${ref}","${ref}",`) && frame.includes('"phx_reply"');
      const deadline = performance.now() + PATIENCE_MS;
      while (!heard.some(isReply) && performance.now() < deadline && socket.readyState === WebSocket.OPEN) {
        await new Promise((resume) => setTimeout(resume, 2));
      }
      return heard.find(isReply) ?? "";
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        if (socket.readyState === WebSocket.CLOSED) return resolve();
        socket.onclose = (): void => resolve();
        socket.close();
      }),
  };
}
