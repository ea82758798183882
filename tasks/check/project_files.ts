/**
 * Lists the files that belong to the project: all but what `.gitignore` names.
 *
 * @module
 */
import { join } from "node:path/posix";

/**
 * Every file below `root`, as paths from it with forward slashes, in order.
 *
 * Needs no git, which a machine that only has Deno lacks. Understands what this project's `.gitignore` uses: names of files
 * and folders, with `*` for any characters.
 */
export async function projectFiles(root: string): Promise<string[]> {
  const text = await Deno.readTextFile(join(root, ".gitignore")).catch(() => "");
  const ignored = [".git", ...text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))].map(matcher);
  const found: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for await (const entry of Deno.readDir(join(root, folder))) {
      if (ignored.some((matches) => matches(entry))) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory) await walk(path);
      else if (entry.isFile) found.push(path);
    }
  };
  await walk("");
  return found.sort();
}

function matcher(pattern: string): (entry: Deno.DirEntry) => boolean {
  const foldersOnly = pattern.endsWith("/");
  const name = pattern.replace(/^\/|\/$/g, "").replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
  const expression = new RegExp(`^${name}$`);
  return (entry) => (entry.isDirectory || !foldersOnly) && expression.test(entry.name);
}
