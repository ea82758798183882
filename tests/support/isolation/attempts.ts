/**
 * Statements that nobody should get anything foreign by, and what the database answers to them.
 *
 * @module
 */
import type { ReservedSql } from "postgres";
import type { Relation, Routine } from "./catalog.ts";
import type { Identity } from "./identities.ts";

/** A statement, and whether it is one that changes something. */
export interface Attempt {
  readonly what: string;
  readonly sql: string;
  readonly isWrite: boolean;
}

/** Every verb on a relation and each of its columns. */
export function attemptsOn({ schema, name, columns, keys }: Relation): Attempt[] {
  const q = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const relation = `${q(schema)}.${q(name)}`;
  const read = (what: string, sql: string): Attempt => ({ what: `${what} ${schema}.${name}`, sql, isWrite: false });
  const write = (what: string, sql: string): Attempt => ({ what: `${what} ${schema}.${name}`, sql, isWrite: true });
  return [
    read("select", `select * from ${relation}`),
    read("count", `select count(*) from ${relation}`),
    read("exists", `select exists (select from ${relation})`),
    read("explain", `explain (verbose) select * from ${relation}`),
    ...columns.flatMap((column) => [
      read(`select ${column} of`, `select ${q(column)} from ${relation}`),
      read(`max ${column} of`, `select max(${q(column)}::text) from ${relation}`),
      read(`order by ${column}`, `select * from ${relation} order by ${q(column)} desc limit 1`),
    ]),
    write("select for update", `select * from ${relation} for update`),
    write("insert default into", `insert into ${relation} default values`),
    write("insert all of", `insert into ${relation} select * from ${relation}`),
    ...columns.flatMap((column) => [
      write(`insert ${column} into`, `insert into ${relation} (${q(column)}) select null`),
      write(`update ${column} of`, `update ${relation} set ${q(column)} = ${q(column)}`),
    ]),
    ...keys.map((key) =>
      write(
        `upsert by ${key} into`,
        `insert into ${relation} (${key.map(q)}) select ${key.map(() => "null")} on conflict (${
          key.map(q)
        }) do update set ${q(key[0] ?? "")} = excluded.${q(key[0] ?? "")}`,
      )
    ),
    write("delete from", `delete from ${relation}`),
    write("truncate", `truncate ${relation} cascade`),
    write("lock", `lock table ${relation} in access exclusive mode`),
    write("disable row security of", `alter table ${relation} disable row level security`),
    write("drop", `drop table ${relation} cascade`),
  ];
}

/** A call with nothing but nulls: whoever may not execute it is told so before. */
export function attemptOf({ schema, name, argumentTypes }: Routine): Attempt {
  const given = argumentTypes.map((type) => `null::${type}`);
  return {
    what: `call ${schema}.${name}(${argumentTypes})`,
    sql: `select "${schema}"."${name}"(${given})`,
    isWrite: true,
  };
}

/** Runs each statement and undoes it; answers what it gave: rows, or the error with everything it says. */
export async function answersOf(
  sql: ReservedSql,
  { role, claims }: Identity,
  attempts: readonly Attempt[],
): Promise<string[]> {
  await sql`begin`;
  try {
    await sql`select set_config('request.jwt.claims', ${
      typeof claims === "string" ? claims : JSON.stringify(claims)
    }, true),
                     set_config('role', ${role}, true)`;
    const rows = await sql<{ answer: string }[]>`
      select pg_temp.attempt(a.sql) as answer
        from unnest(${
      attempts.map((attempt) => attempt.sql)
    }::text[]) with ordinality as a (sql, place) order by a.place`;
    return rows.map(({ answer }) => answer);
  } finally {
    await sql`rollback`;
  }
}

/** Makes `pg_temp.attempt()`, on the connection that {@link answersOf} is to use. */
export const ATTEMPT = `
  create function pg_temp.attempt(statement text) returns text language plpgsql as $$
  declare
    answer text := '';
    found_row record;
    detail text;
    hint text;
    changed bigint;
  begin
    begin
      if statement ~ '^(select|explain)' then
        for found_row in execute statement loop
          answer := answer || found_row::text || e'\\n';
        end loop;
        changed := length(answer);
      else
        execute statement;
        get diagnostics changed = row_count;
      end if;
      raise exception using errcode = 'VBXXX', message = format('done %s: %s', changed, answer);
    exception
      when sqlstate 'VBXXX' then return sqlerrm;
      when others then
        get stacked diagnostics detail = pg_exception_detail, hint = pg_exception_hint;
        return concat_ws(' ', sqlstate, sqlerrm, detail, hint);
    end;
  end
  $$;
  grant execute on function pg_temp.attempt(text) to public`;
