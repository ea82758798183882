import { expect } from "expect";
import fc from "fast-check";
import { openRestFixture, type RestFixture } from "./rest_fixture.ts";

let fixture: RestFixture;
Deno.test.beforeAll(async () => {
  fixture = await openRestFixture();
  await fixture.db.admin.unsafe(`
    create table public.exact (id int primary key, amount bigint, big numeric, fixed numeric(78, 18), at timestamptz,
                               data jsonb, raw json);
    grant all on public.exact to anon`).simple();
  await fixture.rest.reload();
});
Deno.test.afterAll(async () => {
  await fixture.close();
});

const MAX = 9223372036854775807n;
const int8 = fc.oneof(fc.bigInt({ min: -MAX - 1n, max: MAX }), fc.constantFrom(MAX, -MAX - 1n, 9007199254740993n, 0n));
const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: 60 });

/** A numeric as PostgreSQL writes it: no leading zeros, scale kept. */
const numeric = fc.tuple(fc.boolean(), digits, fc.option(digits)).map(([negative, whole, fraction]) => {
  const number = `${whole.replace(/^0+(?=\d)/, "")}${fraction === null ? "" : `.${fraction}`}`;
  return negative && /[1-9]/.test(number) ? `-${number}` : number;
});

async function send(method: string, path: string, body?: string): Promise<string> {
  const response = await fixture.request("anon", path, {
    method,
    ...(body === undefined ? {} : { body }),
    headers: { "content-type": "application/json", prefer: "return=representation, resolution=merge-duplicates" },
  });
  const text = await response.text();
  expect({ text, ok: response.ok }).toEqual({ text, ok: true });
  return text;
}

Deno.test("int8 and numeric keep every digit through insert, update, upsert, filter, call and answer", async () => {
  await fc.assert(
    fc.asyncProperty(int8, numeric, fc.boolean(), async (amount, big, asString) => {
      const value = (one: bigint | string): string => (asString ? `"${one}"` : `${one}`);
      const row = `{"id":1,"amount":${value(amount)},"big":${value(big)}}`;
      const shown = `[{"amount":${amount},"big":${big}}]`;
      expect(await send("POST", "exact?select=amount,big", row)).toBe(shown);
      expect(await send("POST", "exact?select=amount,big&columns=id,amount,big", `[${row}]`)).toBe(shown);
      expect(await send("PATCH", "exact?select=amount,big&id=eq.1", row)).toBe(shown);
      expect(await send("GET", `exact?select=amount,big&amount=eq.${amount}&big=eq.${big}`)).toBe(shown);
      expect(await send("GET", `exact?select=amount,big&or=(amount.in.(${amount}),big.eq.${big})`)).toBe(shown);
      const texts = `[{"amount":"${amount}","big":"${big}"}]`;
      expect(await send("GET", "exact?select=amount::text,big::text")).toBe(texts);
      const argument = `{"x":${value(amount)},"y":${value(big)}}`;
      expect(await send("POST", "rpc/echo_exact", argument)).toBe(`[{"x":${amount},"y":${big}}]`);
      expect(await send("GET", `rpc/echo_exact?x=${amount}&y=${big}`)).toBe(`[{"x":${amount},"y":${big}}]`);
    }),
    { numRuns: 60 },
  );
});

Deno.test("numbers inside JSON columns keep every digit", async () => {
  const inside = '{"a":9007199254740993,"b":123456789012345678901234567890.50}';
  await send("POST", "exact", `{"id":2,"data":${inside},"raw":${inside}}`);
  expect(await send("GET", "exact?id=eq.2&select=raw,a:data->a,b:data->>b")).toBe(
    `[{"raw":${inside},"a":9007199254740993,"b":"123456789012345678901234567890.50"}]`,
  );
  expect(await send("POST", "rpc/take_json", inside)).toBe(inside);
});

Deno.test("defaults for missing keys leave the given values exact", async () => {
  const response = await fixture.request("anon", "exact?columns=id,amount,fixed&select=amount,fixed", {
    method: "POST",
    body:
      `{"id":3,"amount":${MAX},"fixed":"123456789012345678901234567890123456789012345678901234567890.123456789012345678"}`,
    headers: { "content-type": "application/json", prefer: "return=representation, missing=default" },
  });
  expect(await response.text()).toBe(
    `[{"amount":${MAX},"fixed":123456789012345678901234567890123456789012345678901234567890.123456789012345678}]`,
  );
});

Deno.test("timestamps keep their microseconds and come as ISO 8601", async () => {
  await send("POST", "exact", '{"id":4,"at":"2026-11-22T10:11:12.123456+02:00"}');
  expect(await send("GET", "exact?id=eq.4&select=at")).toBe('[{"at":"2026-11-22T08:11:12.123456+00:00"}]');
  expect(await send("GET", "exact?select=id&at=eq.2026-11-22T08:11:12.123456Z")).toBe('[{"id":4}]');
});

Deno.test("embedded rows and CSV are as exact as plain rows", async () => {
  expect(await send("GET", "clients?id=eq.1&select=projects(amount,budget,rate)&projects.order=id")).toBe(
    '[{"projects":[{"amount":9223372036854775807,"budget":123456789012345678901234567890123456789,"rate":1.50}, \n' +
      ' {"amount":-9223372036854775808,"budget":0,"rate":0.1}]}]',
  );
  const csv = await fixture.request("anon", "projects?id=eq.1&select=amount,budget,rate", {
    headers: { accept: "text/csv" },
  });
  expect(await csv.text()).toBe("amount,budget,rate\n9223372036854775807,123456789012345678901234567890123456789,1.50");
});

Deno.test("values out of range are refused and not rounded", async () => {
  for (const body of ['{"id":9,"amount":9223372036854775808}', '{"id":9,"amount":1.5}', '{"id":9,"amount":1e19}']) {
    const response = await fixture.request("anon", "exact", {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
    expect([body, response.status]).toEqual([body, 400]);
    expect((await response.json()).code).toMatch(/^22(003|P02)$/);
  }
  const filter = await fixture.request("anon", "exact?amount=eq.9223372036854775808");
  expect([filter.status, (await filter.json()).code]).toEqual([400, "22003"]);
});
