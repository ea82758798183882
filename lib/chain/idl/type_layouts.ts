/**
 * From the types of an IDL to layouts, in either spelling: `publicKey` and `pubkey`, `{"defined": "Name"}` and `{"defined": {"name": "Name"}}`.
 *
 * @module
 */
import { fieldBytes, type FieldLayout, INTEGERS, type Layout, layoutBytes, type Variant } from "../borsh.ts";
import { arrayAt, countAt, type JsonObject, objectAt, stringAt } from "../fields.ts";
import { refuse, refuseTwice } from "./invalid_idl.ts";

/** Solana's largest account, in bytes: nothing that is read is larger. */
const BYTES_MAX = 10 * 1024 * 1024;
/** How deep types may stand within types: so deep that nobody writes it, and far from the end of the call stack. */
const DEPTH_MAX = 32;
/** A variant is told by one byte. */
const VARIANTS_MAX = 256;

const PLAIN: ReadonlyMap<string, Layout> = new Map<string, Layout>([
  ...([...Object.keys(INTEGERS), "f32", "f64", "bool", "pubkey", "string", "bytes"] as "u8"[])
    .map((type): [string, Layout] => [type, { type }]),
  ["publicKey", { type: "pubkey" }],
]);

/** What Anchor knows beside, and nobody puts into an event of a vault. */
const FOREIGN = ["generic", "hashMap", "hashSet", "bTreeMap", "bTreeSet", "coption", "tuple"];

const NAME = /^(?!__)[A-Za-z_]\w{0,127}$/;
const PATH_NAME = /^[A-Za-z_][\w:]{0,255}$/;

/** A name that can stand in a path. @throws {VaultbookError} invalid_idl @throws {Malformed} */
export function nameAt(value: unknown, path: string): string {
  const name = stringAt(value, path);
  if (!NAME.test(name)) refuse(path, `must be a name: current value is ${JSON.stringify(name.slice(0, 80))}`);
  return name;
}

/** As {@link nameAt}, also with the modules before it, which Anchor writes where two types have one name. */
export function typeNameAt(value: unknown, path: string): string {
  const name = stringAt(value, path);
  if (!PATH_NAME.test(name) || name.startsWith("__")) {
    refuse(path, `must be a name: current value is ${JSON.stringify(name.slice(0, 80))}`);
  }
  return name;
}

/** The layouts of an IDL's types. Each is made once, when it is first asked for. */
export class TypeLayouts {
  readonly #definitions: ReadonlyMap<string, { readonly value: JsonObject; readonly path: string }>;
  readonly #layouts = new Map<string, Layout>();
  /** Those that are being made: one that is met again holds itself. */
  readonly #open: string[] = [];

  /** @throws {VaultbookError} invalid_idl for two types of one name. @throws {Malformed} */
  constructor(sections: readonly { readonly value: unknown; readonly path: string }[]) {
    const definitions = sections.flatMap(({ value, path }) =>
      arrayAt(value, path).map((entry, i) => {
        const definition = objectAt(entry, `${path}[${i}]`);
        const name = typeNameAt(definition.name, `${path}[${i}].name`);
        return { name, value: definition, path: `${path}[${i}]` };
      })
    );
    refuseTwice(definitions, ({ name }) => name, ({ path }) => `${path}.name`);
    this.#definitions = new Map(definitions.map(({ name, value, path }) => [name, { value, path }]));
  }

