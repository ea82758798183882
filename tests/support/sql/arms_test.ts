import { expect } from "expect";
import { openTestDatabase } from "@/tests/support/database.ts";
import { type Arm, withProbes } from "./arms.ts";
import { tokensOf } from "./tokens.ts";

/** Gives the text with a `true` for each probe, and the arms. */
function probed(text: string): { text: string; arms: Arm[] } {
  const arms: Arm[] = [];
  return { text: withProbes(tokensOf(text), (arm) => (arms.push(arm), "true")), arms };
}

/** Expressions over an integer x, and their arms. */
const EXPRESSIONS: readonly [string, ...string[]][] = [
  ["x + 1"],
  ["case when x > 1 then 'many' else 'few' end", "when x > 1", "else 'few'"],
  ["case x when 1 then 'one' when 2 then 'two' end", "when 1", "when 2", "end, without an else"],
  ["coalesce(x, 7)", "coalesce: x", "coalesce: 7"],
  ["coalesce(nullif(x, 1), nullif(x, 2), 0)", "coalesce: nullif(x, 1)", "coalesce: nullif(x, 2)", "coalesce: 0"],
  [
    "case when coalesce(x, 1) = 1 then case when x = 1 then 'a' else 'b' end end",
    "coalesce: x",
    "coalesce: 1",
    "when coalesce(x, 1) = 1",
    "when x = 1",
    "else 'b'",
    "end, without an else",
  ],
  ["case 'when' when 'it''s case' then x else - x end", "when 'it''s case'", "else - x"],
  [
    '(select case -- end\n x /* then */ when 1 then "case" else 2 end from (select 3) as t ("case"))',
    "when 1",
    "else 2",
  ],
  ["coalesce(array[x], '{}') || 1", "coalesce: array[x]", "coalesce: '{}'"],
  [
    "coalesce(sum(x), 0) + coalesce(count(*) filter (where x = 1), 0)",
    ...["sum(x)", "0", "count(*) filter (where x = 1)", "0"].map((arm) => `coalesce: ${arm}`),
  ],
];

Deno.test("withProbes() finds every arm, and what is computed stays the same", async () => {
  const database = await openTestDatabase({ migrated: false });
  try {
    for (const [expression, ...expected] of EXPRESSIONS) {
      const { text, arms } = probed(expression);
      expect(arms.map(({ text }) => text)).toEqual(expected);
      for (const x of [null, 1, 2, 3]) {
        const of = (computed: string): Promise<unknown> =>
          database.admin.unsafe(
            `select ${computed} as is, pg_typeof(${computed})::text as type from (values ($1::integer)) as v (x)
                                  group by ${/sum/.test(expression) ? "()" : "x"}`,
            [x],
          ).then(([row]) => row);
        expect([text, x, await of(text)]).toEqual([text, x, await of(expression)]);
      }
    }
  } finally {
    await database.close();
  }
});

Deno.test("withProbes() moves no line, and tells the line of each arm", () => {
  const { text, arms } = probed(
    "a\ncase\n  x\n  when 1\n  then 2\n  else coalesce(\n    y, -- why\n    3\n  )\nend\nb",
  );
  expect(text.split("\n")).toHaveLength(11);
  expect(text.split("\n").at(-1)).toBe("b");
  expect(arms.map(({ line, text }) => [line, text]).sort()).toEqual([
    [4, "when 1"],
    [6, "else coalesce( y, 3 )"],
    [7, "coalesce: y"],
    [8, "coalesce: 3"],
  ]);
});

Deno.test("withProbes() gives one key to the same words wherever they stand", () => {
  const { arms } = probed(
    "distinct on (case when a then b end) * order by case when a\n then b end, case when a then c end",
  );
  expect(new Set(arms.map(({ key }) => key)).size).toBe(4);
});

Deno.test("withProbes() finds what is done in a conflict", () => {
  const upsert = "insert into t values (1)\n on conflict (a) do update set b = t.b + 1";
  expect(probed(`with x as (${upsert})\n select 1`)).toEqual({
    text: `with x as (${upsert} where true )\n select 1`,
    arms: [{ line: 2, text: "do update set b = t.b + 1", key: "do update set b = t.b + 1" }],
  });
  expect(probed(`${upsert} where case when t.c then true else false end\nreturning a`).text).toBe(
    `${upsert}  where true and ( case when ( t.c ) is true and true then true when not true then (false) else false end\n) returning a`,
  );
});

Deno.test("withProbes() leaves alone what only looks like an expression", () => {
  for (
    const text of [
      "case x when 1 then y := 1; else y := 2; end case;",
      "exit when x; end;",
      "begin end",
      "'case when' $$ coalesce(a, b) $$",
    ]
  ) {
    expect(probed(text)).toEqual({ text, arms: [] });
  }
});
