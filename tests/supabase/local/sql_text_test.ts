import { expect } from "expect";
import fc from "fast-check";
import type { ISql } from "postgres";
import { quoteArrayLiteral, quoteIdentifier, quoteLiteral, UnquotableTextError } from "@/supabase/local/sql_text.ts";
import { openTestDatabase } from "@/tests/support/database.ts";

/** Texts made of what matters in SQL, and of anything else. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      "'",
      '"',
      "\\",
      "$",
      "$$",
      ";",
      "--",
      "/*",
      "*/",
      "\n",
      "\r",
      "E",
      "U&",
      "%",
      "{",
      "}",
      ",",
      "\u2028",
    ),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }).filter((one) => one !== "\0"),
  ),
  maxLength: 40,
});

/** The first row that a statement gives; sent without parameters, as REST does. */
async function firstRow(sql: ISql, statement: string): Promise<Record<string, unknown>> {
  const [row] = await sql.unsafe(statement).simple();
  return row ?? {};
}

Deno.test("quoteLiteral() gives every text back unchanged, whatever the session's string settings", async () => {
  const db = await openTestDatabase({ migrated: false });
  try {
    await db.admin.begin(async (sql) => {
      for (const conforming of ["on", "off"]) {
        for (const backslashQuote of ["on", "off", "safe_encoding"]) {
          await sql.unsafe(
            `set local standard_conforming_strings = ${conforming}; set local backslash_quote = ${backslashQuote};
             set local escape_string_warning = on`,
          ).simple();
          await fc.assert(
            fc.asyncProperty(text, async (value) => {
              const row = await firstRow(sql, `select ${quoteLiteral(value)}::text as v, 1 as one`);
              expect(row).toEqual({ v: value, one: 1 });
            }),
            { numRuns: 100 },
          );
        }
      }
    });
  } finally {
    await db.close();
  }
});

Deno.test("quoteIdentifier() gives every name back unchanged", async () => {
  const db = await openTestDatabase({ migrated: false });
  try {
    // PostgreSQL cuts names after 63 bytes and has none without characters.
    const name = text.map((value) => [...value].slice(0, 15).join("")).filter((value) => value !== "");
    await fc.assert(
      fc.asyncProperty(name, async (value) => {
        expect(Object.keys(await firstRow(db.admin, `select 1 as ${quoteIdentifier(value)}`))).toEqual([value]);
      }),
      { numRuns: 200 },
    );
  } finally {
    await db.close();
  }
});

Deno.test("quoteArrayLiteral() gives every element back unchanged, the text null too", async () => {
  const db = await openTestDatabase({ migrated: false });
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(text, fc.constantFrom("", "null", "NULL")), { maxLength: 5 }),
        async (values) => {
          const row = await firstRow(db.admin, `select to_json(${quoteArrayLiteral(values)}::text[])::text as v`);
          expect(JSON.parse(String(row.v))).toEqual(values);
        },
      ),
      { numRuns: 200 },
    );
  } finally {
    await db.close();
  }
});

Deno.test("quoteLiteral() writes an escape string only where a backslash is, with a blank before it", () => {
  expect(quoteLiteral("it's")).toBe("'it''s'");
  expect(quoteLiteral("a\\'b")).toBe(" E'a\\\\''b'");
});

Deno.test("every quoting function refuses a NUL", () => {
  expect(() => quoteLiteral("a\0b")).toThrow(UnquotableTextError);
  expect(() => quoteIdentifier("a\0b")).toThrow(UnquotableTextError);
  expect(() => quoteArrayLiteral(["a", "\0"])).toThrow(UnquotableTextError);
});