  /** Makes all of them, so that what is wrong shows whether it is used or not. */
  checkAll(): void {
    for (const name of this.#definitions.keys()) this.named(name, name);
  }

  /** The layout of a named type. @throws {VaultbookError} invalid_idl */
  named(name: string, path: string): Layout {
    const known = this.#layouts.get(name);
    if (known) return known;
    const definition = this.#definitions.get(name) ?? refuse(path, `must be a type of the IDL: ${name} is none`);
    const inside = this.#open.indexOf(name);
    if (inside >= 0) {
      refuse(definition.path, `must not hold itself: ${[...this.#open.slice(inside), name].join(" in ")}`);
    }
    this.#open.push(name);
    const layout = this.#definition(definition.value, definition.path);
    this.#open.pop();
    this.#layouts.set(name, layout);
    return layout;
  }

  /** The layouts of fields: named ones, or those of a tuple, which are named by their place. @throws {VaultbookError} invalid_idl */
  fields(value: unknown, path: string, depth: number = 0): FieldLayout {
    const fields = arrayAt(value, path).map((entry, i) => {
      const at = `${path}[${i}]`;
      if (typeof entry === "string" || !("name" in objectAt(entry, at))) {
        return { name: String(i), layout: this.#within(entry, at, depth) };
      }
      const { name, type } = objectAt(entry, at);
      return { name: nameAt(name, `${at}.name`), layout: this.#within(type, `${at}.type`, depth) };
    });
    refuseTwice(fields, ({ name }) => name, (_, i) => `${path}[${i}].name`);
    if (fieldBytes(fields).least > BYTES_MAX) refuse(path, `must be at most ${BYTES_MAX} bytes: no account holds more`);
    return fields;
  }

  #definition(value: JsonObject, path: string): Layout {
    if (Array.isArray(value.generics) && value.generics.length > 0) return opaque("a generic type");
    if (value.serialization !== undefined && value.serialization !== "borsh") {
      return opaque("a type that is not serialized by borsh");
    }
    const type = objectAt(value.type, `${path}.type`);
    const kind = stringAt(type.kind, `${path}.type.kind`);
    switch (kind) {
      case "struct":
        return { type: "struct", fields: this.fields(type.fields ?? [], `${path}.type.fields`, this.#open.length) };
      case "enum":
        return this.#enumeration(type.variants, `${path}.type.variants`);
      case "type":
      case "alias":
        return this.#layout(type.alias ?? type.value, `${path}.type.alias`, this.#open.length);
      default:
        return refuse(`${path}.type.kind`, `must be struct, enum or type: current value is ${kind.slice(0, 80)}`);
    }
  }

  #enumeration(value: unknown, path: string): Layout {
    const variants = arrayAt(value, path).map((entry, i): Variant => {
      const variant = objectAt(entry, `${path}[${i}]`);
      return {
        name: nameAt(variant.name, `${path}[${i}].name`),
        fields: this.fields(variant.fields ?? [], `${path}[${i}].fields`, this.#open.length),
      };
    });
    if (variants.length < 1 || variants.length > VARIANTS_MAX) {
      refuse(path, `must have from 1 to ${VARIANTS_MAX} variants: current length is ${variants.length}`);
    }
    refuseTwice(variants, ({ name }) => name, (_, i) => `${path}[${i}].name`);
    return { type: "enum", variants };
  }

  /** A layout within another one: it takes at least a byte. */
  #within(value: unknown, path: string, depth: number): Layout {
    const layout = this.#layout(value, path, depth + 1);
    return layoutBytes(layout).least === 0 ? opaque("a type without bytes") : layout;
  }

  #layout(value: unknown, path: string, depth: number): Layout {
    if (depth > DEPTH_MAX) refuse(path, `must not stand deeper than ${DEPTH_MAX} types within each other`);
    if (typeof value === "string") {
      return PLAIN.get(value) ?? refuse(path, `must be a type: current value is ${JSON.stringify(value.slice(0, 80))}`);
    }
    const type = objectAt(value, path);
    const [kind = "", ...others] = Object.keys(type);
    if (others.length > 0) refuse(path, `must be one type: current value names ${kind} and ${others.join(", ")}`);
    switch (kind) {
      case "option":
      case "vec":
        return { type: kind, of: this.#within(type[kind], `${path}.${kind}`, depth) };
      case "array": {
        const [of, length, ...rest] = arrayAt(type.array, `${path}.array`);
        if (rest.length > 0) {
          refuse(`${path}.array`, `must be a type and a length: current value has ${rest.length + 2}`);
        }
        if (typeof length === "object" && length !== null && "generic" in length) return opaque("a generic type");
        return {
          type: "array",
          of: this.#within(of, `${path}.array[0]`, depth),
          length: countAt(length, `${path}.array[1]`, BYTES_MAX),
        };
      }
      case "defined":
        return this.#defined(type.defined, `${path}.defined`);
      default:
        if (FOREIGN.includes(kind)) return opaque(`a ${kind}`);
        return refuse(path, `must be a type: current value is ${JSON.stringify(value)?.slice(0, 80)}`);
    }
  }

  #defined(value: unknown, path: string): Layout {
    if (typeof value === "string") return this.named(typeNameAt(value, path), path);
    const { name, generics } = objectAt(value, path);
    if (Array.isArray(generics) && generics.length > 0) return opaque("a generic type");
    return this.named(typeNameAt(name, `${path}.name`), `${path}.name`);
  }
}

function opaque(what: string): Layout {
  return { type: "opaque", what };
}

/** What in the fields cannot be read, or in what they hold; null where all can. */
export function opaqueIn(fields: FieldLayout): string | null {
  const found = new Set(fields.map(({ layout }) => layout));
  // A set is walked in the order in which it grows, and holds each layout once, however often it is shared.
  for (const layout of found) {
    if (layout.type === "opaque") return layout.what;
    for (const inner of layoutsWithin(layout)) found.add(inner);
  }
  return null;
}

function layoutsWithin(layout: Layout): Layout[] {
  if ("of" in layout) return [layout.of];
  if ("fields" in layout) return layout.fields.map((field) => field.layout);
  if ("variants" in layout) return layout.variants.flatMap(({ fields }) => fields.map((field) => field.layout));
  return [];
}
