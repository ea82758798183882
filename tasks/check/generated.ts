/**
 * Files that are made from something else, and must be as what they are made from would make them now.
 *
 * @module
 */
import { join } from "node:path/posix";
import type { Sql } from "postgres";
import { DATABASE_TYPES, databaseTypes } from "./database_types.ts";
import { ERROR_TABLE, errorTable } from "./error_table.ts";
import { OPENAPI_DOCUMENT, openApiDocument } from "./openapi_document.ts";

/** A generated file: where it lies from the project's root, and what makes its text. */
interface Generated {
  readonly path: string;
  make(sql: Sql): Promise<string>;
}

/** Every generated file. */
export const GENERATED: readonly Generated[] = [
  { path: DATABASE_TYPES, make: databaseTypes },
  { path: OPENAPI_DOCUMENT, make: openApiDocument },
  { path: ERROR_TABLE, make: errorTable },
];

/** Writes them all anew. */
export async function writeGenerated(root: string, sql: Sql): Promise<void> {
  for (const { path, text } of await madeNow(root, sql)) await Deno.writeTextFile(join(root, path), text);
}

/** Returns those that are not what would be made now, one complaint each. */
export async function staleComplaints(root: string, sql: Sql): Promise<string[]> {
  const complaints: string[] = [];
  for (const { path, text } of await madeNow(root, sql)) {
    const lies = await Deno.readTextFile(join(root, path)).catch(() => null);
    if (lies !== text) complaints.push(`${path} is stale: line ${firstDifference(lies ?? "", text)} would be another`);
  }
  return complaints;
}

async function madeNow(root: string, sql: Sql): Promise<{ path: string; text: string }[]> {
  return await Promise.all(GENERATED.map(async ({ path, make }) => {
    return { path, text: await formatted(root, path, await make(sql)) };
  }));
}

/** As `deno fmt` leaves it, which looks at these files too. */
async function formatted(root: string, path: string, text: string): Promise<string> {
  const ending = path.slice(path.lastIndexOf(".") + 1);
  const formatter = new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--ext", ending, "-"],
    cwd: root,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = formatter.stdin.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  const { success, stdout, stderr } = await formatter.output();
  if (!success) throw new Error(`Cannot format ${path}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

function firstDifference(one: string, other: string): number {
  const [lines, others] = [one.split("\n"), other.split("\n")];
  return lines.findIndex((line, at) => line !== others[at]) + 1 || lines.length + 1;
}
