/**
 * Every column of every relation, written by everybody, alone and among others.
 *
 * @module
 */
import { expect } from "expect";
import { showFigure } from "@/tests/support/isolation/figures.ts";
import { callersOf } from "@/tests/support/isolation/callers.ts";
import { digestsOf, relationsOf, sampleOf } from "@/tests/support/isolation/catalog.ts";
import { plantTenants } from "@/tests/support/isolation/tenants.ts";
import { openTestPlatform } from "@/tests/support/platform.ts";

/** What is accepted, to the letter: operators turn the alert rules. */
const ACCEPTED = ["cooldown", "enabled", "escalate_after", "escalate_to", "severity", "threshold", "told_per_minute"]
  .map((column) => `operator: PATCH alert_rules.${column}`);

/** One of each kind; who is refused altogether is in tokens_test.ts. */
const WRITERS = /^(anon|alice|operator|no wallet|spoofed user_metadata)$/;

Deno.test("row 50: nobody writes a column by POST or PATCH, but operators seven of the alert rules", async () => {
  const platform = await openTestPlatform();
  try {
    const tenants = await plantTenants(platform);
    const { admin } = platform.database;
    const relations = await relationsOf(admin, ["public"]);
    const tables = relations.filter(({ name }) => !name.startsWith("job_"));
    const before = await digestsOf(admin, tables);
    const callers = (await callersOf(platform, tenants)).filter(({ name }) => WRITERS.test(name));
    const accepted: string[] = [];
    let cells = 0;
    for (const relation of relations) {
      const { name, columns } = relation;
      await Promise.all(callers.map(async (caller) => {
        const own = await sampleOf(
          admin,
          relation,
          tenants.alice.address,
        );
        const key = columns.find((column) => own[column] !== null && own[column] !== undefined) ?? columns[0] ?? "";
        for (const column of columns) {
          // What is there already: so nothing changes where it is let through, and it is the right that is asked about.
          const body = JSON.stringify({ [column]: own[column] ?? null });
          for (const method of ["POST", "PATCH"]) {
            cells += 1;
            const where = method === "PATCH" ? `?${key}=eq.${encodeURIComponent(String(own[key]))}` : "";
            const response = await fetch(`${platform.url}/rest/v1/${name}${where}`, {
              method,
              headers: { ...caller.headers, "content-type": "application/json", prefer: "return=representation" },
              body,
            });
            const text = await response.text();
            if (response.ok && text !== "[]") accepted.push(`${caller.name}: ${method} ${name}.${column}`);
          }
        }
      }));
    }
    showFigure(`${cells} cells, ${accepted.length} accepted`);
    expect(accepted.toSorted()).toEqual(ACCEPTED);
    expect(await digestsOf(admin, tables)).toEqual(before);
    expect(cells).toBeGreaterThanOrEqual(1_200);
  } finally {
    await platform.close();
  }
});

Deno.test("row 50: the API takes of a body nothing but what it names: an acknowledgement changes only what it is", async () => {
  const platform = await openTestPlatform();
  try {
    const { alice, bob } = await plantTenants(platform);
    const { admin } = platform.database;
    const caller = (await callersOf(platform, { alice, bob, canaries: { alice: [], bob: [], system: [] } })).find((
      { name },
    ) => name === "alice");
    const [before] = await admin<{ id: string; row: Record<string, unknown> }[]>`
      select id::text, to_jsonb(a) as row from public.alerts as a
       where vault_owner = ${alice.address} and alert_type = 'low_balance' and not acknowledged limit 1`;
    const given = {
      ...before?.row,
      vault_owner: bob.address,
      severity: "info",
      message: "mine",
      acknowledged_by: bob.address,
      id: crypto.randomUUID(),
    };
    const response = await fetch(`${platform.url}/functions/v1/api/alerts/${before?.id}/acknowledge`, {
      method: "POST",
      headers: { ...caller?.headers, "content-type": "application/json" },
      body: JSON.stringify(given),
    });
    await response.body?.cancel();
    const [after] = await admin<{ row: Record<string, unknown> }[]>`
      select to_jsonb(a) as row from public.alerts as a where id = ${before?.id ?? ""}::uuid`;
    const changed = Object.keys(after?.row ?? {}).filter((column) =>
      JSON.stringify(after?.row[column]) !== JSON.stringify(before?.row[column])
    );
    if (response.ok) {
      expect(changed.toSorted()).toEqual(["acknowledged", "acknowledged_at", "acknowledged_by"]);
      expect(after?.row.acknowledged_by).toBe(alice.address);
    } else {
      expect([response.status, changed]).toEqual([400, []]);
    }
  } finally {
    await platform.close();
  }
});
