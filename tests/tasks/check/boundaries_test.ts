import { expect } from "expect";
import { fileURLToPath } from "node:url";
import boundaries from "@/tasks/check/boundaries.ts";

/** The messages about a file of the project with this content. */
function complaintsAbout(path: string, source: string): string[] {
  const filename = fileURLToPath(new URL(`../../../${path}`, import.meta.url));
  return Deno.lint.runPlugin(boundaries, filename, source).map(({ message }) => message);
}

/** Whether a file may import from another place. */
function allows(path: string, specifier: string): boolean {
  return complaintsAbout(path, `import { x } from "${specifier}"; x();`).length === 0;
}

const REFUSED = [
  ["lib/domain/amount.ts", "@/lib/http/body.ts"],
  ["lib/domain/amount.ts", "../chain/base58.ts"],
  ["lib/domain/amount.ts", "zod"],
  ["lib/domain/amount.ts", "node:buffer"],
  ["lib/domain/amount.ts", "npm:zod@4"],
  ["lib/chain/delivery.ts", "@/lib/ledger/ingest.ts"],
  ["lib/chain/delivery.ts", "../http/body.ts"],
  ["lib/chain/delivery.ts", "@solana/web3.js"],
  ["lib/chain/delivery.ts", "zod"],
  ["lib/ledger/ingest.ts", "@/lib/chain/delivery.ts"],
  ["lib/ledger/ingest.ts", "@/lib/http/body.ts"],
  ["lib/http/body.ts", "@/lib/ledger/ingest.ts"],
  ["lib/http/body.ts", "../../functions/api/app.ts"],
  ["lib/http/body.ts", "@/supabase/local/keys.ts"],
  ["functions/api/app.ts", "@/functions/sweep/index.ts"],
  ["functions/api/app.ts", "../sweep/sweep.ts"],
  ["functions/api/routes/health.ts", "../../api2/app.ts"],
  ["functions/api/app.ts", "@/supabase/local/keys.ts"],
  ["functions/api/app.ts", "@/tasks/command_line.ts"],
  ["functions/api/app.ts", "@/tests/support/database.ts"],
  ["supabase/local/rest/rest.ts", "@/lib/domain/errors.ts"],
  ["supabase/local/rest/rest.ts", "../../../functions/api/app.ts"],
  ["supabase/local/rest/rest.ts", "@/tasks/command_line.ts"],
  ["bench/ingest.ts", "@/supabase/local/postgres/server.ts"],
] as const;

const ALLOWED = [
  ["lib/domain/amount.ts", "./errors.ts"],
  ["lib/chain/delivery.ts", "@/lib/domain/errors.ts"],
  ["lib/chain/delivery.ts", "./idl/collateral_vault.json"],
  ["lib/chain/pda.ts", "node:crypto"],
  ["lib/ledger/ingest.ts", "postgres"],
  ["functions/api/routes/health.ts", "../app.ts"],
  ["functions/api/app.ts", "@/lib/ledger/ingest.ts"],
  ["functions/api/app.ts", "hono/body-limit"],
  ["supabase/local/rest/rest.ts", "../sql_text.ts"],
  ["tasks/start.ts", "@/supabase/local/postgres/server.ts"],
  ["tests/lib/domain/amount_test.ts", "@/supabase/local/keys.ts"],
  ["bench/ingest.ts", "@/lib/ledger/ingest.ts"],
] as const;

for (const [path, specifier] of REFUSED) {
  Deno.test(`imports refuses ${specifier} in ${path}`, () => {
    expect(allows(path, specifier)).toBe(false);
  });
}

for (const [path, specifier] of ALLOWED) {
  Deno.test(`imports allows ${specifier} in ${path}`, () => {
    expect(complaintsAbout(path, `import { x } from "${specifier}"; x();`)).toEqual([]);
  });
}

Deno.test("imports sees every way of importing", () => {
  const source = `
    import type { A } from "@/lib/http/a.ts";
    export { b } from "@/lib/http/b.ts";
    export * from "@/lib/http/c.ts";
    const d = await import("@/lib/http/d.ts");
    type E = import("@/lib/http/e.ts").E;`;
  const files = complaintsAbout("lib/chain/delivery.ts", source).map((message) => /lib\/http\/(.)/.exec(message)?.[1]);
  expect(files.sort()).toEqual(["a", "b", "c", "d", "e"]);
});

Deno.test("imports says what would be allowed", () => {
  expect(complaintsAbout("functions/api/app.ts", `import "@/functions/sweep/sweep.ts";`)).toEqual([
    "functions/api/ may not import functions/sweep/sweep.ts: it may import functions/api/, lib/",
  ]);
});

Deno.test("imports refuses a computed import where functions are bundled", () => {
  const source = "await import(name);";
  expect(complaintsAbout("functions/api/app.ts", source)).toHaveLength(1);
  expect(complaintsAbout("lib/http/body.ts", source)).toHaveLength(1);
  expect(complaintsAbout("tests/lib/http/body_test.ts", source)).toEqual([]);
});

Deno.test("environment refuses Deno.env and process.env below lib/ only", () => {
  for (const source of [`Deno.env.get("A");`, `const { A } = process.env;`, "Deno.env.toObject();"]) {
    expect(complaintsAbout("lib/http/secret.ts", source)).toHaveLength(1);
    expect(complaintsAbout("functions/api/index.ts", source)).toEqual([]);
    expect(complaintsAbout("tasks/start.ts", source)).toEqual([]);
  }
});
