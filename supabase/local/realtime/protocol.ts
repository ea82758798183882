/**
 * The frames of Realtime's WebSocket protocol, versions 1.0.0 (JSON objects) and 2.0.0 (JSON arrays, and binary frames
 * for what users broadcast). Pure.
 *
 * @module
 */
import { asObject, isObject, parseExactly } from "./exact_json.ts";

export type ProtocolVersion = "1.0.0" | "2.0.0";

/** What one side broadcasts to the other members of a channel. */
export interface Broadcast {
  readonly event: string;
  /** JSON text, passed on to the letter; or bytes, which version 1.0.0 cannot carry. */
  readonly payload: string | Uint8Array;
  /** JSON text: `{"id":…}` of a message that came from the database. */
  readonly meta?: string;
}

/** A frame from a client. */
export interface ClientMessage {
  readonly joinRef: string | null;
  readonly ref: string | null;
  readonly topic: string;
  readonly event: string;
  /** Numbers that JavaScript would round are opaque: see `parseExactly()`. Empty for a binary frame. */
  readonly payload: Record<string, unknown>;
  /** Set when the event is `broadcast`. */
  readonly broadcast?: Broadcast;
}

/** A frame to a client. */
export interface ServerMessage {
  readonly joinRef: string | null;
  readonly ref: string | null;
  readonly topic: string;
  readonly event: string;
  /** JSON text. */
  readonly payload: string;
}

/** First byte of a binary frame. */
const USER_BROADCAST_PUSH = 3;
const USER_BROADCAST = 4;
/** How a binary frame's payload is encoded. */
const BINARY = 0;
const JSON_TEXT = 1;
/** Sizes in a binary frame's header are one byte each. */
const HEADER_FIELD_BYTES_MAX = 255;

/** The version that `vsn` asks for; 1.0.0 when it is absent, null when there is no such version. */
export function protocolVersion(vsn: string | null): ProtocolVersion | null {
  if (vsn === null || vsn === "1.0.0") return "1.0.0";
  return vsn === "2.0.0" ? vsn : null;
}

/**
 * Reads a client's frame.
 *
 * @throws {SyntaxError | TypeError | RangeError} when it is none.
 */
export function decodeMessage(version: ProtocolVersion, frame: string | ArrayBuffer): ClientMessage {
  if (typeof frame !== "string") return decodeUserBroadcastPush(new Uint8Array(frame));
  const parsed = parseExactly(frame);
  if (version === "2.0.0") {
    if (!Array.isArray(parsed)) throw new TypeError("Cannot read frame: version 2.0.0 frames are arrays");
    const [joinRef, ref, topic, event, payload] = parsed;
    return toClientMessage(joinRef, ref, topic, event, payload);
  }
  if (!isObject(parsed)) throw new TypeError("Cannot read frame: version 1.0.0 frames are objects");
  return toClientMessage(parsed.join_ref, parsed.ref, parsed.topic, parsed.event, parsed.payload);
}

/** Writes a frame, splicing the payload's text in as it is. */
export function encodeMessage(version: ProtocolVersion, message: ServerMessage): string {
  const { joinRef, ref, topic, event, payload } = message;
  const [topicJson, eventJson] = [JSON.stringify(topic), JSON.stringify(event)];
  return version === "2.0.0"
    ? `[${JSON.stringify(joinRef)},${JSON.stringify(ref)},${topicJson},${eventJson},${payload}]`
    : `{"topic":${topicJson},"event":${eventJson},"payload":${payload},"ref":${JSON.stringify(ref)}}`;
}

/** Writes a broadcast as this version has it; null when it cannot carry it: bytes in version 1.0.0. */
export function encodeBroadcast(
  version: ProtocolVersion,
  topic: string,
  broadcast: Broadcast,
): string | Uint8Array<ArrayBuffer> | null {
  const { event, payload, meta } = broadcast;
  if (version === "2.0.0") {
    const frame = encodeUserBroadcast(topic, broadcast);
    if (frame) return frame;
  }
  if (typeof payload !== "string") return null;
  const metaPart = meta === undefined ? "" : `,"meta":${meta}`;
  return encodeMessage(version, {
    joinRef: null,
    ref: null,
    topic,
    event: "broadcast",
    payload: `{"event":${JSON.stringify(event)},"payload":${payload},"type":"broadcast"${metaPart}}`,
  });
}

function toClientMessage(
  joinRef: unknown,
  ref: unknown,
  topic: unknown,
  event: unknown,
  payload: unknown,
): ClientMessage {
  if (typeof topic !== "string" || typeof event !== "string") {
    throw new TypeError("Cannot read frame: topic and event must be strings");
  }
  const message = { joinRef: toRef(joinRef), ref: toRef(ref), topic, event, payload: asObject(payload) };
  if (event !== "broadcast") return message;
  const { event: userEvent, payload: userPayload } = message.payload;
  return {
    ...message,
    broadcast: {
      event: typeof userEvent === "string" ? userEvent : "",
      payload: JSON.stringify(userPayload ?? {}),
    },
  };
}

/** Refs are strings; other Phoenix clients count them. */
function toRef(ref: unknown): string | null {
  if (typeof ref === "string") return ref;
  return typeof ref === "number" ? String(ref) : null;
}

/** kind, five sizes, encoding, then: join ref, ref, topic, event, metadata, payload. */
function decodeUserBroadcastPush(frame: Uint8Array): ClientMessage {
  const [kind, joinRefBytes = 0, refBytes = 0, topicBytes = 0, eventBytes = 0, metaBytes = 0, encoding] = frame;
  if (kind !== USER_BROADCAST_PUSH || encoding === undefined) {
    throw new TypeError(`Cannot read frame: binary frames must be of kind ${USER_BROADCAST_PUSH}: it is ${kind}`);
  }
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let offset = 7;
  const take = (bytes: number): string => {
    if (offset + bytes > frame.length) throw new RangeError("Cannot read frame: it ends before its header says");
    return decoder.decode(frame.subarray(offset, offset += bytes));
  };
  const joinRef = take(joinRefBytes) || null;
  const ref = take(refBytes) || null;
  const topic = take(topicBytes);
  const event = take(eventBytes);
  take(metaBytes);
  const rest = frame.slice(offset);
  const payload = encoding === BINARY ? rest : decoder.decode(rest);
  // It will be spliced into other members' frames, so it must be JSON indeed.
  if (typeof payload === "string") JSON.parse(payload);
  return { joinRef, ref, topic, event: "broadcast", payload: {}, broadcast: { event, payload } };
}

/** kind, three sizes, encoding, then: topic, event, metadata, payload. Null when a size does not fit into its byte. */
function encodeUserBroadcast(topic: string, broadcast: Broadcast): Uint8Array<ArrayBuffer> | null {
  const encoder = new TextEncoder();
  const header = [topic, broadcast.event, broadcast.meta ?? ""].map((text) => encoder.encode(text));
  if (header.some((field) => field.length > HEADER_FIELD_BYTES_MAX)) return null;
  const isText = typeof broadcast.payload === "string";
  const payload = isText ? encoder.encode(broadcast.payload) : broadcast.payload;
  const parts = [
    Uint8Array.of(USER_BROADCAST, ...header.map((field) => field.length), isText ? JSON_TEXT : BINARY),
    ...header,
    payload,
  ];
  const frame = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    frame.set(part, offset);
    offset += part.length;
  }
  return frame;
}
