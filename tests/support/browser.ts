/**
 * A real browser for tests: Chromium as this machine has it, else Debian's, unpacked and not installed.
 *
 * @module
 */
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { exists } from "@/supabase/local/postgres/exists.ts";
import { debianPackages, type FoundProgram, type Unavailable } from "./debian_package.ts";

/** A Chromium that can be run. */
export type FoundBrowser = FoundProgram;

/** Finds Chromium; fetches it (125 MB, ten seconds, once for each machine) where it is not there. */
export async function findChromium(): Promise<FoundBrowser | Unavailable> {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    for (const name of ["chromium", "chromium-browser", "google-chrome-stable"]) {
      const path = join(folder, name);
      if (await Deno.stat(path).then(({ isFile }) => isFile, () => false)) return { path, env: {} };
    }
  }
  // The wrapper in usr/bin looks for the program where an installation would have it; fonts, since text without any is nothing to look at.
  const packages = await debianPackages(["chromium", "fonts-dejavu-core"]);
  if ("reason" in packages) return packages;
  const libraries = (packages.env.LD_LIBRARY_PATH ?? "").split(":");
  const own = await Array.fromAsync(foldersOfLibraries(libraries));
  const fonts = join(packages.root, "etc/fonts");
  return {
    path: join(packages.root, "usr/lib/chromium/chromium"),
    env: {
      LD_LIBRARY_PATH: [...libraries, ...own].join(":"),
      // Where fonts and their settings are, if the machine has none of its own.
      ...(await exists(fonts) && { FONTCONFIG_PATH: fonts }),
      XDG_DATA_DIRS: `${join(packages.root, "usr/share")}:/usr/local/share:/usr/share`,
    },
  };
}

/** Some packages keep libraries for themselves in a folder of their own. */
async function* foldersOfLibraries(libraries: readonly string[]): AsyncGenerator<string> {
  for (const folder of libraries) {
    if (await exists(join(folder, "pulseaudio"))) yield join(folder, "pulseaudio");
  }
}

/** Starts it, without a window. */
export async function launchBrowser({ path, env }: FoundBrowser): Promise<Browser> {
  return await chromium.launch({
    executablePath: path,
    env: { ...Deno.env.toObject(), ...env },
    // Root has no sandbox; a container's shared memory is small.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
    chromiumSandbox: false,
  });
}
