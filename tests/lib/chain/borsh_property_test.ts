import { expect } from "expect";
import { type FieldLayout, readFields } from "@/lib/chain/borsh.ts";
import { compileProgram, discriminatorKey } from "@/lib/chain/program.ts";
import { type Field, idlType, randomFields, sampleFields } from "@/tests/support/borsh_encoder.ts";
import { anchorDiscriminator } from "@/tests/support/idl_format.ts";
import { key } from "@/tests/support/raw_delivery.ts";
import { chosenSeed, generator } from "@/tests/support/seeded.ts";

const CASES = 200;
const VALUES = 5;
const DISCRIMINATOR = anchorDiscriminator("event:Paused");

/** An IDL, in either format, with one event of these fields behind `is_paused`, and its mapping. */
function programOf(fields: readonly Field[], format: "new" | "old"): ReturnType<typeof compileProgram> {
  const types: unknown[] = [];
  const all = [
    { name: "is_paused", type: "bool" },
    ...fields.map(({ name, type }) => ({ name, type: idlType(type, format, types) })),
  ];
  const idl = format === "new"
    ? {
      ...{ address: key("program"), instructions: [], events: [{ name: "Paused", discriminator: DISCRIMINATOR }] },
      types: [{ name: "Paused", type: { kind: "struct", fields: all } }, ...types],
    }
    : { ...{ name: "vault", version: "0.1.0", instructions: [] }, events: [{ name: "Paused", fields: all }], types };
  const mapping = { events: { Paused: { effect: "pause", fields: { paused: "is_paused" } } }, instructions: {} };
  return compileProgram(key("program"), idl, mapping);
}

function refuses(fields: FieldLayout, bytes: Uint8Array): boolean {
  try {
    readFields(fields, bytes, 8);
    return false;
  } catch (error) {
    if (error instanceof RangeError) return true;
    throw error;
  }
}

Deno.test("random events of random IDLs, in both formats, are read to the byte, and refused with a byte more or less", () => {
  const seed = chosenSeed();
  const random = generator(seed);
  const refused = { shorter: 0, longer: 0 };
  for (let i = 0; i < CASES; i++) {
    const fields = randomFields(random, "T", 3, 0);
    const schemas = (["new", "old"] as const).map((format) =>
      programOf(fields, format).events.get(discriminatorKey(DISCRIMINATOR))
    );
    for (let j = 0; j < VALUES; j++) {
      const values = sampleFields(fields, random);
      const bytes = Uint8Array.of(...DISCRIMINATOR, 1, ...values.bytes);
      const expected = { is_paused: true, ...Object.fromEntries(values.entries("")) };
      for (const schema of schemas) {
        if (!schema) throw new Error(`seed ${seed}: the event has no schema`);
        const where = `seed ${seed}, case ${i}.${j}: ${JSON.stringify(schema.fields)}`;
        expect([where, readFields(schema.fields, bytes, 8)]).toEqual([where, expected]);
        for (let length = 8; length < bytes.length; length++) {
          expect([where, refuses(schema.fields, bytes.subarray(0, length))]).toEqual([where, true]);
          refused.shorter++;
        }
        for (const more of [0, 1, 255]) {
          expect([where, refuses(schema.fields, Uint8Array.of(...bytes, more))]).toEqual([where, true]);
          refused.longer++;
        }
      }
    }
  }
  expect(refused.shorter).toBeGreaterThan(CASES);
});

Deno.test("random bytes never make the reader do more than read or refuse them", () => {
  const seed = chosenSeed();
  const random = generator(seed);
  let read = 0;
  for (let i = 0; i < CASES; i++) {
    const schema = programOf(randomFields(random, "T", 4, 1), "new").events.get(discriminatorKey(DISCRIMINATOR));
    for (let j = 0; j < 50; j++) {
      const bytes = Uint8Array.from(
        { length: Math.floor(random() * 80) },
        () => random() < 0.7 ? Math.floor(random() * 2) : Math.floor(random() * 256),
      );
      try {
        readFields(schema?.fields ?? [], bytes, 0);
        read++;
      } catch (error) {
        if (!(error instanceof RangeError)) throw new Error(`seed ${seed}, case ${i}.${j}`, { cause: error });
      }
    }
  }
  expect(read).toBeGreaterThan(0);
});
