/**
 * `deno task check`: everything that a program can say about the project without running its tests.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import type { Sql } from "postgres";
import { openTestDatabase } from "@/tests/support/database.ts";
import { privilegeComplaints, PRIVILEGES, readPrivileges, schemaComplaints } from "./check/schema.ts";
import { denoStep, runSteps } from "./check/steps.ts";
import { tidy } from "./check/tidy.ts";
import { complain, readFlags, runTask, say } from "./command_line.ts";
import { withTestServer } from "./test/server.ts";

const USAGE = `Checks format, lint and boundaries, types, file rules and schema rules.

  deno task check [--fix] [--update]

  --fix       formats, and mends what lint can mend, before it checks
  --update    pins the privileges of the database as they are now (tests/schema/privileges.txt), before it checks
  -h, --help  this text

Exit code 1 when something is wrong.`;

const ROOT = fileURLToPath(new URL("..", import.meta.url));

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
  const failed = await runSteps([
    denoStep("format", ROOT, ["fmt", "--check"]),
    denoStep("lint and boundaries", ROOT, ["lint"]),
    denoStep("types", ROOT, ["check"]),
    { name: "files", run: async (): Promise<string> => (await tidy(ROOT)).join("\n") },
    { name: "schema", run: (): Promise<string> => checkSchema(flags.update) },
  ], say);
  return failed === 0 ? 0 : 1;
}

/** Does what formatter and linter can do by themselves. What is left shows in the check that follows. */
async function mend(): Promise<void> {
  for (const args of [["lint", "--fix"], ["fmt"]]) {
    await denoStep(args.join(" "), ROOT, args).run();
  }
}

/** Migrates a database from nothing and holds it against the rules. */
async function checkSchema(update: boolean): Promise<string> {
  return await withMigratedDatabase(async (sql) => {
    if (update) await Deno.writeTextFile(PRIVILEGES, (await readPrivileges(sql)).join("\n") + "\n");
    const pinned = await Deno.readTextFile(PRIVILEGES);
    const privileges = await privilegeComplaints(sql, pinned);
    if (privileges.length > 0) privileges.push("When that is meant: deno task check --update");
    return [...await schemaComplaints(sql), ...privileges].join("\n");
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
