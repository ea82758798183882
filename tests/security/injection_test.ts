/**
 * Text that would be SQL if anybody let it, in every parameter of the API and at every relation of REST.
 *
 * @module
 */
import { expect } from "expect";
import { callersOf } from "@/tests/support/isolation/callers.ts";
import { digestsOf, relationsOf } from "@/tests/support/isolation/catalog.ts";
import { naughtyStrings } from "@/tests/support/isolation/naughty.ts";
import { foreignTo, leaksIn, plantTenants } from "@/tests/support/isolation/tenants.ts";
import { openTestPlatform } from "@/tests/support/platform.ts";
import { chosenSeed, generator } from "@/tests/support/seeded.ts";

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
    const some = (many: number): string[] =>
      Array.from({ length: many }, () => naughty[dice() % naughty.length] ?? "'");
    const q = encodeURIComponent;
    const paths: string[] = [];
    const api = `/functions/v1/api`;
    for (const text of naughty) {
      const own = `${api}/vaults/${tenants.alice.address}`;
      paths.push(
        `${api}/vaults/${q(text)}`,
        `${own}/balance?at=${q(text)}`,
        `${own}/snapshots?${["type", "from", "to", "interval"][dice() % 4]}=${q(text)}`,
        `${own}/transactions?${["type", "status", "from", "to", "cursor", "limit"][dice() % 6]}=${q(text)}`,
        `${own}/transactions?cursor=${
          q(btoa(
            JSON.stringify({
              at: "chain",
              slot: 1,
              place: [0, 0, true],
              id: text.slice(0, 500).replace(/[^\x20-\x7e]/g, "?"),
            }),
          ))
        }`,
        `${api}/alerts?${["severity", "type", "acknowledged", "cursor", "limit"][dice() % 5]}=${q(text)}`,
        `${api}/tvl/history?${["from", "to", "interval", "limit"][dice() % 4]}=${q(text)}`,
        `${api}/${q(text)}`,
      );
    }
    for (const { name, columns } of relations) {
      for (const column of columns) {
        for (const text of some(2)) {
          paths.push(`/rest/v1/${name}?${column}=eq.${q(text)}`, `/rest/v1/${name}?${column}=${q(text)}`);
        }
      }
      for (const text of some(6)) {
        paths.push(
          `/rest/v1/${name}?select=${q(text)}`,
          `/rest/v1/${name}?order=${q(text)}`,
          `/rest/v1/${name}?or=(${q(text)})`,
          `/rest/v1/${name}?limit=${q(text)}`,
          `/rest/v1/${name}?${q(text)}=eq.1`,
        );
      }
    }
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
    console.log(`${paths.length} requests, ${naughty.length} texts, SEED=${seed}`);
    expect(wrong).toEqual([]);
    expect(await digestsOf(admin, tables)).toEqual(before);
    const [pwned] = await admin`select to_regclass('public.pwned') is not null as is_there`;
    expect(pwned?.is_there).toBe(false);
    expect(paths.length).toBeGreaterThanOrEqual(1_500);
  } finally {
    await platform.close();
  }
});
