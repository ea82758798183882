import { expect } from "expect";
import { statement } from "@/lib/ledger/statement.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { naughtyStrings } from "@/tests/support/isolation/naughty.ts";
import { chosenSeed, generator } from "@/tests/support/seeded.ts";

Deno.test("every text arrives as it was given, whatever the session takes a backslash for", async () => {
  const seed = chosenSeed();
  // deno-lint-ignore no-console -- to repeat it
  console.log(`SEED=${seed}`);
  const random = generator(seed);
  const texts = ["", "\\\\'", ...naughtyStrings(() => Math.floor(random() * 2 ** 32))]
    .filter((text) => !text.includes("\0") && text.isWellFormed());
  const database = await openTestDatabase({ migrated: false });
  let count = 0;
  try {
    const sql = await database.admin.reserve();
    for (const conforming of ["on", "off"]) {
      await sql`select set_config('standard_conforming_strings', ${conforming}, false), set_config('escape_string_warning', 'off', false)`;
      for (const text of texts) {
        const whole = statement`select ${statement`case when${text} = ${text} then ${text}::text end`} as same`;
        const [row] = await sql.unsafe<{ same: string }[]>(whole.toString());
        expect(row?.same).toBe(text);
        count++;
      }
    }
    sql.release();
  } finally {
    await database.close();
  }
  // deno-lint-ignore no-console -- what it counted
  console.log(`${count} texts went to a server and came back`);
});

Deno.test("what no constant can say is refused, and nothing else becomes SQL", () => {
  expect(statement`select ${-1} - ${-2}, ${true}, ${null}`.toString()).toBe("select (-1) - (-2), true, null");
  for (const number of [NaN, Infinity, 0.5, 2 ** 53]) expect(() => statement`select ${number}`).toThrow(RangeError);
  expect(() => statement`select ${"a\0b"}`).toThrow(RangeError);
});
