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
 * Counts the tests of a report. Steps belong to their test and are not counted.
 *
 * @param files the files that should be in it, as paths from the folder that `deno test` ran in. One that left no trace counts as
 * failed.
 */
export function readJunit(xml: string, files: readonly string[]): Tally {
  const passed: string[] = [];
  const failed: string[] = [];
  const skipped: string[] = [];
  const seen = new Set<string>();
  for (const [, attributes = "", body = ""] of xml.matchAll(/<testsuite ([^>]*)>(.*?)<\/testsuite>/gs)) {
    const file = attribute(attributes, "name").replace(/^\.\//, "");
    seen.add(file);
    for (const { name, outcome } of testsOf(body)) {
      ({ passed, failed, skipped })[outcome].push(`${name} (${file})`);
    }
  }
  const lost = files.filter((file) => !seen.has(file)).map((file) =>
    `${file} ran no test: it failed to load, or holds none`
  );
  return { passed: passed.length, failed: [...failed, ...lost], skipped };
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
