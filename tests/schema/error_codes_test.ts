/**
 * The codes of errors, three ways: what the code says, what the database raises, what the documentation tells.
 *
 * @module
 */
import { expect } from "expect";
import { type ErrorCode, ERRORS } from "@/lib/domain/errors.ts";
import { REFUSALS } from "@/lib/ledger/refusals.ts";
import { fieldsOf, SQL_ALONE } from "@/tasks/check/error_table.ts";

const ROOT = new URL("../../", import.meta.url);
const documented = await Deno.readTextFile(new URL("docs/errors.md", ROOT));

/** Rows of the tables beneath a heading, cell by cell, without their heads. */
function tableOf(heading: string): string[][] {
  const section = documented.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  return section.split("\n").filter((line) => /^\| (?!code|endpoint|SQLSTATE|-)/.test(line))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", "")));
}

async function textsBelow(folder: string): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    const path = `${folder}${name}`;
    if (isDirectory) { for (const [own, text] of await textsBelow(`${path}/`)) texts.set(own, text); }
    else if (/\.(ts|sql)$/.test(name)) texts.set(path, await Deno.readTextFile(new URL(path, ROOT)));
  }
  return texts;
}

Deno.test("docs/errors.md has each code, with the status, the fields and the message that the code has", () => {
  const codes = tableOf("Codes").map(([code, status, fields, message]) => [code, Number(status), fields, message]);
  const told = (Object.keys(ERRORS) as ErrorCode[]).sort().map((code) => {
    const { status, message } = ERRORS[code];
    return [code, status, fieldsOf(code).join(", "), message];
  });
  expect(codes).toEqual(told);
});

Deno.test("every SQLSTATE that a migration raises is mapped to a code or said to be the database's own, and documented", async () => {
  const migrations = [...(await textsBelow("supabase/migrations/")).values()].join("\n").replace(
    /^comment on [^;]*;$/gm,
    "",
  );
  // As `errcode = 'VB…'`, or in a list of reasons of which one is raised.
  const raised = [...migrations.matchAll(/(?:errcode\s*=\s*|array\[)'(VB\d{3})'/g)].map(([, state]) => state ?? "");
  const all = [...new Set(raised)].sort();
  const mapped = Object.keys(REFUSALS).filter((state) => state.startsWith("VB"));
  expect(all).toEqual([...mapped, ...Object.keys(SQL_ALONE)].sort());
  // Whatever is caught or compared is raised somewhere.
  const named = new Set([...migrations.matchAll(/'(VB\d{3})'/g)].map(([, state]) => state));
  expect([...named].sort()).toEqual(all);

  const rows = tableOf("SQLSTATEs");
  const inDocument = rows.flatMap(([states, meaning]) => (states ?? "").split(", ").map((state) => [state, meaning]));
  expect(inDocument.sort()).toEqual(
    [...Object.entries(REFUSALS), ...Object.entries(SQL_ALONE)].map((
      [state, meaning],
    ) => [state, meaning.replaceAll("`", "")]).sort(),
  );
});

Deno.test("every code is raised somewhere, and every SQLSTATE of ours that the code names is one", async () => {
  const code = [...await textsBelow("lib/"), ...await textsBelow("functions/")]
    .filter(([path]) => !/lib\/domain\/(errors|remedies)\.ts$/.test(path)).map(([, text]) => text).join("\n");
  // The kinds of failure that lib/chain/rpc_attempt.ts tells apart become codes behind `rpc_`.
  const isRaised = (name: string): boolean =>
    code.includes(`"${name}"`) || code.includes(`| "${name.replace("rpc_", "")}"`);
  expect(Object.keys(ERRORS).filter((name) => !isRaised(name))).toEqual([]);
  const named = [...new Set([...code.matchAll(/\bVB\d{3}\b/g)].map(([state]) => state))];
  expect(named.filter((state) => !(state in REFUSALS) && !(state in SQL_ALONE))).toEqual([]);
});
