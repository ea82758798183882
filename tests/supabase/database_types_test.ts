/**
 * Our generated types beside those that the real supabase CLI makes of the same database: the same relations, columns and
 * relationships, and the same types but where ours say more.
 *
 * @module
 */
import { expect } from "expect";
import { openTestDatabase } from "@/tests/support/database.ts";
import { PROJECT } from "@/tests/support/running_instance.ts";

const CLI = "supabase@3.1.0";
const hasNpx = await new Deno.Command("npx", { args: ["--version"], stdout: "null", stderr: "null" }).output()
  .then(({ success }) => success, () => false);
/** Without npx this cannot run; where CI forgot to install it it fails. */
const ignore = !hasNpx && !Deno.env.get("CI");
const unless = ignore ? " [ignored: the supabase CLI needs npx, and it is not on the PATH]" : "";

/** Each line is a name and a type that must be `true`. What is left of a row is compared without null: views are nullable to the CLI. */
const COMPARISON = `
import type { Database, RoundedAmount } from "@/examples/database.types.ts";
import type { Database as Theirs } from "./theirs.ts";
type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends (<T>() => T extends Other ? 1 : 2) ? true : false;
type Plain<Type> = NonNullable<Type> extends RoundedAmount ? number : NonNullable<Type>;
type Row<Type> = { [Column in keyof Type]-?: Type[Column] extends { [key: string]: unknown } ? "json" : Plain<Type[Column]> };
type Kind = "Tables" | "Views";
type Rows<Schema, Of extends Kind> = Schema extends Record<Of, infer All>
  ? { [Name in keyof All]: All[Name] extends { Row: infer Own } ? Row<Own> : never } : never;
type Links<Schema, Of extends Kind> = Schema extends Record<Of, infer All>
  ? { [Name in keyof All]: All[Name] extends { Relationships: infer Own extends readonly unknown[] } ? Own[number] : never } : never;
export const tables: Same<Rows<Database["public"], "Tables">, Rows<Theirs["public"], "Tables">> = true;
export const views: Same<Rows<Database["public"], "Views">, Rows<Theirs["public"], "Views">> = true;
export const links: Same<Links<Database["public"], "Tables">, Links<Theirs["public"], "Tables">> = true;
// Of a view over several tables the CLI follows each column; ours names no relationship of it.
export const viewLinks: Links<Database["public"], "Views"> extends Links<Theirs["public"], "Views"> ? true : false = true;
export const functions: Same<Database["public"]["Functions"], Theirs["public"]["Functions"]> = true;
export const enums: Same<Database["public"]["Enums"], Theirs["public"]["Enums"]> = true;
`;

Deno.test({
  name: `database.types.ts has the relations, columns and relationships that supabase gen types finds${unless}`,
  ignore,
  async fn(): Promise<void> {
    const folder = await Deno.makeTempDir();
    const database = await openTestDatabase();
    try {
      const made = await run(
        "npx",
        ["-y", CLI, "gen", "types", `--remote=${database.url}?sslmode=disable`, "--schema", "public"],
        folder,
      );
      await Deno.writeTextFile(`${folder}/theirs.ts`, made.stdout);
      await Deno.writeTextFile(`${folder}/comparison.ts`, COMPARISON);
      const check = ["check", "--quiet", "--config", "deno.json", `${folder}/comparison.ts`];
      expect((await run(Deno.execPath(), check, PROJECT)).stderr).toBe("");
      // That it looks at all: another column is noticed.
      await Deno.writeTextFile(
        `${folder}/theirs.ts`,
        made.stdout.replace('"token_account": string', '"token": string'),
      );
      expect((await run(Deno.execPath(), check, PROJECT)).stderr).toContain("tables");
    } finally {
      await database.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
});

async function run(command: string, args: string[], cwd: string | URL): Promise<{ stdout: string; stderr: string }> {
  const env = { NO_COLOR: "1", DO_NOT_TRACK: "1", SUPABASE_TELEMETRY_DISABLED: "1" };
  const { stdout, stderr } = await new Deno.Command(command, { args, cwd, env }).output();
  return { stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}
