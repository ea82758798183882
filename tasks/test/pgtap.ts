/**
 * Brings pgTAP into a database whose server does not have the extension.
 *
 * @module
 */
import type { Sql } from "postgres";
import { readFromArchive } from "./tar.ts";

/** The npm package that carries pgTAP for PGlite: an archive of the extension's own SQL files. */
const PACKAGE = "npm:@electric-sql/pglite-pgtap@0.0.15";

const SCRIPT = "share/postgresql/extension/pgtap--1.3.5.sql";

/** Runs pgTAP's script in the schema `extensions`, where a Supabase project has it; where it ran already, nothing. */
export async function loadPgtap(admin: Sql): Promise<void> {
  const [found] = await admin`select 1 where to_regprocedure('extensions.plan(integer)') is not null`;
  if (found) return;
  const script = await readFromArchive(await Deno.readFile(await fetchArchive()), SCRIPT);
  await admin.unsafe(`set search_path = extensions; ${script}; reset search_path`).simple();
}

/**
 * Has Deno put the package into its npm cache, and returns where its archive lies there. A Deno of its own does it, without a
 * lock file: whoever only starts Vaultbook would otherwise download the package too, and PGlite with it.
 */
async function fetchArchive(): Promise<URL> {
  const program = `
    const { pgtap } = await import("${PACKAGE}");
    console.log((await pgtap.setup({}, {})).bundlePath.href);`;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--no-config", "--no-lock", "--node-modules-dir=none", program],
  }).output();
  if (!success) throw new Error(`Cannot fetch ${PACKAGE}: ${new TextDecoder().decode(stderr).trim()}`);
  return new URL(new TextDecoder().decode(stdout).trim());
}
