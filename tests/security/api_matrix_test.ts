/**
 * The same question to the API: everybody × every endpoint of its own openapi.json × everybody's owners and ids.
 *
 * @module
 */
import { expect } from "expect";
import { showFigure } from "@/tests/support/isolation/figures.ts";
import { callersOf, type WireCaller } from "@/tests/support/isolation/callers.ts";
import { foreignTo, leaksIn, plantTenants, type Tenants } from "@/tests/support/isolation/tenants.ts";
import { openTestPlatform, type TestPlatform } from "@/tests/support/platform.ts";
import { key, signature } from "@/tests/support/raw_delivery.ts";

/** Fewer cells than this, and something is not looked at any more that once was. */
const CELLS_AT_LEAST = 1_500;

interface Endpoint {
  readonly method: string;
  readonly path: string;
  readonly isSecured: boolean;
  /** Names of its parameters, by where they stand. */
  readonly query: readonly string[];
}

/** What openapi.json says there is, and for each path also the verbs that it does not have. */
async function endpointsOf(platform: TestPlatform): Promise<Endpoint[]> {
  const response = await fetch(`${platform.url}/functions/v1/api/openapi.json`);
  const { paths } = await response.json() as {
    paths: Record<string, Record<string, { security?: unknown[]; parameters?: { name: string; in: string }[] }>>;
  };
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { security = [], parameters = [] }]) => ({
      method: method.toUpperCase(),
      path: path.replace(/^\/api/, ""),
      isSecured: security.length > 0,
      query: parameters.filter((parameter) => parameter.in === "query").map(({ name }) => name),
    }))
  );
}

/** Whom or what a path is about. */
type Subject = "alice" | "bob" | "nobody";

/** What stands for the names in a path, and a word to look for. */
interface About {
  readonly owner: string;
  readonly id: string;
  /** In quarantine, which is nobody's. */
  readonly item: string;
  readonly word: string;
}

/** What a body must hold for its path, so that whoever is refused is not refused for that. */
function bodyFor(path: string, { owner, id, word }: About): unknown {
  if (path.startsWith("/quarantine/")) return { reason: word };
  if (path.endsWith("/signature")) return { signature: signature(word) };
  if (path.endsWith("/transactions")) return { type: "deposit", amount: "1" };
  return { owner, vault_owner: owner, id, signature: word };
}

async function subjectsOf(
  platform: TestPlatform,
  tenants: Tenants,
): Promise<Record<Subject, About>> {
  const [quarantined] = await platform.database.admin<{ id: string }[]>`
    select id::text from vaultbook.inbox where outcome = 'quarantined' limit 1`;
  const item = quarantined?.id ?? "123456";
  const idOf = async (owner: string): Promise<string> => {
    const [row] = await platform.database.admin<{ id: string }[]>`
      select id::text from public.alerts where vault_owner = ${owner} and not acknowledged order by created_at limit 1`;
    return row?.id ?? "";
  };
  const { alice, bob } = tenants;
  return {
    alice: { owner: alice.address, id: await idOf(alice.address), item, word: "canary-alice" },
    bob: { owner: bob.address, id: await idOf(bob.address), item, word: "canary-bob" },
    nobody: { owner: key("nobody at all"), id: crypto.randomUUID(), item: "987654", word: "canary-nobody" },
  };
}

/** The questions to one endpoint about one subject: bare, then with each parameter that could widen what is seen. */
function questionsOf(
  { method, path, query }: Endpoint,
  subject: About,
): Request[] {
  const { owner, id, item, word } = subject;
  const about = path.replace("{owner}", owner).replace(/\{[a-z_]+\}/g, path.startsWith("/quarantine/") ? item : id);
  const url = `http://x/functions/v1/api${about}`;
  const body = method === "GET" || method === "HEAD" ? {} : {
    body: JSON.stringify(bodyFor(path, subject)),
    headers: { "content-type": "application/json", "idempotency-key": "a-key" },
  };
  const values: Record<string, string[]> = {
    limit: ["200", "-1", "1e9"],
    cursor: ["e30", btoa(JSON.stringify({ owner })), "'"],
    at: ["2030-01-01T00:00:00Z", "x"],
    from: ["2020-01-01T00:00:00Z"],
    to: ["2040-01-01T00:00:00Z"],
    acknowledged: ["false", "true"],
  };
  return [
    new Request(url, { method, ...body }),
    ...query.flatMap((name) =>
      (values[name] ?? [word]).map((value) =>
        new Request(`${url}?${name}=${encodeURIComponent(value)}`, { method, ...body })
      )
    ),
    new Request(`${url}?owner=${owner}&vault_owner=${owner}&wallet_address=${owner}`, { method, ...body }),
    ...["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].filter((other) =>
      other !== method && !(method === "GET" && other === "HEAD")
    ).map((other) => new Request(url, { method: other })),
  ];
}

