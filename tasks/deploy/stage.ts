/**
 * What is handed to the supabase CLI: a folder with the project's configuration and migrations, and each function in one file.
 *
 * Bundled here, because the platform's bundler takes the whole folder of every package along: web3.js alone would be past its limit.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Bytes that the platform takes of a function at most, when it is bundled there: supabase.com/docs/guides/functions/limits. */
export const BYTES_MAX = 5_000_000;

/** A function as it is uploaded. */
export interface Bundle {
  readonly name: string;
  readonly bytes: number;
}

/** The functions that supabase/config.toml names. */
export function functionNames(): string[] {
  return [...Deno.readDirSync(join(ROOT, "functions"))].map(({ name }) => name).sort();
}

/**
 * Fills the folder.
 *
 * @param options.projectUrl where the schedule finds the functions; goes to Vault with the cron secret, with the migrations.
 * @param options.siteUrl the page that may ask for sign-ins; undefined leaves the project's configuration as it is.
 * @throws {Error} where a function cannot be bundled, or is larger than the platform takes.
 */
export async function stage(
  folder: string,
  options: { readonly siteUrl?: string | undefined; readonly onBundle: (bundle: Bundle) => void },
): Promise<Bundle[]> {
  await Deno.mkdir(join(folder, "supabase", "migrations"), { recursive: true });
  for (const { name } of Deno.readDirSync(join(ROOT, "supabase", "migrations"))) {
    await Deno.copyFile(join(ROOT, "supabase", "migrations", name), join(folder, "supabase", "migrations", name));
  }
  // Bundled functions import nothing.
  await Deno.writeTextFile(join(folder, "supabase", "import_map.json"), '{ "imports": {} }\n');
  const config = await Deno.readTextFile(join(ROOT, "supabase", "config.toml"));
  await Deno.writeTextFile(join(folder, "supabase", "config.toml"), configFor(config, options.siteUrl));
  const bundles = [];
  for (const name of functionNames()) {
    const bundle = { name, bytes: await bundleInto(join(folder, "functions", name, "index.ts"), name) };
    if (bundle.bytes > BYTES_MAX) {
      throw new Error(`Function ${name} has ${bundle.bytes} bytes, of ${BYTES_MAX} at most`);
    }
    options.onBundle(bundle);
    bundles.push(bundle);
  }
  return bundles;
}

async function bundleInto(output: string, name: string): Promise<number> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "bundle",
      "--quiet",
      "--platform",
      "deno",
      "--minify",
      "--output",
      output,
      join(ROOT, "functions", name, "index.ts"),
    ],
    cwd: ROOT,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`Function ${name} cannot be bundled: ${new TextDecoder().decode(stderr)}`);
  return (await Deno.stat(output)).size;
}

/** The project's own configuration with what only a deployment knows: the secrets of the schedule, and the site. */
export function configFor(config: string, siteUrl: string | undefined): string {
  const vault = `
# The schedule's, written to Vault with the migrations.
[db.vault]
project_url = "env(VAULTBOOK_PROJECT_URL)"
cron_secret = "env(CRON_SECRET)"
`;
  if (siteUrl === undefined) return config + vault;
  const [site, redirects] = [/^site_url = .*$/m, /^additional_redirect_urls = \[[^\]]*\]$/m];
  if (!site.test(config) || !redirects.test(config)) {
    throw new Error("supabase/config.toml names no site_url or no additional_redirect_urls");
  }
  return config.replace(site, `site_url = ${JSON.stringify(siteUrl)}`)
    .replace(redirects, `additional_redirect_urls = [${JSON.stringify(`${siteUrl}/**`)}]`) + vault;
}
