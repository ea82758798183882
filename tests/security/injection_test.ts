/**
 * Text that would be SQL if anybody let it, in every parameter of the API and at every relation of REST.
 *
 * @module
 */
import { expect } from "expect";
import { showFigure } from "@/tests/support/isolation/figures.ts";
import { callersOf } from "@/tests/support/isolation/callers.ts";
import { digestsOf, type Relation, relationsOf } from "@/tests/support/isolation/catalog.ts";
import { naughtyStrings } from "@/tests/support/isolation/naughty.ts";
import { foreignTo, leaksIn, plantTenants } from "@/tests/support/isolation/tenants.ts";
import { openTestPlatform } from "@/tests/support/platform.ts";
import { chosenSeed, generator } from "@/tests/support/seeded.ts";

const q = encodeURIComponent;

/** Each text in each path parameter of the API, and in one of the query's parameters at each endpoint. */
function apiPaths(owner: string, naughty: readonly string[], dice: () => number): string[] {
  const api = "/functions/v1/api";
  const own = `${api}/vaults/${owner}`;
  const one = (...names: string[]): string => names[dice() % names.length] ?? "";
  const position = (id: string): string => btoa(JSON.stringify({ at: "chain", slot: 1, place: [0, 0, true], id }));
  return naughty.flatMap((text) => [
    `${api}/vaults/${q(text)}`,
    `${own}/balance?at=${q(text)}`,
    `${own}/snapshots?${one("type", "from", "to", "interval")}=${q(text)}`,
    `${own}/transactions?${one("type", "status", "from", "to", "cursor", "limit")}=${q(text)}`,
    `${own}/transactions?cursor=${q(position(text.slice(0, 500).replace(/[^ -~]/g, "?")))}`,
    `${api}/alerts?${one("severity", "type", "acknowledged", "cursor", "limit")}=${q(text)}`,
    `${api}/tvl/history?${one("from", "to", "interval", "limit")}=${q(text)}`,
    `${api}/${q(text)}`,
  ]);
}

/** Some of the texts in each place that a relation of REST has for a client's words. */
function restPaths(relations: readonly Relation[], naughty: readonly string[], dice: () => number): string[] {
  const some = (many: number): string[] => Array.from({ length: many }, () => naughty[dice() % naughty.length] ?? "'");
  return relations.flatMap(({ name, columns }) => [
    ...columns.flatMap((column) =>
      some(1).flatMap((text) => [`/rest/v1/${name}?${column}=eq.${q(text)}`, `/rest/v1/${name}?${column}=${q(text)}`])
    ),
    ...some(4).flatMap((text) => [
      `/rest/v1/${name}?select=${q(text)}`,
      `/rest/v1/${name}?order=${q(text)}`,
      `/rest/v1/${name}?or=(${q(text)})`,
      `/rest/v1/${name}?limit=${q(text)}`,
      `/rest/v1/${name}?${q(text)}=eq.1`,
    ]),
  ]);
}

Deno.test("row 49: no text in any parameter of the API or of REST runs as SQL, fails the server, or shows a foreign row", async () => {
  const seed = chosenSeed();
  const random = generator(seed);
  const dice = (): number => Math.floor(random() * 2 ** 31);
  const platform = await openTestPlatform();
  try {
    const tenants = await plantTenants(platform);
    const { admin } = platform.database;
    const relations = await relationsOf(admin, ["public"]);
    const tables = relations.filter(({ name }) => !name.startsWith("job_"));
    const before = await digestsOf(admin, tables);
    const caller = (await callersOf(platform, tenants)).find(({ name }) => name === "alice");
    if (!caller) throw new Error("Alice is not there");
    const naughty = naughtyStrings(dice);
    const paths = [...apiPaths(tenants.alice.address, naughty, dice), ...restPaths(relations, naughty, dice)];
    const wrong: string[] = [];
    const queue = paths[Symbol.iterator]();
    await Promise.all(Array.from({ length: 8 }, async () => {
      for (const path of queue) {
        const response = await fetch(`${platform.url}${path}`, { headers: caller.headers });
        const text = [...response.headers].flat().join(" ") + await response.text();
        const leaks = leaksIn(text, path, foreignTo(tenants, "alice"));
        if (response.status >= 500 || leaks.length > 0) {
          wrong.push(`${response.status} ${path.slice(0, 300)} ${leaks} ${text.slice(0, 300)}`);
        }
      }
    }));
    showFigure(`${paths.length} requests, ${naughty.length} texts, SEED=${seed}`);
    expect(wrong).toEqual([]);
    expect(await digestsOf(admin, tables)).toEqual(before);
    const [pwned] = await admin`select to_regclass('public.pwned') is not null as is_there`;
    expect(pwned?.is_there).toBe(false);
    expect(paths.length).toBeGreaterThanOrEqual(1_500);
  } finally {
    await platform.close();
  }
});
