/**
 * What the database's own catalog says there is to attack: nothing of it is listed by hand.
 *
 * @module
 */
import type { Sql } from "postgres";

/** A table or a view. */
export interface Relation {
  readonly schema: string;
  readonly name: string;
  /** Not a view, whose rows are others' and can differ with the time. */
  readonly isTable: boolean;
  readonly columns: readonly string[];
  /** The columns of each primary key and unique constraint or index without expressions. */
  readonly keys: readonly (readonly string[])[];
  /** Names of the relations that a foreign key leads to or comes from. */
  readonly related: readonly string[];
}

/** A function, and its arguments by name where they have one. */
export interface Routine {
  readonly schema: string;
  readonly name: string;
  readonly argumentNames: readonly string[];
  readonly argumentTypes: readonly string[];
}

/** Every schema that is not PostgreSQL's own. */
export async function schemasOf(sql: Sql): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select nspname as name from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' order by 1`;
  return rows.map(({ name }) => name);
}

/** Every table and view of these schemas. */
export async function relationsOf(sql: Sql, schemas: readonly string[]): Promise<Relation[]> {
  return [
    ...await sql<Relation[]>`
    select n.nspname as schema, c.relname as name, c.relkind in ('r', 'p') as "isTable",
           (select array_agg(a.attname::text order by a.attnum) from pg_attribute as a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
           (select coalesce(jsonb_agg(k.columns), '[]') from (
              select (select jsonb_agg(a.attname order by place) from unnest(i.indkey::int2[]) with ordinality as key (number, place)
                        join pg_attribute as a on a.attrelid = c.oid and a.attnum = key.number) as columns
                from pg_index as i where i.indrelid = c.oid and i.indisunique and i.indexprs is null) as k) as keys,
           (select coalesce(array_agg(distinct other.relname::text), '{}') from pg_constraint as f
              join pg_class as other on other.oid = case c.oid when f.conrelid then f.confrelid else f.conrelid end
             where f.contype = 'f' and c.oid in (f.conrelid, f.confrelid)) as related
      from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname = any (${[...schemas]})
     order by 1, 2`,
  ];
}

/** Every function of these schemas. */
export async function routinesOf(sql: Sql, schemas: readonly string[]): Promise<Routine[]> {
  return [
    ...await sql<Routine[]>`
    select n.nspname as schema, p.proname as name,
           coalesce(p.proargnames[1:p.pronargs], '{}') as "argumentNames",
           array(select format_type(t, null) from unnest(p.proargtypes) with ordinality as a (t, place) order by place)
             as "argumentTypes"
      from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
     where n.nspname = any (${[...schemas]}) order by 1, 2, p.oid`,
  ];
}

/** One row of a relation as JSON, the last by its text that contains `about`, else any; empty where it has none. */
export async function sampleOf(sql: Sql, relation: Relation, about: string): Promise<Record<string, unknown>> {
  const [row] = await sql<{ row: Record<string, unknown> }[]>`
    select to_jsonb(t) as row from ${sql(relation.schema)}.${sql(relation.name)} as t
     order by t::text like ${`%${about}%`} desc, t::text desc limit 1`;
  return row?.row ?? {};
}

/** A digest of each table's rows, by name: what changes when anybody writes. */
export async function digestsOf(sql: Sql, relations: readonly Relation[]): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const { schema, name } of relations.filter(({ isTable }) => isTable)) {
    const [row] = await sql<{ digest: string }[]>`
      select count(*) || ' ' || coalesce(md5(string_agg(t::text, '' order by t::text)), '') as digest
        from ${sql(schema)}.${sql(name)} as t`;
    digests[`${schema}.${name}`] = row?.digest ?? "";
  }
  return digests;
}

/** All rows of these relations as one text. */
export async function wholeOf(sql: Sql, relations: readonly Relation[]): Promise<string> {
  let whole = "";
  for (const { schema, name } of relations) {
    const [row] = await sql<{ text: string | null }[]>`
      select string_agg(t::text, '') as text from ${sql(schema)}.${sql(name)} as t`;
    whole += row?.text ?? "";
  }
  return whole;
}
