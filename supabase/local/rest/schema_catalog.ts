/**
 * Reads from PostgreSQL's catalogs what the REST stand-in must know about a database: one statement, answered as JSON.
 *
 * @module
 */
import type { Sql } from "postgres";
import { quoteLiteral } from "../sql_text.ts";

/** Rows of the catalogs as they come. Object ids are text. */
export interface Catalog {
  readonly relations: readonly RelationRow[];
  readonly keys: readonly KeyRow[];
  readonly foreign_keys: readonly ForeignKeyRow[];
  readonly view_rules: readonly { readonly relation: string; readonly rule: string }[];
  readonly routines: readonly RoutineRow[];
}

/** A table, view, materialized view, foreign table or partitioned table, in any schema but the system's. */
export interface RelationRow {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
  readonly is_view: boolean;
  readonly columns: readonly ColumnRow[];
}

export interface ColumnRow {
  readonly number: number;
  readonly name: string;
  /** As it may stand in a column definition list. */
  readonly type: string;
  /** The bare name of the type below all domains, such as `jsonb`. */
  readonly base_type: string;
  /** An expression, or null where there is none or the column is generated. */
  readonly default: string | null;
  readonly nullable: boolean;
}

/** A primary key or unique constraint; columns in the constraint's order. */
export interface KeyRow {
  readonly relation: string;
  readonly primary: boolean;
  readonly columns: readonly string[];
}

export interface ForeignKeyRow {
  readonly name: string;
  readonly relation: string;
  readonly columns: readonly string[];
  readonly foreign_relation: string;
  readonly foreign_columns: readonly string[];
}

/** A function of an exposed schema. */
export interface RoutineRow {
  readonly schema: string;
  readonly name: string;
  readonly volatility: "i" | "s" | "v";
  readonly returns_set: boolean;
  /** Whether PostgreSQL expects at most one row of a set. */
  readonly returns_one_row: boolean;
  readonly returns_composite: boolean;
  readonly returns_void: boolean;
  /** The relation whose rows it returns; null for other types. */
  readonly returns_relation: string | null;
  readonly arguments: readonly ArgumentRow[];
  /** `set` clauses of the function, as `name=value`. */
  readonly settings: readonly string[];
}

export interface ArgumentRow {
  /** Empty for an unnamed argument. */
  readonly name: string;
  readonly type: string;
  /** The relation whose row it takes; null for other types. */
  readonly relation: string | null;
  readonly required: boolean;
  readonly variadic: boolean;
}

/**
 * Reads the catalogs.
 *
 * @param admin may read every catalog.
 * @param schemas whose functions are wanted; relations and keys come from all schemas, because views lead to them.
 */
export async function readCatalog(admin: Sql, schemas: readonly string[]): Promise<Catalog> {
  const exposed = schemas.map(quoteLiteral).join(", ");
  // An empty search path makes every type and default expression come out schema-qualified.
  const results = await admin.unsafe(`set local search_path = ''; ${catalogQuery(exposed)}`).simple();
  return JSON.parse(results[1]?.[0]?.catalog ?? "{}");
}

function catalogQuery(exposed: string): string {
  return `
    with relation as (
      select c.oid, n.nspname, c.relname, c.relkind
        from pg_catalog.pg_class c
        join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'v', 'm', 'f', 'p')
         and n.nspname <> 'information_schema'
         and n.nspname !~ '^pg_'
    )
    select json_build_object(
      'relations', ${RELATIONS},
      'keys', ${KEYS},
      'foreign_keys', ${FOREIGN_KEYS},
      'view_rules', ${VIEW_RULES},
      'routines', ${routines(exposed)}
    )::text as catalog`;
}

