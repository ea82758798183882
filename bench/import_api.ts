/**
 * What a cold start of the `api` function costs before it can answer: processor time of importing the bundled entry in a fresh process,
 * beside that of hono, postgres and zod alone, bundled alike.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isWanted, median, report, tell } from "./measure.ts";

const ROUNDS = 21;
const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What nothing with these three could do without. */
const BARE = `
import { Hono } from "hono";
import postgres from "postgres";
import { z } from "zod";
globalThis.kept = [new Hono(), postgres, z];
`;

/** Milliseconds of all threads, from before the import until it is done. */
const MEASURE = `
import process from "node:process";
const before = process.cpuUsage();
await import(Deno.args[0]);
const { user, system } = process.cpuUsage(before);
console.log((user + system) / 1000);
Deno.exit(0);
`;

async function deno(...args: string[]): Promise<string> {
  const environment = {
    SUPABASE_DB_URL: "postgres://nobody@127.0.0.1:1/none",
    VAULT_PROGRAM_ID: "11111111111111111111111111111111",
    DENO_SERVE_ADDRESS: "tcp:127.0.0.1:0",
    NO_COLOR: "1",
  };
  const options = { args, cwd: ROOT, env: environment, stdin: "null", stdout: "piped", stderr: "piped" } as const;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), options).output();
  if (!success) throw new Error(`deno ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

async function bench(folder: string): Promise<void> {
  // In parts, so that what is imported only when it is needed – web3.js, with the first transaction to be signed – is not read here.
  const bundle = async (name: string, entry: string, output: string): Promise<string> => {
    const parts = join(folder, name);
    await deno("bundle", "--platform", "deno", "--minify", "--code-splitting", "--outdir", parts, entry);
    tell(`${name}: ${Math.round((await Deno.stat(join(parts, output))).size / 1000)} kB`);
    return join(parts, output);
  };
  const [bare, measure] = [join(folder, "bare_entry.ts"), join(folder, "measure.ts")];
  await Deno.writeTextFile(bare, BARE);
  await Deno.writeTextFile(measure, MEASURE);
  const bundles = {
    ours: await bundle("api", "functions/api/index.ts", "index.js"),
    bare: await bundle("bare", bare, "bare_entry.js"),
  };
  const times = { ours: [] as number[], bare: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const way of ["ours", "bare"] as const) {
      // Without the code that V8 keeps of an earlier run: a new isolate has none.
      const said = await deno("run", "-A", "--no-code-cache", "--quiet", measure, `file://${bundles[way]}`);
      const lines = said.trim().split("\n");
      // not an amount: milliseconds
      times[way].push(Number(lines.at(-1)));
    }
  }
  report({
    ...{ name: "import/api", unit: "ms", ours: median(times.ours), ceiling: median(times.bare) },
    ...{ ceiling_name: "hono, postgres and zod alone", goal: "<= 1.5" },
  });
}

if (isWanted("import/api")) {
  const folder = await Deno.makeTempDir({ prefix: "vaultbook-bench-" });
  await bench(folder).finally(() => Deno.remove(folder, { recursive: true }));
}
