/**
 * Every endpoint of `openapi.json`, its success and each of its errors, provoked through HTTP and held against the document.
 *
 * What an endpoint can answer is read from the document. An error that nobody here knows how to provoke fails the test: then it is
 * given a line in {@link PROVOCATIONS}.
 *
 * @module
 */
import { expect } from "expect";
import { type ErrorCode, ERRORS } from "@/lib/domain/errors.ts";
import { fieldsOf } from "@/tasks/check/error_table.ts";
import { type Answer, apiTest, ownerOf, SERVICE, type TestApi, WEBHOOK_SECRET } from "@/tests/support/api.ts";
import { descriptionOf, type Endpoint, endsInTheMiddle } from "@/tests/support/api_description.ts";
import { events, key, logOf, rawTransaction, signature } from "@/tests/support/raw_delivery.ts";

const [alice, bob] = [key("alice"), key("bob")];
const LARGE = 20_000_000_000n;
const WEBHOOK = "POST /api/webhooks/helius";

/** What an endpoint is asked, beside its method. */
interface Question {
  /** What stands for the names in its path; default alice, her alert, or what is in quarantine. */
  readonly names?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** Default: the service's, at the webhook its secret. */
  readonly headers?: HeadersInit;
  readonly method?: string;
  readonly body?: BodyInit;
  /** Default: JSON. */
  readonly mediaType?: string;
}

/** How an endpoint succeeds, where that takes more than asking it as the service about alice. */
const SUCCESSES: Readonly<Record<string, Question>> = {
  [WEBHOOK]: { body: "[]" },
  "POST /api/vaults/{owner}/transactions": {
    headers: { ...Object.fromEntries(await ownerOf(alice)), "idempotency-key": "one" },
    body: '{"type": "deposit", "amount": "1"}',
  },
  "PUT /api/transactions/{id}/signature": {
    headers: await ownerOf(alice),
    body: JSON.stringify({ signature: signature("one") }),
  },
  "POST /api/quarantine/{id}/replay": { body: '{"reason": "The IDL is another"}' },
  "POST /api/quarantine/{id}/resolve": { body: '{"reason": "Nobody knows what it was"}' },
};

/** How each code is provoked at any endpoint that has it; where that is not how, at `METHOD path code`. */
const PROVOCATIONS: Readonly<Record<string, (api: TestApi) => Question | Promise<Question>>> = {
  alert_unknown: () => ({ names: { id: crypto.randomUUID() } }),
  body_invalid: () => ({ body: "{" }),
  body_too_large: () => ({ body: new Uint8Array(11 * 1024 * 1024) }),
  body_unreadable: () => ({ body: endsInTheMiddle() }),
  forbidden: async () => ({ headers: await ownerOf(bob) }),
  item_settled: async ({ sql }) => {
    const [item] = await sql<{ id: string }[]>`select id::text from vaultbook.inbox where outcome = 'applied'`;
    return { names: { id: item?.id ?? "" } };
  },
  item_unknown: () => ({ names: { id: "987654" } }),
  media_type_unsupported: () => ({ body: "reason=x", mediaType: "application/x-www-form-urlencoded" }),
  method_not_allowed: () => ({ method: "PATCH" }),
  operators_only: async () => ({ headers: await ownerOf(bob) }),
  parameter_invalid: () => ({ query: "?nonsense=1" }),
  rate_limited: async ({ sql }) => {
    await sql`update public.rate_limits set most = 1, period = '1 hour' where activity = 'history'`;
    await sql`
      insert into vaultbook.allowances (activity, caller, used_until) values ('history', ${alice}, now() + interval '30 minutes')
      on conflict (activity, caller) do update set used_until = excluded.used_until`;
    return { headers: await ownerOf(alice) };
  },
  unauthorized: () => ({ headers: {} }),
  vault_unknown: () => ({ names: { owner: key("nobody") } }),
};

/** Endpoints that need a chain, and wallets that sign: of their answers only these are asked for here, the others in the tests that have one. */
const STAGED = ["POST /api/vaults/{owner}/transactions", "PUT /api/transactions/{id}/signature"];
const OF_STAGED: readonly string[] = [
  "body_invalid",
  "database_unavailable",
  "media_type_unsupported",
  "method_not_allowed",
];
const STAGE_TESTS = ["transactions_test.ts", "transactions_refused_test.ts"];

/** Errors of the state that everything is in at the end: the database is away. */
const LAST = "database_unavailable";

/** Codes that no described endpoint answers, by the test that tells of them elsewhere: at another path, in a job's report, in the ledger. */
const ELSEWHERE: Readonly<Record<string, readonly ErrorCode[]>> = {
  "functions/api/webhooks_test.ts": ["not_found"],
  "faults/alert_failure_test.ts": ["alerting_failed"],
  "functions/sweep/sweep_test.ts": ["job_taken_over"],
  "lib/chain/rpc_test.ts": ["rpc_behind", "rpc_out_of_time", "rpc_rate_limited", "rpc_slot_missing", "rpc_unavailable"],
  "lib/chain/rpc_transport_test.ts": ["rpc_answer_invalid", "rpc_refused", "rpc_version_unsupported"],
  // With such an IDL nothing starts.
  "lib/domain/vocabulary_test.ts": ["invalid_idl"],
};

