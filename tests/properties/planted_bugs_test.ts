/**
 * The checkers checked: one mistake at a time is put into the ledger's SQL, and each has to be found by the auditor or by
 * `vaultbook.verify()` while the short stories are told.
 *
 * @module
 */
import { expect } from "expect";
import type { Sql } from "postgres";
import { openAudit } from "@/tests/support/model/audit.ts";
import type { PlantedBug } from "@/tests/support/model/planted_bug.ts";
import { PLANTED_BUGS } from "@/tests/support/model/planted_bugs.ts";
import { STORIES } from "@/tests/support/model/stories.ts";
import type { Story } from "@/tests/support/model/story.ts";

/** Replaces the text in the database's own function or view. @throws where it is not in there exactly once. */
async function plant(sql: Sql, { where, sound, broken }: PlantedBug): Promise<void> {
  const [found] = await sql<{ definition: string }[]>`
    select pg_get_functiondef(p.oid) as definition
      from pg_proc as p where p.pronamespace = 'vaultbook'::regnamespace and p.proname = ${where}
    union all
    select format('create or replace view vaultbook.%I as %s', c.relname, pg_get_viewdef(c.oid))
      from pg_class as c where c.relnamespace = 'vaultbook'::regnamespace and c.relkind = 'v' and c.relname = ${where}`;
  const parts = (found?.definition ?? "").split(sound);
  if (parts.length !== 2) throw new Error(`${where} holds this ${parts.length - 1} times: ${sound}`);
  await sql.unsafe(parts.join(broken));
}

/** Those with such a name, and the others. */
function split(stories: readonly Story[], about: RegExp): [Story[], Story[]] {
  return [stories.filter(({ name }) => about.test(name)), stories.filter(({ name }) => !about.test(name))];
}

/** Tells the stories to a ledger with this mistake in it. Gives the first that is found; null where nothing is. */
async function firstFinding(bug: PlantedBug | null): Promise<string | null> {
  const audit = await openAudit();
  try {
    if (bug) await plant(audit.database.admin, bug);
    for (const stories of bug?.about ? split(STORIES, bug.about) : [STORIES]) {
      for (const step of stories.flatMap(({ steps }) => steps)) {
        // What was taken back cannot be refused: an error is a finding.
        const taken = await audit.take(step).catch((error: unknown) => [String(error)]);
        const found = [...taken, ...audit.disagreements()].at(0);
        if (found !== undefined) return found;
      }
      const found = (await audit.conclude()).at(0);
      if (found !== undefined) return found;
    }
    return null;
  } finally {
    await audit.close();
  }
}

Deno.test("the auditor and verify() find nothing where no bug is planted", async () => {
  expect(await firstFinding(null)).toBe(null);
});

for (const bug of PLANTED_BUGS) {
  Deno.test(`the auditor or verify() finds a planted bug in ${bug.where}: ${bug.name}`, async () => {
    expect(await firstFinding(bug)).not.toBe(null);
  });
}
