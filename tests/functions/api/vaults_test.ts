import { expect } from "expect";
import {
  type Answer,
  apiTest,
  operator,
  ownerOf,
  SECRET_KEY,
  SERVICE,
  signedIn,
  type TestApi,
} from "@/tests/support/api.ts";
import { events, key, logOf, rawTransaction, signature, vaultOf } from "@/tests/support/raw_delivery.ts";

const [alice, bob] = [key("alice"), key("bob")];

/** Alice's vault with so many deposits of 1, 2, 3 … base units, one a slot from slot 2 on; and bob's, empty. */
async function openBook({ deliver }: TestApi, deposits = 1): Promise<void> {
  let total = 0n;
  await deliver(
    rawTransaction({
      signature: signature("open"),
      slot: 1,
      logs: logOf(events.initialise(alice), events.initialise(bob)),
    }),
    ...Array.from({ length: deposits }, (_, i) => {
      total += BigInt(i + 1);
      return rawTransaction({
        signature: signature(`d${i}`),
        slot: i + 2,
        logs: logOf(events.deposit(alice, BigInt(i + 1), total)),
      });
    }),
  );
}

/** Amounts of all pages, in the order of the pages. */
async function walk(
  api: TestApi,
  path: string,
  between: (page: number) => Promise<void> = async () => {},
): Promise<string[]> {
  const headers = await ownerOf(alice);
  const amounts: string[] = [];
  let cursor: string | null = null;
  for (let page = 0; page === 0 || cursor !== null; page++) {
    const { status, body }: Answer = await api.ask(`${path}${cursor === null ? "" : `&cursor=${cursor}`}`, headers);
    expect(status).toBe(200);
    amounts.push(...body.transactions.map(({ amount }: { amount: string }) => amount));
    cursor = body.next_cursor;
    await between(page);
  }
  return amounts;
}

apiTest(
  "GET /api/vaults/:owner gives the owner, an operator and the service the same vault, amounts as text",
  async (api) => {
    await openBook(api, 3);
    const answers = await Promise.all([
      api.ask(`/vaults/${alice}`, await ownerOf(alice)),
      api.ask(`/vaults/${alice}`, await operator()),
      api.ask(`/vaults/${alice}`, SERVICE),
      api.ask(`/vaults/${alice}`, { authorization: `Bearer ${SECRET_KEY}` }),
    ]);
    for (const { status, body } of answers) {
      expect([status, body]).toEqual([200, {
        owner: alice,
        vault_address: vaultOf(alice).vault,
        token_account: vaultOf(alice).tokenAccount,
        status: "active",
        total_balance: "6",
        locked_balance: "0",
        available_balance: "6",
        total_deposited: "6",
        total_withdrawn: "0",
        created_at: expect.any(String),
        updated_at: expect.any(String),
      }]);
    }
  },
);

apiTest("GET /api/vaults/:owner tells of nobody else's vault whether there is one", async (api) => {
  await openBook(api);
  const errors = [];
  for (const owner of [bob, key("nobody")]) {
    for (const path of ["", "/transactions"]) {
      const { status, body } = await api.ask(`/vaults/${owner}${path}`, await ownerOf(alice));
      errors.push([status, body.error.code, body.error.message.replace(owner, "…"), Object.keys(body.error.details)]);
    }
  }
  for (const error of errors) expect(error).toEqual(errors[0]);
  expect(errors[0]?.slice(0, 2)).toEqual([403, "forbidden"]);
  const own = await api.ask(`/vaults/${key("nobody")}`, await ownerOf(key("nobody")));
  expect([own.status, own.body.error.code]).toEqual([404, "vault_unknown"]);
  const page = await api.ask(`/vaults/${key("nobody")}/transactions`, SERVICE);
  expect([page.status, page.body.error.code]).toEqual([404, "vault_unknown"]);
});