apiTest("every endpoint's success and each of its errors is answered as openapi.json describes it", async (api) => {
  const description = descriptionOf((await api.ask("/openapi.json")).body);
  const { alert, item } = await openBook(api);
  const provoked = new Set<string>();
  const hold = async (endpoint: Endpoint, question: Question, wanted: number | string): Promise<void> => {
    const { status, body } = await ask(api, endpoint, {
      ...question,
      names: { owner: alice, id: endpoint.path.startsWith("/quarantine/") ? item : alert, ...question.names },
    });
    const code = body?.error?.code;
    expect([endpoint.name, wanted, description.complaint(endpoint, status, body)]).toEqual([
      endpoint.name,
      wanted,
      null,
    ]);
    expect([endpoint.name, code ?? status]).toEqual([endpoint.name, wanted]);
    if (code) {
      const fields = Object.keys(body.error.details).sort();
      expect([endpoint.name, code, fields]).toEqual([endpoint.name, code, fieldsOf(code).sort()]);
    }
    provoked.add(`${endpoint.name} ${wanted}`);
  };
  const pairs = description.endpoints.flatMap((endpoint) =>
    [...endpoint.errors.values()].flat().map((code) => ({ endpoint, code }))
  ).filter(({ endpoint, code }) => !STAGED.includes(endpoint.name) || OF_STAGED.includes(code));
  const unstaged = description.endpoints.filter(({ name }) => !STAGED.includes(name));
  for (const endpoint of unstaged) {
    await hold(endpoint, SUCCESSES[endpoint.name] ?? {}, endpoint.successes[0] ?? 200);
  }
  const unknown: string[] = [];
  for (const { endpoint, code } of pairs.filter(({ code }) => code !== LAST)) {
    const provoke = PROVOCATIONS[`${endpoint.name} ${code}`] ?? PROVOCATIONS[code];
    if (!provoke) unknown.push(`${endpoint.name} ${code}`);
    else await hold(endpoint, { ...SUCCESSES[endpoint.name], ...await provoke(api) }, code);
  }
  expect(unknown).toEqual([]);
  await withoutDatabase(api, async () => {
    for (const { endpoint } of pairs.filter(({ code }) => code === LAST)) {
      await hold(endpoint, SUCCESSES[endpoint.name] ?? {}, LAST);
    }
    const health = description.endpoints.find(({ path }) => path === "/health");
    if (health) await hold(health, {}, 503);
  });
  expect(provoked.size).toBe(pairs.length + unstaged.length + 1);
  // deno-lint-ignore no-console -- what was counted
  console.log(`${description.endpoints.length} endpoints, ${pairs.length} errors, all provoked`);
});

apiTest("what needs a chain has each of its errors told where there is one", async (api) => {
  const { endpoints } = descriptionOf((await api.ask("/openapi.json")).body);
  const texts = await Promise.all(STAGE_TESTS.map((test) => Deno.readTextFile(new URL(test, import.meta.url))));
  for (const name of STAGED) {
    const codes = [...endpoints.find((endpoint) => endpoint.name === name)?.errors.values() ?? []].flat();
    expect(codes.length).toBeGreaterThan(5);
    const untold = codes.filter((code) => !OF_STAGED.includes(code))
      .filter((code) => !texts.some((text) => text.includes(` ${code}`)));
    expect([name, untold]).toEqual([name, []]);
  }
});

apiTest("every error code is an endpoint's, or told elsewhere, and not both", async (api) => {
  const { endpoints } = descriptionOf((await api.ask("/openapi.json")).body);
  const described = endpoints.flatMap(({ errors }) => [...errors.values()].flat());
  const elsewhere = Object.values(ELSEWHERE).flat();
  expect([...new Set([...described, ...elsewhere])].sort()).toEqual(Object.keys(ERRORS).sort());
  expect(elsewhere.filter((code) => described.includes(code))).toEqual([]);
  for (const [test, codes] of Object.entries(ELSEWHERE)) {
    const text = await Deno.readTextFile(new URL(`../../${test}`, import.meta.url));
    expect([test, ...codes.filter((code) => !text.includes(code))]).toEqual([test]);
  }
});

/** Alice with a deposit that is worth an alert, bob, and something that nobody can read. */
async function openBook({ deliver, post, sql }: TestApi): Promise<{ alert: string; item: string }> {
  await deliver(
    rawTransaction({
      slot: 1,
      logs: logOf(events.initialise(alice), events.initialise(bob), events.deposit(alice, LARGE, LARGE)),
    }),
  );
  await post("no JSON");
  const [row] = await sql<{ alert: string; item: string }[]>`
    select (select id::text from public.alerts where alert_type = 'large_tx') as alert, (select id::text from public.quarantine) as item`;
  return row ?? { alert: "", item: "" };
}

async function ask(api: TestApi, endpoint: Endpoint, question: Question): Promise<Answer> {
  const path = endpoint.path.replace(/\{(\w+)\}/g, (_, name) => question.names?.[name] ?? "");
  const usual = endpoint.name === WEBHOOK ? { authorization: WEBHOOK_SECRET } : SERVICE;
  const headers = new Headers(question.headers ?? usual);
  if (question.body !== undefined) headers.set("content-type", question.mediaType ?? "application/json");
  return await api.ask(`${path}${question.query ?? ""}`, headers, {
    method: question.method ?? endpoint.method,
    ...(question.body === undefined ? {} : { body: question.body }),
  });
}

/** Works while nobody but the superuser gets a connection. */
async function withoutDatabase({ sql }: TestApi, work: () => Promise<void>): Promise<void> {
  const [{ name } = { name: "" }] = await sql<{ name: string }[]>`select current_database() as name`;
  await sql`alter database ${sql(name)} with connection limit 0`;
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres' and datname = ${name}`;
  await work();
  await sql`alter database ${sql(name)} with connection limit -1`;
}
