/**
 * Who sees and changes what, asked of the database itself: every identity that the Data API can take on × every relation,
 * column and function of the catalog × every verb of SQL. Whatever REST, Realtime or GraphQL would ask ends here.
 *
 * @module
 */
import type { ReservedSql } from "postgres";
import { expect } from "expect";
import { showFigure } from "@/tests/support/isolation/figures.ts";
import { answersOf, ATTEMPT, type Attempt, attemptOf, attemptsOn } from "@/tests/support/isolation/attempts.ts";
import { relationsOf, routinesOf, schemasOf, wholeOf } from "@/tests/support/isolation/catalog.ts";
import { identitiesOf } from "@/tests/support/isolation/identities.ts";
import { foreignTo, leaksIn, plantTenants, type Tenants } from "@/tests/support/isolation/tenants.ts";
import { openTestPlatform } from "@/tests/support/platform.ts";

/** Fewer cells than this, and something is not looked at any more that once was. */
const CELLS_AT_LEAST = 94_000;

/** What clients may do beside reading, to the letter: operators turn seven columns of the alert rules. */
const CHANGES = [
  "operator: select for update public.alert_rules",
  ...["severity", "enabled", "threshold", "cooldown", "told_per_minute", "escalate_after", "escalate_to"].map((
    column,
  ) => `operator: update ${column} of public.alert_rules`),
];

/** pg_net gives its own tables to everybody, also when hosted; its schema is exposed to nobody, which the REST matrix holds. */
const OF_PG_NET = / net\._http_response$/;

/** What the policies ask, everybody they hold for may ask: it tells the own claims, and changes nothing. */
const OF_POLICIES = /: call vaultbook\.(first|last)_visible_owner\(\)$/;

/** Holes as a hurried migration makes them. */
const HOLES = [
  'alter policy "Owners see their own vault, operators all" on public.vaults using (true)',
  "alter view public.vault_ledger reset (security_invoker)",
  "alter table public.reconciliation_logs disable row level security",
  "grant select on vaultbook.deliveries to authenticated; grant usage on schema vaultbook to authenticated; " +
  'create policy "Hole" on vaultbook.deliveries using (true)',
  `create policy "Hole" on public.alerts to anon using (true); grant select on public.alerts to anon`,
  `create function public.hole() returns setof public.transactions language sql security definer
     as 'select * from public.transactions'; grant execute on function public.hole() to anon`,
];

/** A migrated book with canaries, and one connection of a superuser to become anybody on. */
async function onPlantedBook(work: (sql: ReservedSql, tenants: Tenants) => Promise<void>): Promise<void> {
  const platform = await openTestPlatform();
  try {
    const tenants = await plantTenants(platform);
    const sql = await platform.database.admin.reserve();
    try {
      await sql.unsafe(ATTEMPT).simple();
      await work(sql, tenants);
    } finally {
      sql.release();
    }
  } finally {
    await platform.close();
  }
}

/** Every attempt on everything that the catalog names. */
async function everyAttempt(sql: ReservedSql): Promise<Attempt[]> {
  return [
    ...(await relationsOf(sql, await schemasOf(sql))).flatMap(attemptsOn),
    ...(await routinesOf(sql, ["public", "vaultbook"])).map(attemptOf),
  ];
}

/** What everybody was given that is somebody else's, what they changed, how many cells that took, and what each saw of the own. */
async function judge(
  sql: ReservedSql,
  tenants: Tenants,
  attempts: readonly Attempt[],
): Promise<{ leaks: string[]; changes: string[]; cells: number; own: Map<string, Set<string>> }> {
  const [leaks, changes, own]: [string[], string[], Map<string, Set<string>>] = [[], [], new Map()];
  const identities = identitiesOf(tenants);
  for (const identity of identities) {
    const foreign = foreignTo(tenants, ...identity.sees);
    const mine = identity.sees.flatMap((tenant) => tenants.canaries[tenant]);
    const seen = new Set<string>();
    own.set(identity.name, seen);
    const answers = await answersOf(sql, identity, attempts);
    for (const [index, { what, isWrite, sql: statement }] of attempts.entries()) {
      const answer = answers[index] ?? "";
      const found = leaksIn(answer, statement, foreign);
      if (found.length > 0) leaks.push(`${identity.name}: ${what}: ${found}`);
      for (const canary of mine) if (answer.includes(canary)) seen.add(canary);
      if (isWrite && /^done [^0]/.test(answer)) changes.push(`${identity.name}: ${what}`);
    }
  }
  return { leaks, changes, cells: identities.length * attempts.length, own };
}

Deno.test("row 46: in SQL, no identity × relation × column × verb gives or changes anything of anybody else's", () =>
  onPlantedBook(async (sql, tenants) => {
    const whole = await wholeOf(sql, await relationsOf(sql, ["public", "vaultbook"]));
    expect(Object.values(tenants.canaries).flat().filter((canary) => !whole.includes(canary))).toEqual([]);

    const { leaks, changes, cells, own } = await judge(sql, tenants, await everyAttempt(sql));
    showFigure(`${cells} cells, ${leaks.length} foreign canaries`);
    expect(leaks).toEqual([]);
    expect(changes.filter((change) => !OF_PG_NET.test(change) && !OF_POLICIES.test(change))).toEqual(CHANGES);
    expect(cells).toBeGreaterThanOrEqual(CELLS_AT_LEAST);
    // Who may see, does: else all of this would hold of an empty database.
    for (const name of ["alice", "bob"]) expect(own.get(name)?.size).toBeGreaterThan(10);
    expect(own.get("operator")?.size).toBeGreaterThan(25);
  }));

Deno.test(`row 46: the SQL matrix finds each of ${HOLES.length} planted holes`, () =>
  onPlantedBook(async (sql, tenants) => {
    for (const hole of HOLES) {
      await sql.unsafe(`begin; ${hole}`).simple();
      const attempts = (await everyAttempt(sql)).filter(({ what }) => /^(select|call) \S+$/.test(what));
      await sql.unsafe("commit").simple();
      const { leaks } = await judge(sql, tenants, attempts);
      expect([hole, leaks.length > 0]).toEqual([hole, true]);
      await sql.unsafe(`
        alter policy "Owners see their own vault, operators all" on public.vaults using (false);
        alter view public.vault_ledger set (security_invoker = true);
        alter table public.reconciliation_logs enable row level security;
        revoke all on vaultbook.deliveries from authenticated;
        revoke all on public.alerts from anon;
        drop function if exists public.hole()`).simple();
    }
  }));
