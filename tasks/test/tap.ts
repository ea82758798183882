/**
 * Reads the Test Anything Protocol, as pgTAP writes it.
 *
 * @module
 */
import type { Tally } from "./tally.ts";

/**
 * Counts the assertions in the output of one file.
 *
 * @param output what the file's queries returned, in order: a text may hold several lines.
 * @param file its name, for the lines of the tally. A plan that does not come first, or was not kept, counts as one failure more.
 */
export function readTap(output: readonly string[], file: string): Tally {
  let planned: number | null = null;
  let passed = 0;
  const failed: string[] = [];
  const skipped: string[] = [];
  for (const text of output) {
    const [line = "", ...explanation] = text.split("\n");
    const plan = /^1\.\.([0-9]+)/.exec(line)?.[1];
    if (plan !== undefined && passed + failed.length + skipped.length === 0) planned ??= parseInt(plan, 10);
    const [, verdict, what = ""] = /^(ok|not ok) [0-9]+(?: - )?(.*)$/.exec(line) ?? [];
    const reason = / ?# SKIP:? ?(.*)$/i.exec(what)?.[1];
    if (verdict === "not ok") failed.push([`${what} (${file})`, ...explanation].join("\n  "));
    else if (reason !== undefined) skipped.push(`${reason} (${file})`);
    else if (verdict === "ok") passed++;
  }
  const ran = passed + failed.length + skipped.length;
  if (planned !== ran) failed.push(`${file} planned ${planned ?? "no number of"} assertions and made ${ran}`);
  return { passed, failed, skipped };
}
