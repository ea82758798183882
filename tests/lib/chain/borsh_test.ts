import { expect } from "expect";
import { fieldBytes, type FieldLayout, type Layout, readFields } from "@/lib/chain/borsh.ts";

/** One field `x` of this layout. */
function field(layout: Layout): FieldLayout {
  return [{ name: "x", layout }];
}

/** What the bytes are as one field `x`; or why they are none. */
function read(layout: Layout, ...bytes: number[]): unknown {
  try {
    const values = readFields(field(layout), Uint8Array.from(bytes), 0);
    return Object.keys(values).length === 1 && "x" in values ? values.x : values;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

const u16: Layout = { type: "u16" };
const inner: Layout = { type: "struct", fields: [{ name: "a", layout: u16 }, { name: "b", layout: { type: "bool" } }] };
const reason: Layout = {
  type: "enum",
  variants: [{ name: "Plain", fields: [] }, { name: "Other", fields: [{ name: "code", layout: u16 }] }],
};

Deno.test("readFields() reads integers of every width to the last bit", () => {
  const full = (bytes: number): number[] => Array(bytes).fill(255);
  for (const bits of [8, 16, 32, 64, 128, 256]) {
    const last = [...Array(bits / 8 - 1).fill(0), 128];
    expect([bits, read({ type: `u${bits}` as "u8" }, ...full(bits / 8))]).toEqual([bits, 2n ** BigInt(bits) - 1n]);
    expect([bits, read({ type: `i${bits}` as "i8" }, ...full(bits / 8))]).toEqual([bits, -1n]);
    expect([bits, read({ type: `i${bits}` as "i8" }, ...last)]).toEqual([bits, -(2n ** BigInt(bits - 1))]);
    expect([bits, read({ type: `u${bits}` as "u8" }, ...last)]).toEqual([bits, 2n ** BigInt(bits - 1)]);
  }
  expect(read({ type: "u32" }, 1, 2, 3, 4)).toBe(0x04030201n);
  expect(read({ type: "i64" }, 1, 0, 0, 0, 0, 0, 0, 0)).toBe(1n);
});

Deno.test("readFields() reads what is no integer", () => {
  expect(read({ type: "f32" }, 0, 0, 192, 63)).toBe(1.5);
  expect(read({ type: "f64" }, 0, 0, 0, 0, 0, 0, 248, 191)).toBe(-1.5);
  expect([read({ type: "bool" }, 0), read({ type: "bool" }, 1)]).toEqual([false, true]);
  expect(read({ type: "bool" }, 2)).toBe("x must be 0 or 1: current value is 2");
  expect(read({ type: "pubkey" }, ...Array(32).fill(0))).toBe("1".repeat(32));
  expect(read({ type: "string" }, 5, 0, 0, 0, 0xef, 0xbb, 0xbf, 0xc3, 0xa9)).toBe("\ufeffé");
  expect(read({ type: "string" }, 1, 0, 0, 0, 0xff)).toBe("x must be UTF-8");
  expect(read({ type: "bytes" }, 2, 0, 0, 0, 7, 255)).toEqual(Uint8Array.of(7, 255));
});

Deno.test("readFields() reads options, and knows a wrong tag", () => {
  const layout: Layout = { type: "option", of: u16 };
  expect(read(layout, 0)).toEqual({});
  expect(read(layout, 1, 5, 0)).toBe(5n);
  expect(read(layout, 2)).toBe("x must be 0 or 1: current value is 2");
  expect(read(layout, 1, 5)).toBe(
    "must be from 1 to 3 bytes behind the discriminator, none missing and none left over: current length is 2",
  );
  expect(read({ type: "option", of: inner }, 1, 5, 0, 1)).toEqual({ "x.a": 5n, "x.b": true });
});

Deno.test("readFields() lays nested structs and the fields of variants beside what holds them", () => {
  expect(read(inner, 5, 0, 1)).toEqual({ "x.a": 5n, "x.b": true });
  expect(read(reason, 0)).toBe("Plain");
  expect(read(reason, 1, 5, 0)).toEqual({ x: "Other", "x.code": 5n });
  expect(read(reason, 2)).toBe("x must be below 2: current value is 2");
});

Deno.test("readFields() reads lists of anything", () => {
  expect(read({ type: "vec", of: u16 }, 2, 0, 0, 0, 1, 0, 2, 0)).toEqual([1n, 2n]);
  expect(read({ type: "vec", of: u16 }, 0, 0, 0, 0)).toEqual([]);
  expect(read({ type: "vec", of: { type: "u8" } }, 2, 0, 0, 0, 1, 2)).toEqual(Uint8Array.of(1, 2));
  expect(read({ type: "vec", of: { type: "i8" } }, 1, 0, 0, 0, 255)).toEqual([-1n]);
  expect(read({ type: "vec", of: inner }, 1, 0, 0, 0, 5, 0, 1)).toEqual([{ a: 5n, b: true }]);
  expect(read({ type: "vec", of: { type: "option", of: u16 } }, 2, 0, 0, 0, 0, 1, 5, 0)).toEqual([null, 5n]);
  expect(read({ type: "vec", of: reason }, 2, 0, 0, 0, 0, 1, 5, 0)).toEqual(["Plain", { "": "Other", code: 5n }]);
  expect(read({ type: "array", of: u16, length: 2 }, 1, 0, 2, 0)).toEqual([1n, 2n]);
  expect(read({ type: "array", of: { type: "u8" }, length: 2 }, 1, 2)).toEqual(Uint8Array.of(1, 2));
  expect(read({ type: "array", of: { type: "vec", of: u16 }, length: 1 }, 1, 0, 0, 0, 3, 0)).toEqual([[3n]]);
});

Deno.test("readFields() gives bytes of their own, which change with nothing", () => {
  const bytes = Uint8Array.of(1, 0, 0, 0, 7);
  const { x } = readFields(field({ type: "bytes" }), bytes, 0);
  bytes[4] = 8;
  expect(x).toEqual(Uint8Array.of(7));
});

Deno.test("readFields() makes no room for a list that cannot be there", () => {
  const huge = [255, 255, 255, 255];
  for (const item of [u16, inner, { type: "pubkey" }, { type: "string" }] as Layout[]) {
    expect(read({ type: "vec", of: item }, ...huge, 1, 2)).toBe(
      "x must fit into the 2 bytes that are left: current length is 4294967295",
    );
  }
  expect(read({ type: "bytes" }, ...huge)).toMatch("must fit into the 0 bytes");
  expect(read({ type: "string" }, ...huge)).toMatch("must fit into the 0 bytes");
  expect(read({ type: "vec", of: u16 }, 2, 0, 0, 0, 1, 0, 2)).toMatch("must fit into the 3 bytes that are left");
  expect(read({ type: "array", of: u16, length: 2 ** 32 }, 1)).toMatch("must be 8589934592 bytes");
  expect(read({ type: "array", of: { type: "vec", of: u16 }, length: 2 ** 32 }, 1)).toMatch(
    "must be at least 17179869184 bytes",
  );
});

Deno.test("readFields() says how many bytes there must be", () => {
  expect(read(u16, 1)).toBe("must be 2 bytes behind the discriminator: current length is 1");
  expect(read(u16, 1, 2, 3)).toBe("must be 2 bytes behind the discriminator: current length is 3");
  expect(read({ type: "string" }, 1)).toBe("must be at least 4 bytes behind the discriminator: current length is 1");
  expect(read({ type: "string" }, 0, 0, 0, 0, 9)).toBe(
    "must be at least 4 bytes behind the discriminator, none missing and none left over: current length is 5",
  );
  expect(read(reason, 0, 1, 1, 1)).toBe("must be from 1 to 3 bytes behind the discriminator: current length is 4");
});

Deno.test("readFields() lets anything follow where an account has room, and takes nothing of it", () => {
  const fields = field(u16);
  expect(readFields(fields, Uint8Array.of(9, 1, 0, 0, 7), 1, "anything")).toEqual({ x: 1n });
  expect(readFields(fields, Uint8Array.of(9, 1, 0), 1, "anything")).toEqual({ x: 1n });
  expect(() => readFields(fields, Uint8Array.of(9, 1, 0, 0), 1)).toThrow(RangeError);
  expect(() => readFields(fields, Uint8Array.of(9, 1), 1, "anything")).toThrow(RangeError);
});

Deno.test("readFields() reads a part of a larger buffer", () => {
  const buffer = Uint8Array.of(9, 9, 5, 0, 7);
  expect(readFields(field(u16), buffer.subarray(2, 4), 0)).toEqual({ x: 5n });
});

Deno.test("readFields() refuses what cannot be read by a layout", () => {
  expect(read({ type: "opaque", what: "a hashMap" }, 1)).toBe("x must not be read: it is a hashMap");
});

Deno.test("fieldBytes() knows the fewest and the most bytes of every layout", () => {
  const range = (layout: Layout): [number, number] => {
    const { least, most } = fieldBytes([{ name: "a", layout }, { name: "b", layout: { type: "bool" } }]);
    return [least - 1, most - 1];
  };
  expect(range({ type: "pubkey" })).toEqual([32, 32]);
  expect(range({ type: "option", of: inner })).toEqual([1, 4]);
  expect(range({ type: "vec", of: u16 })).toEqual([4, Infinity]);
  expect(range({ type: "string" })).toEqual([4, Infinity]);
  expect(range({ type: "bytes" })).toEqual([4, Infinity]);
  expect(range({ type: "array", of: { type: "option", of: u16 }, length: 3 })).toEqual([3, 9]);
  expect(range(reason)).toEqual([1, 3]);
  expect(range({ type: "f32" })).toEqual([4, 4]);
  expect(range({ type: "f64" })).toEqual([8, 8]);
  expect(range({ type: "opaque", what: "a tuple" })).toEqual([1, Infinity]);
});
