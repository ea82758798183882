/**
 * Values for parameters and bodies: as a JSON schema has them, at its edges, and what nobody should send.
 *
 * @module
 */
import type { Dice } from "@/tests/support/model/dice.ts";

/** A JSON schema, as far as OpenAPI documents go; references within it are resolved by `resolve`. */
export type Schema = Readonly<Record<string, unknown>>;

/** What breaks those who parse by hand, compare by sight, or hand text on to SQL, a shell or a header. */
const NASTY: readonly string[] = [
  ...[
    "",
    " ",
    "\t",
    "\0",
    "a\0b",
    "\ud800",
    "\udfff\ud800",
    "\ufeff",
    "\u202e",
    "ＡＢＣ",
    "１２",
    "١٢",
    "💣",
    "ß",
    "e\u0301",
  ],
  ...[
    "'",
    "''",
    '"',
    "\\",
    "';--",
    "' or '1'='1",
    "1); drop table public.vaults; --",
    "$$",
    "$1",
    "${7*7}",
    "{{7*7}}",
    "%s%n",
  ],
  ...[
    "..",
    "../..",
    "/",
    "//",
    "/api/health",
    "?",
    "#",
    "%",
    "%00",
    "%2e%2e",
    "&",
    "=",
    ";",
    "\r\nx-evil: 1",
    "<script>",
  ],
  ...[
    "null",
    "undefined",
    "NaN",
    "Infinity",
    "-Infinity",
    "true",
    "false",
    "[]",
    "{}",
    "[object Object]",
    "__proto__",
    "constructor",
  ],
  ...["0", "-0", "-1", "1.5", "1e3", "1e400", "0x10", "+1", "1_000", "00", "9007199254740993", "9223372036854775808"],
  ...["9".repeat(400), "A".repeat(5_000), "%F0".repeat(50), "(".repeat(500)],
  ...[
    "now",
    "epoch",
    "infinity",
    "today",
    "2026",
    "2026-02-30T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-01T25:00:00Z",
  ],
  ...[
    "2026-01-01T00:00:60Z",
    "2026-01-01T00:00:00",
    "0000-00-00T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "-2026-01-01T00:00:00Z",
  ],
];

/** Moments that are some: the first and last of the century, the ends of offsets, more digits than a clock has. */
const MOMENTS: readonly string[] = [
  ...[
    "2000-01-01T00:00:00Z",
    "2099-12-31T23:59:59.999Z",
    "2026-11-20T12:00:00Z",
    "2026-11-20T12:00:00.123456789012345678Z",
  ],
  ...["2026-11-20T12:00:00+00:00", "2026-11-20T12:00:00-23:59", "2026-11-20T12:00:00+23:59", "2024-02-29T00:00:00Z"],
  ...["2000-01-01T00:00:00+23:59", "2099-12-31T23:59:59-23:59", "2026-11-20T12:00:00.9999999Z", "2026-11-20T12:00Z"],
];

/** Any text. */
export function nastyText(dice: Dice): string {
  if (dice.chance(0.8)) return dice.one(NASTY);
  const length = Math.floor(dice.random() * 12);
  const codes = Array.from({ length }, () => Math.floor(dice.random() * dice.one([128, 256, 65_536])));
  return String.fromCharCode(...codes);
}

/** Any JSON. */
export function nastyJson(dice: Dice, depth = 0): unknown {
  const kind = dice.random();
  if (kind < 0.35) return nastyText(dice);
  if (kind < 0.6) return dice.one([0, -1, 1.5, 2 ** 53, 2 ** 63, 1e308, -0, null, true, false]);
  if (depth > 3) return [];
  const parts = Array.from({ length: Math.floor(dice.random() * 4) }, () => nastyJson(dice, depth + 1));
  return kind < 0.8 ? parts : Object.fromEntries(parts.map((part) => [nastyText(dice), part]));
}

/** A value as the schema has it, most of the time; now and then one at its edge, or beyond. */
export function valueOf(schema: Schema, dice: Dice, resolve: (schema: Schema) => Schema = (own) => own): unknown {
  if (dice.chance(0.06)) return nastyJson(dice);
  const { type, enum: words, pattern, format, example, anyOf, oneOf, items, properties, required } = resolve(schema);
  const alternatives = (anyOf ?? oneOf) as Schema[] | undefined;
  if (alternatives) return valueOf(dice.one(alternatives), dice, resolve);
  if (words) return dice.one(words as unknown[]);
  switch (Array.isArray(type) ? dice.one(type) : type) {
    case "integer":
    case "number":
      return number(resolve(schema), dice);
    case "boolean":
      return dice.chance(0.5);
    case "null":
      return null;
    case "array":
      return Array.from({ length: Math.floor(dice.random() * 3) }, () => valueOf(items as Schema, dice, resolve));
    case "object": {
      const must = (required ?? []) as string[];
      const fields = Object.entries((properties ?? {}) as Record<string, Schema>)
        .filter(([name]) => dice.chance(must.includes(name) ? 0.97 : 0.5));
      const more = dice.chance(0.05) ? [[nastyText(dice), nastyJson(dice)]] : [];
      return Object.fromEntries([...fields.map(([name, own]) => [name, valueOf(own, dice, resolve)]), ...more]);
    }
    default:
      return text({ pattern, format, example }, dice);
  }
}

function number({ minimum = 0, maximum = 1000 }: Schema, dice: Dice): unknown {
  const [least, most] = [minimum as number, maximum as number];
  const within = least + Math.floor(dice.random() * (most - least + 1));
  return dice.one([within, within, least, most, least - 1, most + 1, within + 0.5, String(within)]);
}

function text({ pattern, format, example }: Schema, dice: Dice): string {
  if (format === "date-time") return dice.one(MOMENTS);
  if (format === "uuid") return uuid(dice);
  if (typeof pattern === "string" && pattern.includes("\\d")) {
    return dice.one(["0", "1", "1000000", "9223372036854775807", "9".repeat(19), "0".repeat(19)]);
  }
  return typeof example === "string" && dice.chance(0.7) ? example : nastyText(dice);
}

function uuid(dice: Dice): string {
  const digits = Array.from({ length: 32 }, () => Math.floor(dice.random() * 16).toString(16)).join("");
  return digits.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-8$4-$5").slice(0, 36);
}
