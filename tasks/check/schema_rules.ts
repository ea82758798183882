/**
 * House rules about the database, each with the query that finds what breaks it. Ours are the schemas public and vaultbook.
 *
 * @module
 */

/** A rule: `breaks` returns one column of texts that name what breaks it. */
export interface SchemaRule {
  readonly promise: string;
  readonly breaks: string;
}

/** Definer functions that anon or authenticated may execute, as `schema.name(argument types)`: none needs to be. */
const OPEN_DEFINERS: readonly string[] = [];

const OURS = "in ('public'::regnamespace, 'vaultbook'::regnamespace)";

/** Functions of ours; what an extension brought is not. */
const OUR_FUNCTIONS = `
  select p.*, p.oid::regprocedure::text as signature
    from pg_catalog.pg_proc as p
   where p.pronamespace ${OURS}
     and not exists (
       select from pg_catalog.pg_depend as d
        where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
     )`;

/** Every rule. */
export const SCHEMA_RULES: readonly SchemaRule[] = [
  {
    promise: "every table has row security",
    breaks: `
      select c.oid::regclass::text from pg_catalog.pg_class as c
       where c.relnamespace ${OURS} and c.relkind in ('r', 'p') and not c.relrowsecurity`,
  },
  {
    promise: "every table and view has a comment",
    breaks: `
      select c.oid::regclass::text from pg_catalog.pg_class as c
       where c.relnamespace ${OURS} and c.relkind in ('r', 'p', 'v', 'm', 'f')
         and pg_catalog.obj_description(c.oid, 'pg_class') is null`,
  },
  {
    promise: "every column has a comment",
    breaks: `
      select c.oid::regclass::text || '.' || a.attname
        from pg_catalog.pg_class as c
        join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       where c.relnamespace ${OURS} and c.relkind in ('r', 'p', 'v', 'm', 'f')
         and coalesce(pg_catalog.col_description(c.oid, a.attnum), '') = ''`,
  },
  {
    promise: "every function has a comment",
    breaks: `select signature from (${OUR_FUNCTIONS}) as f where pg_catalog.obj_description(f.oid, 'pg_proc') is null`,
  },
  {
    promise: "every function pins search_path = ''",
    breaks: `
      select signature from (${OUR_FUNCTIONS}) as f
       where not coalesce('search_path=""' = any (f.proconfig), false)`,
  },
  {
    promise: "neither anon nor authenticated may execute a definer function",
    breaks: `
      select signature from (${OUR_FUNCTIONS}) as f
       where f.prosecdef
         and (has_function_privilege('anon', f.oid, 'execute') or has_function_privilege('authenticated', f.oid, 'execute'))
         and not signature = any (array[${OPEN_DEFINERS.map((name) => `'${name}'`).join(", ")}]::text[])`,
  },
  {
    promise: "constraints are named as sentences, not by PostgreSQL",
    breaks: `
      select c.conrelid::regclass::text || ': ' || c.conname
        from pg_catalog.pg_constraint as c
       where c.connamespace ${OURS}
         and (c.conname ~ '_(check|fkey|excl)[0-9]*$' or (c.contype = 'u' and c.conname ~ '_key[0-9]*$'))`,
  },
  {
    promise: "every foreign key has an index that begins with its columns",
    breaks: `
      select c.conrelid::regclass::text || ': ' || c.conname
        from pg_catalog.pg_constraint as c
       where c.connamespace ${OURS} and c.contype = 'f'
         and not exists (
           select from pg_catalog.pg_index as i
            where i.indrelid = c.conrelid and i.indpred is null and i.indisvalid
              and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey
         )`,
  },
  {
    promise: "every view in public is security_invoker",
    breaks: `
      select c.oid::regclass::text from pg_catalog.pg_class as c
       where c.relnamespace = 'public'::regnamespace and c.relkind = 'v'
         and not coalesce(c.reloptions && array['security_invoker=true', 'security_invoker=on'], false)`,
  },
  {
    promise: "public has no materialized view, which row security does not reach",
    breaks: `
      select c.oid::regclass::text from pg_catalog.pg_class as c
       where c.relnamespace = 'public'::regnamespace and c.relkind = 'm'`,
  },
];
