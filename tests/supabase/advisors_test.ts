/**
 * Supabase's own lints (splinter) on the whole schema.
 *
 * @module
 */
import { expect } from "expect";
import { openTestDatabase } from "@/tests/support/database.ts";
import { showFigure } from "@/tests/support/isolation/figures.ts";
import { copyProject, ignore, plainUrl, unless } from "@/tests/support/supabase_cli.ts";

/** What the advisors note and we keep, by name and with the reason. */
const ACCEPTED: readonly { readonly finding: RegExp; readonly because: string }[] = [
  {
    finding: /^INFO unused_index: Index `[a-z_]+` on table `(public|vaultbook)\.[a-z_]+` has not been used$/,
    because:
      "The database was made a moment ago and nothing was asked of it; bench and ingest_plans_test.ts show who uses them",
  },
  ...["allowances", "balances_judged", "invariant_checks", "job_calls", "notices", "untold_alerts", "watches"].map((
    table,
  ) => ({
    finding: new RegExp(
      `^INFO rls_enabled_no_policy: Table \`vaultbook\\.${table}\` has RLS enabled, but no policies exist$`,
    ),
    because: "Nobody has rights on its rows but their owner, postgres, and the service: both bypass row security",
  })),
];

/** Holes that the advisors have to see, and the lint that names each. */
const HOLES: Readonly<Record<string, string>> = {
  rls_disabled_in_public: "create table public.hole (owner text primary key); grant select on public.hole to anon",
  // Splinter 0015.
  rls_references_user_metadata: `create policy "Spoofable" on public.alert_rules for select to anon
    using (((select auth.jwt()) -> 'user_metadata' ->> 'role') = 'ops')`,
  security_definer_view:
    "create view public.hole_view as select * from public.vaults; grant select on public.hole_view to anon",
  function_search_path_mutable: "create function public.hole() returns integer language sql as 'select 1'",
};

Deno.test({
  name:
    `row 51: supabase db advisors finds no error and no warning, and of INFO nothing but what is accepted by name${unless}`,
  ignore,
  async fn(): Promise<void> {
    await using project = await copyProject();
    const database = await openTestDatabase();
    const advise = async (): Promise<{ name: string; line: string }[]> => {
      const remote = `--remote=${plainUrl(database.url)}`;
      const { code, result, stderr } = await project.supabase(["db", "advisors", "--level", "info", remote]);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      return (result?.results as { name: string; level: string; detail: string }[])
        .map(({ name, level, detail }) => ({ name, line: `${level} ${name}: ${detail.split(". ", 1)[0]}` }));
    };
    try {
      const found = await advise();
      expect(found.filter(({ line }) => !ACCEPTED.some(({ finding }) => finding.test(line)))).toStrictEqual([]);
      expect(ACCEPTED.filter(({ finding }) => !found.some(({ line }) => finding.test(line)))).toStrictEqual([]);
      showFigure(`${found.length} INFO, accepted for ${new Set(ACCEPTED.map(({ because }) => because)).size} reasons`);

      await database.admin.unsafe(Object.values(HOLES).join(";\n")).simple();
      const names = (await advise()).map(({ name }) => name);
      expect(Object.keys(HOLES).filter((name) => !names.includes(name))).toStrictEqual([]);
    } finally {
      await database.close();
    }
  },
});
