/**
 * The real supabase CLI on a copy of the project, because it leaves files behind.
 *
 * @module
 */
import { CLI_VERSION } from "@/tasks/deploy/supabase_cli.ts";

const CLI = `supabase@${CLI_VERSION}`;
/** What the CLI asks of an access token. Nobody's. */
const TOKEN = `sbp_${"0".repeat(40)}`;
const ROOT = new URL("../../", import.meta.url);

const hasNpx = isOnPath("npx");
/** Without npx these tests cannot run; where CI forgot to install it they fail. */
export const ignore = !hasNpx && !Deno.env.get("CI");
/** What the name of such a test ends with. */
export const unless = ignore ? " [ignored: the supabase CLI needs npx, and it is not on the PATH]" : "";

/** What the CLI answered. */
export interface Answer {
  readonly code: number;
  /** What it printed as JSON; null when it printed none. */
  readonly result: Record<string, unknown> | null;
  readonly stderr: string;
}

/** A copy of what the CLI reads, and the CLI on it. */
export async function copyProject(): Promise<
  AsyncDisposable & { folder: string; supabase(args: string[], format?: "json" | "text"): Promise<Answer> }
> {
  const folder = await Deno.makeTempDir({ prefix: "vaultbook-cli-" });
  await Deno.mkdir(`${folder}/supabase`);
  for (const path of ["functions", "lib", "import_map.json", "deno.json"]) await copy(path, folder);
  for (const path of ["config.toml", "import_map.json", "seed.sql", "migrations"]) {
    await copy(`supabase/${path}`, folder);
  }
  return {
    folder,
    async supabase(args, format = "json"): Promise<Answer> {
      const { code, stdout, stderr } = await new Deno.Command("npx", {
        args: ["-y", CLI, ...args, "--workdir", folder, "--agent", "no", "--output-format", format],
        cwd: folder,
        env: {
          DO_NOT_TRACK: "1",
          SUPABASE_TELEMETRY_DISABLED: "1",
          SUPABASE_HOME: `${folder}/.home`,
          SUPABASE_ACCESS_TOKEN: TOKEN,
          npm_config_loglevel: "error",
        },
      }).output();
      const text = new TextDecoder().decode(stdout);
      return {
        code,
        result: format === "json" && text.trim() !== "" ? JSON.parse(text) : null,
        stderr: new TextDecoder().decode(stderr),
      };
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function copy(path: string, folder: string): Promise<void> {
  const source = new URL(path, ROOT);
  if (!(await Deno.stat(source)).isDirectory) return await Deno.copyFile(source, `${folder}/${path}`);
  await Deno.mkdir(`${folder}/${path}`);
  for await (const { name } of Deno.readDir(source)) await copy(`${path}/${name}`, folder);
}

/** The CLI warns at every call of a connection without TLS that does not say so. */
export function plainUrl(url: string): string {
  return `${url}?sslmode=disable`;
}

function isOnPath(program: string): boolean {
  const folders = (Deno.env.get("PATH") ?? "").split(Deno.build.os === "windows" ? ";" : ":");
  return folders.some((folder) => {
    try {
      return Deno.statSync(`${folder}/${program}`).isFile;
    } catch {
      return false;
    }
  });
}
