/**
 * Reads the JUnit report of `deno test`.
 *
 * @module
 */
import type { Tally } from "./tally.ts";

/** One test or test step of a report. */
interface Case {
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
}

/**
 * Counts the tests in the report of one file. Steps belong to their test and are not counted.
 *
 * @param file its name, for the lines of the tally: the report names the file that calls Deno.test, which may be another.
 * @param filter what `deno test` was told to look for in names: it reports every other test as skipped, which is left out here.
 */
export function readJunit(xml: string, file: string, filter = ""): Tally {
  const told = { passed: [] as string[], failed: [] as string[], skipped: [] as string[] };
  for (const { name, outcome } of testsOf(xml)) {
    if (outcome !== "skipped" || name.includes(filter)) told[outcome].push(`${name} (${file})`);
  }
  return { ...told, passed: told.passed.length };
}

function testsOf(xml: string): Case[] {
  const cases = [...xml.matchAll(/<testcase ([^>]*)>(.*?)<\/testcase>/gs)].map(([, attributes = "", inside = ""]) => ({
    name: attribute(attributes, "name"),
    outcome: /<(failure|error)\b/.test(inside) ? "failed" : inside.includes("<skipped") ? "skipped" : "passed",
  } as const));
  const names = new Set(cases.map(({ name }) => name));
  return cases.filter(({ name }) => !isStep(name, names));
}

/** A step is called `<its test> > <step>`. */
function isStep(name: string, names: ReadonlySet<string>): boolean {
  const parts = name.split(" > ");
  return parts.some((_, index) => index > 0 && names.has(parts.slice(0, index).join(" > ")));
}

function attribute(attributes: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return value.replace(/&(?:lt|gt|quot|apos|amp|#x?[0-9a-f]+);/gi, decode);
}

function decode(entity: string): string {
  const named = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&amp;": "&" }[entity.toLowerCase()];
  if (named) return named;
  const code = entity.slice(2, -1);
  return String.fromCodePoint(/^x/i.test(code) ? parseInt(code.slice(1), 16) : parseInt(code, 10));
}
