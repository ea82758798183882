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

/** Counts the tests of a report. Steps belong to their test and are not counted. */
export function readJunit(xml: string): Tally {
  const told = { passed: [] as string[], failed: [] as string[], skipped: [] as string[] };
  for (const [, attributes = "", body = ""] of xml.matchAll(/<testsuite ([^>]*)>(.*?)<\/testsuite>/gs)) {
    const file = attribute(attributes, "name").replace(/^\.\//, "");
    for (const { name, outcome } of testsOf(body)) told[outcome].push(`${name} (${file})`);
  }
  return { ...told, passed: told.passed.length };
}

function testsOf(body: string): Case[] {
  const cases = [...body.matchAll(/<testcase ([^>]*)>(.*?)<\/testcase>/gs)].map(([, attributes = "", inside = ""]) => ({
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