/** What comes back, with everything that differs from answer to answer taken out. */
interface Told {
  readonly status: number;
  readonly text: string;
  /** The error body without the subject's own words and the request's id. */
  readonly shape: string;
}

async function tell(
  platform: TestPlatform,
  caller: WireCaller,
  question: Request,
  subject: About,
): Promise<Told> {
  const { pathname, search } = new URL(question.url);
  const headers = new Headers(question.headers);
  for (const [name, value] of Object.entries(caller.headers)) headers.set(name, value);
  const body = question.body ? { body: await question.clone().text() } : {};
  const response = await fetch(`${platform.url}${pathname}${search}`, { method: question.method, headers, ...body });
  const text = [...response.headers].flat().join(" ") + await response.text();
  const shape = text.slice(text.indexOf('{"error"')).replaceAll(subject.owner, "…").replaceAll(subject.id, "…")
    .replaceAll(subject.item, "…")
    .replace(/"request_id":"[^"]*"/, "");
  return { status: response.status, text, shape: text.includes('{"error"') ? shape : "" };
}

type Subjects = Awaited<ReturnType<typeof subjectsOf>>;

/** One caller at one endpoint, about everybody; who is refused asks about bob and about nobody, once. */
async function judge(
  { platform, tenants, subjects }: { platform: TestPlatform; tenants: Tenants; subjects: Subjects },
  endpoint: Endpoint,
  caller: WireCaller,
): Promise<{ cells: number; wrong: string[] }> {
  const where = `${caller.name}: ${endpoint.method} ${endpoint.path}`;
  const wrong: string[] = [];
  const shapes: Record<string, string[]> = {};
  let cells = 0;
  for (const [name, subject] of Object.entries(subjects).slice(caller.isRefused ? 1 : 0)) {
    const asked = questionsOf(endpoint, subject);
    const questions = caller.isRefused
      ? asked.slice(0, 1)
      : asked.filter(({ method }) => method === endpoint.method || caller.name === "alice");
    cells += questions.length;
    const told = await Promise.all(questions.map((question) => tell(platform, caller, question, subject)));
    shapes[name] = told.map(({ status, shape }) => `${status} ${shape}`);
    const isTheirs = caller.name !== name && caller.name !== "operator" && endpoint.path.includes("{");
    for (const [index, { status, text }] of told.entries()) {
      const question = `${questions[index]?.method} ${questions[index]?.url}`;
      const leaks = leaksIn(text, `${subject.owner}${subject.id}${subject.word}`, foreignTo(tenants, ...caller.sees));
      if (leaks.length > 0) wrong.push(`${where}: ${question} gives ${leaks}`);
      // There is no chain here to begin anything on.
      if (status >= 500 && !text.includes('"rpc_unconfigured"')) {
        wrong.push(`${where}: ${question} fails with ${status}`);
      }
      if (endpoint.isSecured && isTheirs && status < 400) wrong.push(`${where}: ${question} is open: ${status}`);
    }
  }
  const knowsBob = caller.name === "bob" || caller.name === "operator";
  if (!knowsBob && JSON.stringify(shapes.bob) !== JSON.stringify(shapes.nobody)) {
    wrong.push(`${where} tells bob from nobody: ${shapes.bob} / ${shapes.nobody}`);
  }
  if (caller.isRefused && endpoint.isSecured && !shapes.bob?.[0]?.startsWith("401")) {
    wrong.push(`${where} is not refused: ${shapes.bob}`);
  }
  return { cells, wrong };
}

Deno.test("rows 46 and 47: no caller × endpoint × owner gives anything of anybody else's, nor whether it is there", async () => {
  const platform = await openTestPlatform();
  try {
    const tenants = await plantTenants(platform);
    const scene = { platform, tenants, subjects: await subjectsOf(platform, tenants) };
    const endpoints = (await endpointsOf(platform)).filter(({ path }) => !path.startsWith("/webhooks"));
    const all = await callersOf(platform, tenants);
    // Each forged token was at this door in tokens_test.ts; a few of them knock at every endpoint.
    const callers = [
      ...all.filter(({ isRefused }) => !isRefused),
      ...all.filter(({ isRefused }) => isRefused).slice(0, 12),
    ];
    const wrong: string[] = [];
    let cells = 0;
    for (const endpoint of endpoints) {
      const found = await Promise.all(callers.map((caller) => judge(scene, endpoint, caller)));
      for (const one of found) {
        cells += one.cells;
        wrong.push(...one.wrong);
      }
    }
    showFigure(`${cells} cells: ${endpoints.length} endpoints, ${callers.length} callers`);
    expect(wrong).toEqual([]);
    expect(cells).toBeGreaterThanOrEqual(CELLS_AT_LEAST);
  } finally {
    await platform.close();
  }
});
