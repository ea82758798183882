/**
 * Broadcasting over HTTP: `POST …/api/broadcast` with several messages, `POST …/api/broadcast/:topic/events/:event` with
 * one.
 *
 * @module
 */
import type { Caller } from "../caller.ts";
import { authorizeWriting } from "./authorization.ts";
import { broadcastToMembers } from "./channel.ts";
import { asObject, isObject, parseExactly } from "./exact_json.ts";
import type { Broadcast } from "./protocol.ts";
import type { RealtimeServer } from "./server.ts";
import { confirmToken } from "./token.ts";

interface OutgoingMessage {
  readonly topic: string;
  readonly isPrivate: boolean;
  readonly broadcast: Broadcast;
}

/** As upstream's default. */
const BODY_BYTES_MAX = 3_000_000;

const BLANK = ["can't be blank"];

/** Answers 202 when the messages are on their way; 401, 403, 404, 405, 413, 415 or 422 with a reason when not. */
export async function broadcastOverHttp(server: RealtimeServer, request: Request): Promise<Response> {
  if (request.method !== "POST") return Response.json({ message: "Method Not Allowed" }, { status: 405 });
  let caller: Caller;
  try {
    caller = (await confirmToken(readToken(request), server.callerOfToken)).caller;
  } catch {
    return Response.json({ message: "Unauthorized" }, { status: 401 });
  }
  const url = new URL(request.url);
  const headers = Object.fromEntries(request.headers);
  const mayWrite = (topic: string): Promise<boolean> =>
    authorizeWriting(server.sql, { topic, caller, headers }, "broadcast", server.log);

  const single = /\/api\/broadcast\/([^/]+)\/events\/([^/]+)$/.exec(url.pathname);
  if (!single) {
    return url.pathname.endsWith("/api/broadcast")
      ? await broadcastBatch(server, request, mayWrite)
      : Response.json({ message: "Not Found" }, { status: 404 });
  }
  const [, topic = "", event = ""] = single.map(decodeURIComponent);
  const payload = await readPayload(request);
  if (payload instanceof Response) return payload;
  const isPrivate = url.searchParams.get("private") === "true";
  if (isPrivate && !await mayWrite(topic)) return Response.json({ message: "Unauthorized" }, { status: 403 });
  send(server, { topic, isPrivate, broadcast: { event, payload } });
  return new Response(null, { status: 202 });
}

/** Messages that the caller may not send are passed over in silence. */
async function broadcastBatch(
  server: RealtimeServer,
  request: Request,
  mayWrite: (topic: string) => Promise<boolean>,
): Promise<Response> {
  const text = await readPayload(request);
  if (typeof text !== "string") return text instanceof Response ? text : new Response(null, { status: 415 });
  const { messages } = asObject(parseExactly(text));
  if (!Array.isArray(messages)) return Response.json({ errors: { messages: BLANK } }, { status: 422 });
  const errors = messages.map(findBlanks);
  if (errors.some((found) => Object.keys(found).length > 0)) {
    return Response.json({ errors: { messages: errors } }, { status: 422 });
  }
  const permitted = new Map<string, boolean>();
  for (const { topic, event, payload, private: isPrivate } of messages) {
    if (isPrivate === true && !permitted.has(topic)) permitted.set(topic, await mayWrite(topic));
    if (isPrivate === true && !permitted.get(topic)) continue;
    send(server, { topic, isPrivate: isPrivate === true, broadcast: { event, payload: JSON.stringify(payload) } });
  }
  return new Response(null, { status: 202 });
}

function findBlanks(message: unknown): Record<string, string[]> {
  const { topic, event, payload } = asObject(message);
  return {
    ...(typeof topic === "string" && topic !== "" ? {} : { topic: BLANK }),
    ...(typeof event === "string" && event !== "" ? {} : { event: BLANK }),
    ...(isObject(payload) ? {} : { payload: BLANK }),
  };
}

/** JSON text, to the letter, or bytes, by the content type; or the answer that says why it is neither. */
async function readPayload(request: Request): Promise<string | Uint8Array | Response> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.length > BODY_BYTES_MAX) {
    return Response.json({ errors: { payload: ["Payload size exceeds tenant limit"] } }, { status: 422 });
  }
  if (type === "application/octet-stream") return bytes;
  if (type !== "application/json") return Response.json({ message: "Unsupported Media Type" }, { status: 415 });
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    JSON.parse(text);
    return text;
  } catch {
    return Response.json({ message: "Bad Request" }, { status: 400 });
  }
}

function readToken(request: Request): string {
  const bearer = /^bearer (.+)$/i.exec(request.headers.get("authorization") ?? "");
  return bearer?.[1] ?? request.headers.get("apikey") ?? "";
}

function send(server: RealtimeServer, { topic, isPrivate, broadcast }: OutgoingMessage): void {
  broadcastToMembers(server.hub.members(topic, isPrivate), broadcast);
}
