import { expect } from "expect";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram, type VaultProgram } from "@/lib/chain/program.ts";
import { letTimePass } from "@/tests/support/announced.ts";
import { apiTest, operator, ownerOf, SERVICE, signedIn } from "@/tests/support/api.ts";
import { alice, begin, census, sign, startTest, told } from "@/tests/support/beginning.ts";
import { events, key, logOf, PROGRAM, rawTransaction, signature } from "@/tests/support/raw_delivery.ts";

const bob = key("bob");

startTest("only the vault's own wallet begins and signs: no operator, no secret key, nobody else", async (api) => {
  const deposit = { type: "deposit", amount: "5" };
  const strangers: [HeadersInit, string][] = [
    [{}, "401 unauthorized"],
    [SERVICE, "403 owner_only"],
    [await operator(), "403 owner_only"],
    [await ownerOf(bob), "403 owner_only"],
    [await signedIn({ claims: { user_metadata: { wallet_address: alice } } }), "403 owner_only"],
    [await signedIn({ claims: { wallet_address: bob, app_metadata: { role: "ops" } } }), "403 owner_only"],
    [await signedIn({ claims: { wallet_address: alice }, expiresIn: -60 }), "401 unauthorized"],
  ];
  for (const [headers, refusal] of strangers) expect(told(await begin(api, deposit, { headers }))).toBe(refusal);
  expect(await census(api)).toBe(0);
  const { body: { announced: { id } } } = await begin(api, deposit);
  for (const [headers, refusal] of strangers.slice(0, 3)) {
    expect(told(await sign(api, id, signature("x"), headers))).toBe(refusal);
  }
  // Whether there is such a row is told to nobody else.
  const unknown = await sign(api, crypto.randomUUID(), signature("x"), await ownerOf(bob));
  const foreign = await sign(api, id, signature("x"), await ownerOf(bob));
  expect([told(unknown), told(foreign)]).toEqual(["404 transaction_unknown", "404 transaction_unknown"]);
  expect(foreign.body.error.message.replace(id, "")).toBe(
    unknown.body.error.message.replace(unknown.body.error.details.id, ""),
  );
  expect((await api.sql`select from public.transactions where submitted_signature is not null`).length).toBe(0);
});

startTest("what is not as it must be is refused by its field", async (api) => {
  const bodies: [unknown, string][] = [
    ["", "400 body_invalid the body"],
    ["{", "400 body_invalid the body"],
    ["[]", "400 body_invalid json"],
    [{}, "400 body_invalid type"],
    [{ type: "fee", amount: "1" }, "400 body_invalid type"],
    [{ type: "deposit" }, "400 body_invalid amount"],
    [{ type: "deposit", amount: 5 }, "400 body_invalid amount"],
    [{ type: "deposit", amount: "-5" }, "400 body_invalid amount"],
    [{ type: "deposit", amount: "5.0" }, "400 body_invalid amount"],
    [{ type: "deposit", amount: "1e3" }, "400 body_invalid amount"],
    [{ type: "deposit", amount: "1".repeat(20) }, "400 body_invalid amount"],
    [{ type: "deposit", amount: "5", to: bob }, "400 body_invalid to"],
    [{ type: "initialize", amount: "5" }, "400 body_invalid amount"],
    [{ type: "deposit", amount: "0" }, "422 amount_out_of_range"],
    [{ type: "deposit", amount: "9223372036854775808" }, "422 amount_out_of_range"],
    [{ type: "withdrawal", amount: "101" }, "422 amount_not_available"],
    [{ type: "deposit", amount: "5", padding: "x".repeat(5000) }, "413 body_too_large"],
  ];
  for (const [body, refusal] of bodies) expect([body, told(await begin(api, body))]).toEqual([body, refusal]);
  const deposit = { type: "deposit", amount: "5" };
  const missing = await begin(api, deposit, { idempotencyKey: null });
  expect([told(missing), missing.body.error.details.problem]).toEqual([
    "400 parameter_invalid idempotency-key",
    "is required",
  ]);
  for (const wrong of ["a b", "x".repeat(256)]) {
    expect(told(await begin(api, deposit, { idempotencyKey: wrong }))).toBe("400 parameter_invalid idempotency-key");
  }
  expect(told(await begin(api, deposit, { owner: "x" }))).toBe("400 parameter_invalid owner");
  expect(told(await sign(api, "x", signature("s")))).toBe("400 parameter_invalid id");
  expect(told(await sign(api, crypto.randomUUID(), "x"))).toBe("400 body_invalid signature");
  expect(await census(api)).toBe(0);
  const most = await begin(api, { type: "deposit", amount: "9223372036854775807" });
  expect([most.status, most.body.announced.amount]).toEqual([200, "9223372036854775807"]);
});

startTest("PUT /api/transactions/:id/signature tells each way in which it cannot be", async (api) => {
  const ids: string[] = [];
  for (const amount of ["1", "2"]) {
    ids.push((await begin(api, { type: "deposit", amount }, { idempotencyKey: amount })).body.announced.id);
  }
  const [one = "", two = ""] = ids;
  const signed = await sign(api, one, signature("one"));
  expect([signed.status, signed.body]).toMatchObject([200, {
    id: one,
    status: "pending",
    submitted_signature: signature("one"),
  }]);
  expect(told(await sign(api, one, signature("one")))).toBe("200");
  expect(told(await sign(api, one, signature("other")))).toBe("409 signature_attached");
  expect(told(await sign(api, two, signature("one")))).toBe("409 signature_taken");
  expect(told(await sign(api, crypto.randomUUID(), signature("x")))).toBe("404 transaction_unknown");
  await letTimePass(api.sql);
  expect(told(await sign(api, two, signature("two")))).toBe("409 transaction_expired");
});

