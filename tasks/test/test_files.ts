/**
 * Finds the tests and sorts them by how they are run.
 *
 * @module
 */
import { join } from "node:path/posix";
import { UsageError } from "../command_line.ts";

/** Paths from the project's root, with forward slashes, in order. */
export interface TestFiles {
  /** Tests of the pure room: run without any permission. */
  readonly pure: readonly string[];
  /** All other Deno tests. */
  readonly other: readonly string[];
  /** pgTAP files. */
  readonly sql: readonly string[];
}

/** Where tests lie. */
const FOLDERS = ["tests", "supabase/tests"];

const PURE = "tests/lib/domain/";

/**
 * Every test below `root`, or those among `wanted`: files, or folders that hold tests.
 *
 * @throws {UsageError} naming a wanted path that leads to no test.
 */
export async function findTests(root: string, wanted: readonly string[]): Promise<TestFiles> {
  const all = (await Promise.all(FOLDERS.map((folder) => testsBelow(root, folder)))).flat().sort();
  const places = wanted.map((path) => join(path.replaceAll("\\", "/")).replace(/\/$/, ""));
  const isIn = (file: string, place: string): boolean =>
    file === place || place === "." || file.startsWith(`${place}/`);
  const lost = places.find((place) => !all.some((file) => isIn(file, place)));
  if (lost !== undefined) throw new UsageError(`No test lies at ${lost}`);
  const chosen = places.length === 0 ? all : all.filter((file) => places.some((place) => isIn(file, place)));
  return {
    pure: chosen.filter((file) => file.startsWith(PURE)),
    other: chosen.filter((file) => file.endsWith(".ts") && !file.startsWith(PURE)),
    sql: chosen.filter((file) => file.endsWith(".sql")),
  };
}

async function testsBelow(root: string, folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
    if (isDirectory) found.push(...await testsBelow(root, join(folder, name)));
    else if (name.endsWith("_test.ts") || (folder === "supabase/tests" && name.endsWith(".sql"))) {
      found.push(join(folder, name));
    }
  }
  return found;
}
