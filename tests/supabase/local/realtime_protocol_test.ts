import { expect } from "expect";
import fc from "fast-check";
import { parseExactly } from "@/supabase/local/realtime/exact_json.ts";
import { decodeMessage, encodeBroadcast, encodeMessage, protocolVersion } from "@/supabase/local/realtime/protocol.ts";

/** As realtime-js 2.119.1 writes it, byte for byte. */
function userBroadcastPush(payload: Uint8Array, encoding: number, meta = ""): Uint8Array<ArrayBuffer> {
  const fields = ["7", "12", "realtime:lobby", "möve", meta].map((text) => new TextEncoder().encode(text));
  return Uint8Array.from([
    3,
    ...fields.map((field) => field.length),
    encoding,
    ...fields.flatMap((f) => [...f]),
    ...payload,
  ]);
}

Deno.test("parseExactly() keeps every digit of every number", () => {
  for (
    const text of ["9007199254740993", '{"a":[1.0,-0,1e400,123456789012345678901234567890]}', '{"__proto__":1}', "[]"]
  ) {
    expect(JSON.stringify(parseExactly(text))).toBe(text);
  }
});

Deno.test("protocolVersion() takes an absent version for 1.0.0 and knows no third", () => {
  expect([null, "1.0.0", "2.0.0", "3.0.0", ""].map(protocolVersion)).toEqual(["1.0.0", "1.0.0", "2.0.0", null, null]);
});

Deno.test("decodeMessage() reads both versions' text frames", () => {
  const message = { joinRef: "1", ref: "2", topic: "realtime:a", event: "phx_join", payload: { config: {} } };
  expect(decodeMessage("2.0.0", '["1","2","realtime:a","phx_join",{"config":{}}]')).toEqual(message);
  const object = '{"topic":"realtime:a","event":"phx_join","payload":{"config":{}},"ref":"2","join_ref":"1"}';
  expect(decodeMessage("1.0.0", object)).toEqual(message);
  expect(decodeMessage("2.0.0", '[null,7,"phoenix","heartbeat",null]')).toEqual({
    joinRef: null,
    ref: "7",
    topic: "phoenix",
    event: "heartbeat",
    payload: {},
  });
});

Deno.test("decodeMessage() keeps the digits of a broadcast", () => {
  const frame = '["1","2","realtime:a","broadcast",{"type":"broadcast","event":"e","payload":{"n":9007199254740993}}]';
  expect(decodeMessage("2.0.0", frame).broadcast).toEqual({ event: "e", payload: '{"n":9007199254740993}' });
});

Deno.test("decodeMessage() reads a binary frame's fields by their bytes", () => {
  const json = new TextEncoder().encode('{"x": 1.0}');
  expect(decodeMessage("2.0.0", userBroadcastPush(json, 1, '{"persist":true}').buffer)).toEqual({
    joinRef: "7",
    ref: "12",
    topic: "realtime:lobby",
    event: "broadcast",
    payload: {},
    broadcast: { event: "möve", payload: '{"x": 1.0}' },
  });
  const bytes = Uint8Array.of(0, 255);
  expect(decodeMessage("2.0.0", userBroadcastPush(bytes, 0).buffer).broadcast).toEqual({
    event: "möve",
    payload: bytes,
  });
});

Deno.test("decodeMessage() throws on what is no frame, and on nothing else", () => {
  const wrong = ["", "{}", "[]", "null", "7", '["1","2",3,"e",{}]', '{"topic":"a"}', "[[[", '"x"'];
  for (const frame of wrong) {
    expect(() => decodeMessage("2.0.0", frame)).toThrow();
    expect(() => decodeMessage("1.0.0", frame)).toThrow();
  }
  const whole = userBroadcastPush(new TextEncoder().encode("{}"), 1);
  for (let length = 0; length < whole.length; length++) {
    expect(() => decodeMessage("2.0.0", whole.slice(0, length).buffer)).toThrow();
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
    try {
      decodeMessage("2.0.0", new Uint8Array(bytes).buffer);
    } catch (error) {
      expect(error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError).toBe(true);
    }
  }));
});

Deno.test("encodeMessage() splices the payload in as it is", () => {
  const message = { joinRef: null, ref: "1", topic: 'a"b', event: "e", payload: '{"n": 9007199254740993}' };
  expect(encodeMessage("2.0.0", message)).toBe('[null,"1","a\\"b","e",{"n": 9007199254740993}]');
  expect(encodeMessage("1.0.0", message)).toBe(
    '{"topic":"a\\"b","event":"e","payload":{"n": 9007199254740993},"ref":"1"}',
  );
});

Deno.test("encodeBroadcast() writes binary frames in 2.0.0 and objects in 1.0.0", () => {
  const broadcast = { event: "é", payload: '{"n": 1.0}', meta: '{"id":"x"}' };
  const frame = encodeBroadcast("2.0.0", "realtime:a", broadcast);
  expect(frame).toBeInstanceOf(Uint8Array);
  expect([...(frame as Uint8Array).subarray(0, 5)]).toEqual([4, 10, 2, 10, 1]);
  expect(new TextDecoder().decode((frame as Uint8Array).subarray(5))).toBe('realtime:aé{"id":"x"}{"n": 1.0}');
  expect(encodeBroadcast("1.0.0", "realtime:a", broadcast)).toBe(
    '{"topic":"realtime:a","event":"broadcast",' +
      '"payload":{"event":"é","payload":{"n": 1.0},"type":"broadcast","meta":{"id":"x"}},"ref":null}',
  );
});

Deno.test("encodeBroadcast() falls back to text for a topic of more than 255 bytes, and gives up on bytes in 1.0.0", () => {
  const topic = "é".repeat(128);
  expect(encodeBroadcast("2.0.0", topic, { event: "e", payload: "{}" })).toBe(
    `[null,null,"${topic}","broadcast",{"event":"e","payload":{},"type":"broadcast"}]`,
  );
  expect(encodeBroadcast("1.0.0", "t", { event: "e", payload: Uint8Array.of(1) })).toBeNull();
});
