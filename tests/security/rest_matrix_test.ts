/**
 * The same question through the gateway: everybody × every relation and function × every road that REST has to it.
 *
 * @module
 */
import { expect } from "expect";
import { showFigure } from "@/tests/support/isolation/figures.ts";
import { callersOf, type WireCaller } from "@/tests/support/isolation/callers.ts";
import {
  digestsOf,
  type Relation,
  relationsOf,
  routinesOf,
  sampleOf,
  schemasOf,
} from "@/tests/support/isolation/catalog.ts";
import {
  calls,
  columnReads,
  ELSEWHERE,
  hidden,
  wholeReads,
  type WireRequest,
  writes,
} from "@/tests/support/isolation/rest_requests.ts";
import { foreignTo, leaksIn, plantTenants, type Tenants } from "@/tests/support/isolation/tenants.ts";
import { openTestPlatform, type TestPlatform } from "@/tests/support/platform.ts";

/** Fewer cells than this, and something is not looked at any more that once was. */
const CELLS_AT_LEAST = 12_000;

/** Requests under way at once. */
const AT_ONCE = 8;

/** What nobody else reads: it may say anything. */
const OPEN_TO_ALL = /^(tvl_snapshots|tvl_history)$/;

/** Who tries each column: the others have no more rights than one of these, and the SQL matrix asks for all of them. */
const READS_COLUMNS = /^(alice|operator|spoofed user_metadata)$/;

interface Cell {
  readonly caller: WireCaller;
  readonly request: WireRequest;
  readonly relation?: Relation;
}

/** All cells: those who are refused knock at every relation once; who is somebody tries everything. */
async function cellsOf(platform: TestPlatform, tenants: Tenants): Promise<Cell[]> {
  const { admin } = platform.database;
  const exposed = await relationsOf(admin, ["public"]);
  const schemas = (await schemasOf(admin)).filter((schema) => schema !== "public");
  const others = [
    ...(await relationsOf(admin, schemas)).flatMap((relation) => hidden(relation)),
    ...(await routinesOf(admin, ["public", "vaultbook"])).flatMap((routine) => calls(routine)),
    ...ELSEWHERE,
  ];
  const callers = await callersOf(platform, tenants);
  const cells: Cell[] = [];
  for (const relation of exposed) {
    const samples = {
      alice: await sampleOf(admin, relation, tenants.alice.address),
      bob: await sampleOf(admin, relation, tenants.bob.address),
    };
    for (const caller of callers) {
      const foreign = caller.name === "bob" ? samples.alice : samples.bob;
      const requests = caller.isRefused
        ? [...wholeReads(relation).slice(0, 1), ...writes(relation, foreign).slice(0, 1)]
        : [
          ...wholeReads(relation),
          ...(READS_COLUMNS.test(caller.name) ? columnReads(relation, foreign) : []),
          ...writes(relation, foreign),
        ];
      cells.push(...requests.map((request) => ({ caller, request, relation })));
    }
  }
  for (const caller of callers.filter(({ isRefused }) => !isRefused)) {
    // Nobody reaches these, so two of those who are somebody are enough beside those who are nobody.
    if (/^(anon|alice|operator)$/.test(caller.name)) cells.push(...others.map((request) => ({ caller, request })));
  }
  return cells;
}

/** Sends one; answers what is wrong about the answer, and its status. */
async function judge(
  platform: TestPlatform,
  tenants: Tenants,
  { caller, request, relation }: Cell,
): Promise<{ wrong: string[]; status: number; saw: string }> {
  const { method, path, headers, body } = request;
  const response = await fetch(`${platform.url}${path}`, {
    method,
    headers: { ...headers, ...caller.headers },
    ...(body === undefined ? {} : { body }),
  });
  const { status } = response;
  const saw = [...response.headers].flat().join(" ") + await response.text();
  const wrong: string[] = [];
  const leaks = leaksIn(
    saw,
    decodeURIComponent(path.replaceAll("%00", "")) + (body ?? ""),
    foreignTo(tenants, ...caller.sees),
  );
  if (leaks.length > 0) wrong.push(`gives ${leaks}`);
  // A view that cannot be written to is PostgreSQL's 55000, and that PostgREST's 500, before anybody's rights are asked.
  if (status >= 500 && !saw.includes('"code":"55000"')) wrong.push(`fails with ${status}`);
  if (caller.isRefused && status !== 401 && status !== 403) wrong.push(`is not refused: ${status}`);
  if (!relation && status < 400 && !(path === "/rest/v1/" && saw.includes('"swagger"'))) {
    wrong.push(`is there: ${status}`);
  }
  const isWrite = /^(POST|PUT|PATCH|DELETE)$/.test(method);
  if (
    isWrite && status < 300 && !saw.endsWith("[]") && !(caller.name === "operator" && relation?.name === "alert_rules")
  ) {
    wrong.push(`is taken: ${status}`);
  }
  if (
    caller.name === "anon" && relation && !OPEN_TO_ALL.test(relation.name) && method !== "OPTIONS" &&
    ![400, 401, 404, 405, 406, 500].includes(status)
  ) {
    wrong.push(`is open to anon: ${status}`);
  }
  return {
    wrong: wrong.map((one) => `${caller.name}: ${method} ${path} ${JSON.stringify(headers)} ${one}`),
    status,
    saw,
  };
}

Deno.test("row 46: through REST, no caller × relation × verb × road gives or changes anything of anybody else's", async () => {
  const platform = await openTestPlatform();
  try {
    const tenants = await plantTenants(platform);
    const { admin } = platform.database;
    const tables = (await relationsOf(admin, ["public"])).filter(({ name }) =>
      name !== "job_runs" && name !== "job_states"
    );
    const before = await digestsOf(admin, tables);
    const cells = await cellsOf(platform, tenants);
    const wrong: string[] = [];
    const statuses: Record<number, number> = {};
    const seen: Record<string, Set<string>> = {};
    const queue = cells[Symbol.iterator]();
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (const cell of queue) {
        const { wrong: found, status, saw } = await judge(platform, tenants, cell);
        wrong.push(...found);
        statuses[status] = (statuses[status] ?? 0) + 1;
        const own = cell.caller.sees.flatMap((tenant) => tenants.canaries[tenant]);
        for (const canary of own) if (saw.includes(canary)) (seen[cell.caller.name] ??= new Set()).add(canary);
      }
    }));
    showFigure(`${cells.length} cells, ${wrong.length} wrong; by status ${JSON.stringify(statuses)}`);
    expect(wrong).toEqual([]);
    expect(await digestsOf(admin, tables)).toEqual(before);
    expect(cells.length).toBeGreaterThanOrEqual(CELLS_AT_LEAST);
    for (const name of ["alice", "bob"]) expect(seen[name]?.size).toBeGreaterThan(10);
    expect(seen.operator?.size).toBeGreaterThan(25);
  } finally {
    await platform.close();
  }
});
