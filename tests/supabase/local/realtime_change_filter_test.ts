import { expect } from "expect";
import { parseChangeFilters } from "@/supabase/local/realtime/change_filter.ts";

const read = (text: string): string[] =>
  parseChangeFilters(text).map(({ name, operator, operand, negate }) =>
    `${name} ${negate ? "not " : ""}${operator} ${operand}`
  );

Deno.test("parseChangeFilters() reads what realtime-js builds", () => {
  expect(read("")).toEqual([]);
  expect(read("id=eq.5")).toEqual(["id eq 5"]);
  expect(read("id=gt.0,id=not.in.(1,2),name=like.a.b%")).toEqual(["id gt 0", "id not in {1,2}", "name like a.b%"]);
  expect(read('name=eq."a,b\\"c\\\\",id=is.null')).toEqual(['name eq a,b"c\\', "id is null"]);
  expect(read('name=in.("a,b",c)')).toEqual(['name in {"a,b",c}']);
  expect(read('name=eq.5" pipe,id=lt.3')).toEqual(['name eq 5" pipe', "id lt 3"]);
});

Deno.test("parseChangeFilters() refuses in upstream's words", () => {
  const refusals: [string, string][] = [
    ["subject=foo.hey", 'Error parsing `filter` params: ["foo", "hey"]'],
    ["undefined", 'Error parsing `filter` params: ["undefined"]'],
    ["id=in.1,2", "Error parsing `filter` params: `in` filter value must be wrapped by parentheses"],
    [
      "id=is.5; drop table notes",
      "Error parsing `filter` params: invalid value for is filter: must be null, true, false, or unknown",
    ],
  ];
  for (const [text, message] of refusals) expect(() => parseChangeFilters(text)).toThrow(new TypeError(message));
});
