/**
 * What plpgsql_check finds in the functions of schema `vaultbook`. It looks at PL/pgSQL only: functions in SQL are laid before it
 * as such.
 *
 * @module
 */
import type { Sql } from "postgres";
import { outermost, split, textOf, type Token, tokensOf } from "./tokens.ts";

/** A function, and how it is called as a trigger where it is one. */
interface Checked {
  readonly name: string;
  readonly oid: string;
  readonly volatility: string;
  readonly is_sql: boolean;
  readonly source: string;
  readonly arguments: string;
  readonly table: string | null;
  readonly old_rows: string | null;
  readonly new_rows: string | null;
}

/**
 * Gives its findings, one line each, and the functions that are more volatile than they say, which it keeps to itself.
 *
 * @param admin of a database that is for nothing else: functions are made in it, and labels changed.
 */
export async function findingsOf(admin: Sql): Promise<string[]> {
  await admin`create extension plpgsql_check schema extensions`;
  await admin`create schema twins`;
  const found: string[] = [];
  for (const own of await functionsOf(admin)) {
    const signature = own.is_sql ? await twinOf(admin, own) : own.name;
    const lines = [...await complaints(admin, signature, own), ...await mislabelled(admin, signature, own)];
    found.push(...lines.map((line) => `${own.name}: ${line}`));
  }
  return [...new Set(found)];
}

async function functionsOf(admin: Sql): Promise<Checked[]> {
  return await admin<Checked[]>`
    select p.oid::regprocedure::text as name, p.oid::text, l.lanname = 'sql' as is_sql, p.prosrc as source,
           case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end as volatility,
           pg_get_function_identity_arguments(p.oid) as arguments,
           t.tgrelid::text as table, t.tgoldtable as old_rows, t.tgnewtable as new_rows
      from pg_proc as p
      join pg_language as l on l.oid = p.prolang and l.lanname in ('sql', 'plpgsql')
      left join pg_trigger as t on t.tgfoid = p.oid and not t.tgisinternal
     where p.pronamespace = 'vaultbook'::regnamespace
     order by 1, t.tgrelid`;
}

/** Makes a function in PL/pgSQL that does what this one in SQL does. */
async function twinOf(admin: Sql, { oid, source, arguments: names, volatility }: Checked): Promise<string> {
  const statements = split(tokensOf(source), ({ text }) => text === ";")
    .map((tokens) => tokens.filter(({ text }) => text !== ";"))
    .filter((tokens) => tokens.some(({ isSpace }) => !isSpace));
  const steps = statements.map((tokens) =>
    givesRows(tokens)
      ? `declare own record; begin for own in ${textOf(tokens)} loop raise notice '%', own; end loop; end;`
      : `${textOf(tokens)};`
  );
  await admin.unsafe(`
    create function twins.f${oid}(${names}) returns integer language plpgsql ${volatility} set search_path = '' as $twin$
    #variable_conflict use_column
    begin
      ${steps.join("\n")}
      return 1;
    end $twin$`);
  const [twin] = await admin`select ${`twins.f${oid}`}::text::regproc::oid::regprocedure::text as signature`;
  return twin?.signature;
}

/** Whether a statement is a query, or returns what it changed. */
function givesRows(statement: readonly Token[]): boolean {
  const words = outermost(statement).map(([, { word }]) => word);
  const verb = words.find((word) => /^(select|values|insert|update|delete|merge)$/.test(word ?? ""));
  return verb === "select" || verb === "values" || words.includes("returning");
}

/** Everything it can say of a function. Lines are counted in PL/pgSQL only: those of a twin are nobody's. */
async function complaints(admin: Sql, signature: string, own: Checked): Promise<string[]> {
  const rows = await admin`
    select concat_ws(' ', case when not ${own.is_sql}::boolean then 'line ' || c.lineno end, c.level, c.message, c.detail, c.hint, c.query) as line
      from extensions.plpgsql_check_function_tb(
             ${signature}::text::regprocedure, coalesce(${own.table}::oid, 0), oldtable => ${own.old_rows}, newtable => ${own.new_rows},
             fatal_errors => false, all_warnings => true
           ) as c`;
  return rows.map(({ line }) => line);
}

/** It tells of labels that promise too little. One that promises too much it would not give to a function without a label. */
async function mislabelled(admin: Sql, signature: string, own: Checked): Promise<string[]> {
  if (own.volatility === "volatile") return [];
  await admin.unsafe(`alter function ${signature} volatile`);
  const advice = `should be ${own.volatility.toUpperCase()}`;
  const isDeserved = (await complaints(admin, signature, own)).some((line) => line.includes(advice));
  // Others that call it are judged by its label.
  await admin.unsafe(`alter function ${signature} ${own.volatility}`);
  return isDeserved ? [] : [`is not ${own.volatility}`];
}
