/**
 * How much of the ledger's SQL the ledger's tests reach, measured on a PostgreSQL with plpgsql_check.
 *
 * @module
 */
import { expect } from "expect";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { runDenoTests } from "@/tasks/test/deno_tests.ts";
import type { TestServer } from "@/tasks/test/server.ts";
import { runSqlTests } from "@/tasks/test/sql_tests.ts";
import { sum } from "@/tasks/test/tally.ts";
import { findTests } from "@/tasks/test/test_files.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { openAudit } from "@/tests/support/model/audit.ts";
import { STORIES } from "@/tests/support/model/stories.ts";
import { checkingTest } from "@/tests/support/sql/checking_server.ts";
import { instrument, type Instrumented, KINDS } from "@/tests/support/sql/instrument.ts";
import { pointsOf, type Reached } from "@/tests/support/sql/points.ts";
import { COVERAGE_FOLDER, readCoverage } from "@/tests/support/sql/record.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The tests of the ledger's SQL, beside the stories. */
const LEDGER_TESTS = [
  ...["tests/lib/ledger", "tests/functions/sweep", "tests/functions/reconcile", "supabase/tests"],
  "tests/functions/monitor/notices_test.ts",
];

/** Those among them that say much the same over and over, in random order. */
const REPETITIOUS = /_(order|random)_test\.ts$/;

/** What is reached must not be a matter of chance. */
const SEED = "1";

/** How much of each has to be reached, in percent. */
const LEAST: Readonly<Record<Reached["kind"], number>> = {
  "statements of PL/pgSQL": 100,
  "statements of functions in SQL": 100,
  "branches of PL/pgSQL": 95,
  "arms of CASE, COALESCE and ON CONFLICT": 95,
};

await checkingTest(
  "the ledger's tests reach every statement of the ledger's SQL, and 95 % of its branches",
  async (server) => {
    const points = await measure(server);
    const tooLittle: string[] = [];
    for (const kind of KINDS) {
      const all = points.filter((point) => point.kind === kind);
      const missed = all.filter(({ isReached }) => !isReached).map(inWords);
      const percent = (all.length - missed.length) * 100 / all.length;
      const figure = `${all.length - missed.length} of ${all.length} ${kind} (${percent.toFixed(1)} %)`;
      // deno-lint-ignore no-console -- figures for whoever asks
      console.log([figure, ...missed].join("\n  not reached: "));
      if (!(percent >= LEAST[kind])) tooLittle.push(figure, ...missed);
    }
    expect(tooLittle).toEqual([]);
  },
);

/** Function, line and text. */
function inWords({ where, line, text }: Reached): string {
  return `${where}:${line} ${text.length > 120 ? `${text.slice(0, 119)}…` : text}`;
}

async function measure(server: TestServer): Promise<Reached[]> {
  const instrumented = await instrumentTemplate(server.adminUrl);
  const folder = join(server.folder, "coverage");
  await Deno.mkdir(folder);
  const given = Deno.env.get("VAULTBOOK_TEST_ADMIN_URL") ?? "";
  Deno.env.set("VAULTBOOK_TEST_ADMIN_URL", server.adminUrl);
  Deno.env.set(COVERAGE_FOLDER, folder);
  try {
    await tellStories();
    await runTests(server);
  } finally {
    Deno.env.set("VAULTBOOK_TEST_ADMIN_URL", given);
    Deno.env.delete(COVERAGE_FOLDER);
  }
  return pointsOf(instrumented, await readCoverage(folder));
}

/** Every database of the tests is a copy of the template, and counts as it does. */
async function instrumentTemplate(server: string): Promise<Instrumented> {
  await (await openTestDatabase({ server })).close();
  const admin = postgres(server, { max: 1, onnotice: () => {} });
  const [template] = await admin`select datname as name from pg_database where datname like 'template%migrated'`;
  await admin.end();
  const inside = new URL(server);
  inside.pathname = `/${template?.name}`;
  const sql = postgres(inside.href, { max: 1, onnotice: () => {} });
  try {
    return await instrument(sql);
  } finally {
    await sql.end();
  }
}

/** All of them to one ledger. */
async function tellStories(): Promise<void> {
  const audit = await openAudit();
  try {
    for (const { name, steps } of STORIES) {
      for (const step of steps) {
        expect([name, ...await audit.take(step), ...audit.disagreements()]).toEqual([name]);
      }
    }
  } finally {
    await audit.close();
  }
}

/** What tests reach that fail is worth nothing. */
async function runTests({ adminUrl, folder, interrupted }: TestServer): Promise<void> {
  const { other, sql } = await findTests(ROOT, LEDGER_TESTS);
  const files = other.filter((file) => !REPETITIOUS.test(file));
  const told: string[] = [];
  const common = { root: ROOT, jobs: 2, interrupted, say: (line: string): void => void told.push(line) };
  const { passed, failed } = sum([
    await runDenoTests({ ...common, files, filter: undefined, permissions: ["--allow-all"], folder, env: { SEED } }),
    await runSqlTests({ ...common, files: sql, adminUrl }),
  ]);
  if (failed.length > 0 || passed === 0) throw new Error(`The ledger's tests fail here:\n${told.join("\n")}`);
}
