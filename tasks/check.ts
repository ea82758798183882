/**
 * `deno task check`: everything that a program can say about the project without running its tests.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Sql } from "postgres";
import { openTestDatabase } from "@/tests/support/database.ts";
import { staleComplaints, writeGenerated } from "./check/generated.ts";
import { privilegeComplaints, PRIVILEGES, readPrivileges, schemaComplaints } from "./check/schema.ts";
import { denoStep, runSteps } from "./check/steps.ts";
import { tidy } from "./check/tidy.ts";
import { complain, readFlags, runTask, say } from "./command_line.ts";
import { withTestServer } from "./test/server.ts";

const USAGE = `Checks format, lint and boundaries, types, file rules, schema rules and generated files.

  deno task check [--fix] [--update]

  --fix       formats, and mends what lint can mend, before it checks
  --update    pins the privileges of the database as they are now (tests/schema/privileges.txt), and writes the generated files
              anew (database types, openapi.json, error table), before it checks
  -h, --help  this text

Exit code 1 when something is wrong.`;

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** What runs in a browser has other types. */
const PAGE = "supabase/local/ops_page";

async function main(args: string[]): Promise<number> {
  const flags = readFlags(args, {
    fix: { type: "boolean", default: false },
    update: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  });
  if (flags.help) {
    say(USAGE);
    return 0;
  }
  if (flags.fix) await mend();
  if (flags.update) await withMigratedDatabase(update);
  const failed = await runSteps([
    denoStep("format", ROOT, ["fmt", "--check"]),
    denoStep("lint and boundaries", ROOT, ["lint"]),
    denoStep("types", ROOT, ["check"]),
    denoStep("types of the ops page", ROOT, ["check", "--config", `${PAGE}/browser.json`, `${PAGE}/main.js`]),
    { name: "files", run: async (): Promise<string> => (await tidy(ROOT)).join("\n") },
    { name: "schema and generated files", run: checkSchema },
  ], say);
  return failed === 0 ? 0 : 1;
}

/** Does what formatter and linter can do by themselves. What is left shows in the check that follows. */
async function mend(): Promise<void> {
  for (const args of [["lint", "--fix"], ["fmt"]]) {
    await denoStep(args.join(" "), ROOT, args).run();
  }
}

/** Pins what the check would otherwise complain of. */
async function update(sql: Sql): Promise<void> {
  await Deno.writeTextFile(PRIVILEGES, (await readPrivileges(sql)).join("\n") + "\n");
  await writeGenerated(ROOT, sql);
}

/** Migrates a database from nothing and holds it against the rules, and the generated files against it. */
async function checkSchema(): Promise<string> {
  return await withMigratedDatabase(async (sql) => {
    const pinned = await Deno.readTextFile(PRIVILEGES);
    const privileges = await privilegeComplaints(sql, pinned);
    const changed = [...privileges, ...await staleComplaints(ROOT, sql)];
    if (changed.length > 0) changed.push("When that is meant: deno task check --update");
    return [...await schemaComplaints(sql), ...changed].join("\n");
  });
}

async function withMigratedDatabase<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result> {
  return await withTestServer({ onProgress: complain }, async ({ adminUrl }) => {
    const database = await openTestDatabase({ server: adminUrl });
    try {
      return await work(database.admin);
    } finally {
      await database.close();
    }
  });
}

if (import.meta.main) await runTask(main);