const RELATIONS = `(
  select coalesce(json_agg(json_build_object(
      'oid', r.oid::text,
      'schema', r.nspname,
      'name', r.relname,
      'is_view', r.relkind in ('v', 'm'),
      'columns', (
        select coalesce(json_agg(json_build_object(
            'number', a.attnum,
            'name', a.attname,
            'type', format_type(a.atttypid, a.atttypmod),
            'base_type', (
              with recursive base as (
                select t.oid, t.typname, t.typtype, t.typbasetype from pg_type t where t.oid = a.atttypid
                union all
                select t.oid, t.typname, t.typtype, t.typbasetype
                  from pg_type t join base b on b.typtype = 'd' and t.oid = b.typbasetype
              )
              select b.typname from base b where b.typtype <> 'd'
            ),
            'default', case
              when a.attgenerated <> '' then null
              when a.attidentity <> '' then format(
                'nextval(%L)', pg_get_serial_sequence(format('%I.%I', r.nspname, r.relname), a.attname))
              else coalesce(
                pg_get_expr(d.adbin, d.adrelid),
                (select t.typdefault from pg_type t where t.oid = a.atttypid and t.typtype = 'd'))
            end,
            'nullable', not a.attnotnull
          ) order by a.attnum), '[]')
          from pg_attribute a
          left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
         where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
      )
    )), '[]')
    from relation r
)`;

const KEYS = `(
  select coalesce(json_agg(json_build_object(
      'relation', k.conrelid::text,
      'primary', k.contype = 'p',
      'columns', (
        select json_agg(a.attname order by c.place)
          from unnest(k.conkey) with ordinality c (number, place)
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = c.number
      )
    )), '[]')
    from pg_constraint k
    join relation r on r.oid = k.conrelid
   where k.contype in ('p', 'u')
)`;

// The foreign keys of partitions are left out: the partitioned table has them.
const FOREIGN_KEYS = `(
  select coalesce(json_agg(json_build_object(
      'name', k.conname,
      'relation', k.conrelid::text,
      'columns', (
        select json_agg(a.attname order by c.place)
          from unnest(k.conkey) with ordinality c (number, place)
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = c.number
      ),
      'foreign_relation', k.confrelid::text,
      'foreign_columns', (
        select json_agg(a.attname order by c.place)
          from unnest(k.confkey) with ordinality c (number, place)
          join pg_attribute a on a.attrelid = k.confrelid and a.attnum = c.number
      )
    ) order by k.conname), '[]')
    from pg_constraint k
    join relation r on r.oid = k.conrelid
    join relation f on f.oid = k.confrelid
   where k.contype = 'f' and k.conparentid = 0
)`;

const VIEW_RULES = `(
  select coalesce(json_agg(json_build_object('relation', w.ev_class::text, 'rule', w.ev_action::text)), '[]')
    from pg_rewrite w
    join relation r on r.oid = w.ev_class
   where r.relkind in ('v', 'm') and w.rulename = '_RETURN'
)`;

function routines(exposed: string): string {
  return `(
  select coalesce(json_agg(json_build_object(
      'schema', n.nspname,
      'name', p.proname,
      'volatility', p.provolatile,
      'returns_set', p.proretset,
      'returns_one_row', p.prorows = 1,
      'returns_composite', t.typtype = 'c' or coalesce(p.proargmodes::text[] && '{t,b,o}', false),
      'returns_void', t.oid = 'pg_catalog.void'::regtype,
      'returns_relation', nullif(t.typrelid, 0)::text,
      'arguments', (
        select coalesce(json_agg(json_build_object(
            'name', coalesce(a.name, ''),
            'type', format_type(a.type, -1),
            'relation', (select nullif(y.typrelid, 0)::text from pg_type y where y.oid = a.type),
            'required', a.place <= p.pronargs - p.pronargdefaults,
            'variadic', a.mode = 'v'
          ) order by a.place), '[]')
          from (
            select x.name, x.type, x.mode, row_number() over (order by x.place) as place
              from unnest(
                coalesce(p.proallargtypes, p.proargtypes::oid[]), p.proargnames, p.proargmodes::text[]
              ) with ordinality x (type, name, mode, place)
             where x.type is not null and coalesce(x.mode, 'i') in ('i', 'b', 'v')
          ) a
      ),
      'settings', coalesce(to_json(p.proconfig), '[]')
    ) order by n.nspname, p.proname, p.oid), '[]')
    from pg_proc p
    join pg_namespace n on n.oid = p.pronamespace
    join pg_type t on t.oid = p.prorettype
   where p.prokind = 'f'
     and t.oid not in ('pg_catalog.trigger'::regtype, 'pg_catalog.event_trigger'::regtype)
     and n.nspname in (${exposed})
)`;
}
