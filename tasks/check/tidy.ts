/**
 * House rules about files, whatever is in them: length, names, and what does not belong into a repository.
 *
 * @module
 */
import { join } from "node:path/posix";
import { projectFiles } from "./project_files.ts";

/** Most lines of a file that people read as code. */
const LINES_MAX = 300;

const CODE = /\.(ts|js|sql|html|css)$/;

/** Data tables and generated files that may be longer, each with the reason. */
const MAY_BE_LONG: readonly string[] = [
  "examples/database.types.ts", // generated: a line for each column, and its comment
];

/** Names that say nothing of what is inside; of a file without its ending, or of a folder. */
const EMPTY_NAME = /^(utils?|helpers?|common|misc|types?)$/;

/** Places on the machine of whoever wrote it. Written so that this file does not hold what it looks for. */
const MACHINE_PATH = /(?<![\w.-])\/(?:w[o]rk|r[o]ot|h[o]me|U[s]ers)\/[\w.-]+/;

/** Registries and mirrors of packages by URL: which one is used is a matter of the machine. */
const REGISTRY =
  /https?:\/\/(?!www\.npmjs\.com)[^\s"'`/]*\b(?:registry|mirror|nexus|artifactory|verdaccio|npm)\b[^\s"'`/]*/;

const UNFINISHED = /\b(?:T[O]DO|F[I]XME)\b/;

/** Looks at every file of the project below `root`, and returns what is wrong with them: one complaint each, in their order. */
export async function tidy(root: string): Promise<string[]> {
  const complaints: string[] = [];
  for (const path of await projectFiles(root)) {
    const text = await Deno.readTextFile(join(root, path));
    complaints.push(...[...nameComplaints(path), ...textComplaints(path, text)].map((words) => `${path}: ${words}`));
  }
  return complaints;
}

function nameComplaints(path: string): string[] {
  const empty = path.split("/").map((part) => part.split(".")[0] ?? "").find((name) => EMPTY_NAME.test(name));
  return empty ? [`the name '${empty}' does not say what is inside`] : [];
}

function textComplaints(path: string, text: string): string[] {
  const complaints: string[] = [];
  const lines = text.split("\n");
  const count = text.endsWith("\n") ? lines.length - 1 : lines.length;
  if (CODE.test(path) && count > LINES_MAX && !MAY_BE_LONG.includes(path)) {
    complaints.push(`${count} lines, and ${LINES_MAX} is the most`);
  }
  if (path.endsWith(".md")) {
    const headings = countTopHeadings(lines);
    if (headings !== 1) complaints.push(`${headings} top headings, and there must be one`);
  }
  if (text.includes("\0")) return complaints;
  lines.forEach((line, index) => {
    for (
      const [pattern, what] of [[MACHINE_PATH, "a path of one machine"], [REGISTRY, "a package registry"]] as const
    ) {
      const found = pattern.exec(line)?.[0];
      if (found) complaints.push(`line ${index + 1} names ${what}: ${found}`);
    }
    if (UNFINISHED.test(line)) complaints.push(`line ${index + 1} leaves something unfinished`);
  });
  return complaints;
}

/** Headings of the first level, code blocks aside. */
function countTopHeadings(lines: readonly string[]): number {
  let inCode = false;
  let count = 0;
  for (const line of lines) {
    if (/^\s*(```|~~~)/.test(line)) inCode = !inCode;
    else if (!inCode && /^# /.test(line)) count++;
  }
  return count;
}