startTest("while the vault or the protocol is paused nothing begins, nor beyond 20 at once", async (api) => {
  const deposit = { type: "deposit", amount: "5" };
  const withStatus = async (status: string): Promise<void> => {
    await api.sql.begin(async (sql) => {
      await sql`set local role vaultbook_ledger`;
      await sql`update public.vaults set status = ${status} where owner = ${alice}`;
    });
  };
  await withStatus("paused");
  expect(told(await begin(api, deposit))).toBe("409 vault_paused");
  await withStatus("active");
  await api.deliver(rawTransaction({ signature: signature("pause"), slot: 5, logs: logOf(events.pause(true)) }));
  expect(told(await begin(api, deposit))).toBe("409 protocol_paused");
  await api.deliver(rawTransaction({ signature: signature("resume"), slot: 6, logs: logOf(events.pause(false)) }));
  for (let i = 0; i < 20; i++) expect((await begin(api, deposit, { idempotencyKey: `${i}` })).status).toBe(200);
  expect(told(await begin(api, deposit, { idempotencyKey: "21" }))).toBe("429 too_many_pending");
});

startTest(
  "without an answer of the chain nothing is announced, and which node it is stays with us",
  async (api, node) => {
    const deposit = { type: "deposit", amount: "5" };
    node.faults.on("hang", { share: 1 });
    const started = performance.now();
    const refused = await begin(api, deposit);
    expect([told(refused), refused.headers.get("retry-after")]).toEqual(["503 chain_unavailable", "5"]);
    expect(performance.now() - started).toBeLessThan(8_000);
    const { host, port } = new URL(node.url);
    expect([JSON.stringify(refused.body).includes(port), api.lines.join("\n").includes(host)]).toEqual([false, true]);
    expect(await census(api)).toBe(0);
    node.faults.off();
    expect(told(await begin(api, deposit))).toBe("200");
  },
);

/** The program as it would be if its `deposit` took these accounts too. */
function programThatTakes(...accounts: readonly Record<string, unknown>[]): VaultProgram {
  const changed = structuredClone(idl) as { instructions: { name: string; accounts: unknown[] }[] };
  changed.instructions.find(({ name }) => name === "deposit")?.accounts.push(...accounts);
  return compileProgram(PROGRAM, changed, mapping);
}

startTest(
  "what the IDL does not tell of is not begun, and everything else is",
  async (api) => {
    const refused = await begin(api, { type: "deposit", amount: "5" });
    expect(told(refused)).toBe("503 instruction_unsupported oracle");
    expect(refused.body.error.details).toMatchObject({ instruction: "deposit" });
    expect(await census(api)).toBe(0);
    expect(told(await begin(api, { type: "withdrawal", amount: "5" }))).toBe("200");
  },
  { program: programThatTakes({ name: "oracle" }) },
);

startTest(
  "what takes more bytes than a transaction has room for is not begun",
  async (api) => {
    expect(told(await begin(api, { type: "deposit", amount: "5" }))).toBe("503 instruction_unsupported its accounts");
    expect(await census(api)).toBe(0);
    expect(told(await begin(api, { type: "withdrawal", amount: "5" }))).toBe("200");
  },
  {
    program: programThatTakes(...Array.from({ length: 40 }, (_, n) => ({ name: `market_${n}`, address: key(`${n}`) }))),
  },
);

apiTest("without SOLANA_RPC_URL nothing begins", async (api) => {
  await api.deliver(rawTransaction({ slot: 1, logs: logOf(events.initialise(alice)) }));
  expect(told(await begin(api, { type: "deposit", amount: "5" }))).toBe("503 rpc_unconfigured");
  expect(await census(api)).toBe(0);
});

startTest("whoever begins, signs or asks for the past too often waits, and nobody else does", async (api) => {
  await api.sql`update public.rate_limits set most = 2, period = '1 hour'`;
  const deposit = { type: "deposit", amount: "5" };
  const { body: { announced: { id } } } = await begin(api, deposit);
  expect(told(await sign(api, id, signature("s")))).toBe("200");
  for (const refused of [await begin(api, deposit), await sign(api, id, signature("s"))]) {
    expect(told(refused)).toBe("429 rate_limited");
    const wait = Number(refused.headers.get("retry-after"));
    expect([wait > 1700 && wait <= 1800, refused.body.error.details.retry_after_seconds]).toEqual([true, wait]);
  }
  const past = async (path: string, headers: HeadersInit): Promise<string> =>
    told(await api.ask(`/vaults/${alice}${path}`, headers));
  expect(await past("/balance", await ownerOf(alice))).toBe("200");
  expect(await past("/snapshots", await ownerOf(alice))).toBe("200");
  expect(await past("/balance", await ownerOf(alice))).toBe("429 rate_limited");
  expect(await past("/snapshots", await ownerOf(alice))).toBe("429 rate_limited");
  expect(await past("/balance", await operator())).toBe("200");
  const [written] = await api.sql`select count(*)::integer as count from vaultbook.allowances`;
  // What is cheap is not counted, and the service and the webhook never wait.
  for (let i = 0; i < 5; i++) {
    expect(await past("", await ownerOf(alice))).toBe("200");
    expect(await past("/transactions", await ownerOf(alice))).toBe("200");
    expect(await past("/balance", SERVICE)).toBe("200");
    expect((await api.post("[]")).status).toBe(200);
    expect((await api.post("[]", { authorization: "wrong" })).status).toBe(401);
  }
  expect((await api.sql`select count(*)::integer as count from vaultbook.allowances`)[0]).toEqual(written);
});