apiTest("row 52: a token that proves nothing is refused, whatever it claims", async (api) => {
  await openBook(api);
  const claims = { wallet_address: alice };
  const { privateKey } = await (await import("jose")).generateKeyPair("ES256");
  const base64 = (part: unknown): string => btoa(JSON.stringify(part)).replaceAll("=", "");
  const unsigned = `${base64({ alg: "none" })}.${
    base64({ sub: "x", role: "authenticated", exp: 9_999_999_999, ...claims })
  }.`;
  const refused: [string, HeadersInit][] = [
    ["nothing", {}],
    ["the publishable key", { apikey: "sb_publishable_x" }],
    ["another secret key", { apikey: `${SECRET_KEY}x` }],
    ["no token", { authorization: "Bearer " }],
    ["alg none", { authorization: `Bearer ${unsigned}` }],
    ["another key", await signedIn({ claims, key: privateKey })],
    ["expired", await signedIn({ claims, expiresIn: -60 })],
    ["another project's issuer", await signedIn({ claims, issuer: "http://other.test/auth/v1" })],
    ["another audience", await signedIn({ claims, audience: "other" })],
    ["not valid yet", await signedIn({ claims: { ...claims, nbf: Math.floor(Date.now() / 1000) + 60 } })],
    ["service_role", await signedIn({ claims: { ...claims, role: "service_role" } })],
    ["anon", await signedIn({ claims: { ...claims, role: "anon" } })],
    ["no subject", await signedIn({ claims: { ...claims, sub: "" } })],
  ];
  for (const [name, headers] of refused) {
    const { status, body } = await api.ask(`/vaults/${alice}`, headers);
    expect([name, status, body?.error?.code, body?.error?.details]).toEqual([name, 401, "unauthorized", {}]);
  }
});

apiTest("row 51: user_metadata counts for nothing, and a user without a wallet sees nothing", async (api) => {
  await openBook(api);
  const spoofed = { user_metadata: { wallet_address: alice, role: "ops" } };
  for (const headers of [await signedIn(), await signedIn({ claims: spoofed })]) {
    expect((await api.ask(`/vaults/${alice}`, headers)).status).toBe(403);
    expect((await api.ask("/alerts", headers)).body).toEqual({ alerts: [], next_cursor: null });
  }
});

apiTest("GET /api/vaults/:owner/transactions pages through the chain, stable while rows come in", async (api) => {
  await openBook(api, 25);
  const all = Array.from({ length: 25 }, (_, i) => String(25 - i));
  expect(await walk(api, `/vaults/${alice}/transactions?limit=7`)).toEqual(all);
  const later = await walk(api, `/vaults/${alice}/transactions?limit=7`, async (page) => {
    // A new one at the tip, and one that arrives late: 1 000 + page in the middle of what has not been shown, or has.
    const paid = (name: string, slot: number, amount: bigint) =>
      rawTransaction({ signature: signature(name), slot, index: 5, logs: logOf(events.deposit(alice, amount, 1n)) });
    const [tip, late] = [
      paid(`tip${page}`, 100 + page, 500n),
      paid(`late${page}`, 20 - 3 * page, 1000n + BigInt(page)),
    ];
    if (page < 3) await api.deliver(tip, late);
  });
  expect(later.filter((amount) => all.includes(amount))).toEqual(all);
  expect(new Set(later).size).toBe(later.length);
});

apiTest("GET /api/vaults/:owner/transactions puts what is pending first, and what never came last", async (api) => {
  await openBook(api, 2);
  const open = async (key: string, amount: number, seconds: number): Promise<void> => {
    await api
      .sql`select vaultbook.open_pending(${alice}, 'deposit', ${amount}, ${key}, ${seconds} * interval '1 second')`;
  };
  await open("gone", 71, -1);
  await open("gone too", 72, -1);
  await open("first", 81, 600);
  await open("second", 82, 600);
  await api.sql`select vaultbook.expire_pending(10)`;
  const all = ["82", "81", "2", "1", "72", "71"];
  for (const limit of [1, 2, 3, 4, 6, 7]) {
    expect(await walk(api, `/vaults/${alice}/transactions?limit=${limit}`)).toEqual(all);
  }
});

apiTest("GET /api/vaults/:owner/transactions filters by type, status and time", async (api) => {
  await api.deliver(
    rawTransaction({
      slot: 1,
      blockTime: 1_700_000_000,
      logs: logOf(events.initialise(alice), events.initialise(bob)),
    }),
    rawTransaction({
      signature: signature("a"),
      slot: 2,
      blockTime: 1_700_000_100,
      logs: logOf(events.deposit(alice, 50n, 50n)),
    }),
    rawTransaction({
      signature: signature("b"),
      slot: 3,
      blockTime: 1_700_000_200,
      logs: logOf(events.withdraw(alice, 5n, 45n)),
    }),
    rawTransaction({
      signature: signature("c"),
      slot: 4,
      blockTime: 1_700_000_300,
      logs: logOf(events.transfer(alice, bob, 7n, 0)),
    }),
    rawTransaction({
      signature: signature("d"),
      slot: 5,
      blockTime: 1_700_000_400,
      logs: logOf(events.transfer(alice, alice, 2n, 0)),
    }),
  );
  const of = (query: string): Promise<string[]> => walk(api, `/vaults/${alice}/transactions?limit=1&${query}`);
  expect(await of("")).toEqual(["2", "2", "7", "5", "50"]);
  expect(await of("type=withdrawal,transfer_out")).toEqual(["2", "7", "5"]);
  expect(await of("status=confirmed")).toHaveLength(5);
  expect(await of("status=failed")).toEqual([]);
  const at = (seconds: number): string => encodeURIComponent(new Date(seconds * 1000).toISOString());
  expect(await of(`from=${at(1_700_000_200)}&to=${at(1_700_000_300)}`)).toEqual(["5"]);
  expect(await of(`from=${encodeURIComponent("2023-11-15T00:00:00+02:00")}`)).toEqual(["2", "2", "7", "5", "50"]);
});

apiTest("parameters that are not as they must be are refused with their name", async (api) => {
  await openBook(api);
  const refused: [string, string][] = [
    [`/vaults/alice`, "owner"],
    [`/vaults/${alice.slice(4)}`, "owner"],
    [`/vaults/${alice}?owner=x`, "owner"],
    [`/vaults/${alice}/transactions?limit=0`, "limit"],
    [`/vaults/${alice}/transactions?limit=201`, "limit"],
    [`/vaults/${alice}/transactions?limit=1.5`, "limit"],
    [`/vaults/${alice}/transactions?limit=x`, "limit"],
    [`/vaults/${alice}/transactions?type=deposit,gift`, "type.1"],
    [`/vaults/${alice}/transactions?status=done`, "status"],
    [`/vaults/${alice}/transactions?from=yesterday`, "from"],
    [`/vaults/${alice}/transactions?to=9999-12-31T23:59:59Z`, "to"],
    [`/vaults/${alice}/transactions?cursor=e30`, "cursor"],
    [`/vaults/${alice}/transactions?cursor=%00`, "cursor"],
    [`/vaults/${alice}/transactions?select=*`, "select"],
    [`/vaults/${alice}/snapshots?interval=week`, "interval"],
    [`/vaults/${alice}/snapshots?type=hourly`, "type"],
    [`/vaults/${alice}/balance?at=noon`, "at"],
    [`/vaults/${alice}/snapshots?limit=9`, "limit"],
    ["/tvl?x=1", "x"],
    ["/tvl/history?limit=2001", "limit"],
    ["/alerts?severity=loud", "severity"],
    ["/alerts?acknowledged=yes", "acknowledged"],
    ["/alerts?type='", "type"],
    ["/alerts?cursor=eyJjcmVhdGVkQXQiOiJ4In0", "cursor"],
  ];
  for (const [path, field] of refused) {
    const { status, body } = await api.ask(path, SERVICE);
    expect([path, status, body?.error?.code, body?.error?.details?.field]).toEqual([
      path,
      400,
      "parameter_invalid",
      field,
    ]);
    expect(body.error.message).toContain(field);
  }
});
