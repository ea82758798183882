-- What the API's roles can reach in schema public, one relation a row, as supabase-js needs to know it.
with reachable as (
  select c.oid, c.relname as name, c.relkind, pg_catalog.obj_description(c.oid, 'pg_class') as comment,
         array(select r from unnest(array['anon', 'authenticated', 'service_role']) as r) as roles
    from pg_catalog.pg_class as c
   where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
     and exists (
       select from unnest(array['anon', 'authenticated', 'service_role']) as r
        where has_any_column_privilege(r, c.oid, 'select')
     )
), sources as (
  -- A view over one table shows that table's rows; its columns are the table's of the same name.
  select v.oid, min(d.refobjid::integer)::oid as shows
    from reachable as v
    join pg_catalog.pg_rewrite as w on w.ev_class = v.oid
    join pg_catalog.pg_depend as d
      on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass and d.refobjid <> v.oid
   where v.relkind in ('v', 'm')
   group by v.oid
  having count(distinct d.refobjid) = 1
)
select r.name, r.relkind in ('v', 'm') as is_view, r.comment, source.relname as shows, cols.columns, keys.relationships
  from reachable as r
  left join sources as s on s.oid = r.oid
  left join pg_catalog.pg_class as source on source.oid = s.shows
 cross join lateral (
   select jsonb_agg(jsonb_build_object(
            'name', a.attname, 'type', a.atttypid::regtype::text, 'comment', pg_catalog.col_description(r.oid, a.attnum),
            'nullable', not coalesce(b.attnotnull, a.attnotnull),
            'optional', a.atthasdef or a.attidentity <> '' or not a.attnotnull,
            'insertable', exists (select from unnest(r.roles) as role where has_column_privilege(role, r.oid, a.attnum, 'insert')),
            'updatable', exists (select from unnest(r.roles) as role where has_column_privilege(role, r.oid, a.attnum, 'update'))
          ) order by a.attnum) as columns
     from pg_catalog.pg_attribute as a
     left join pg_catalog.pg_attribute as b on b.attrelid = s.shows and b.attname = a.attname
    where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
 ) as cols
 cross join lateral (
   select coalesce(jsonb_agg(jsonb_build_object(
            'foreignKeyName', k.conname, 'columns', own.names, 'referencedRelation', f.name, 'referencedColumns', theirs.names,
            'isOneToOne', exists (
              select from pg_catalog.pg_index as i
               where i.indrelid = k.conrelid and i.indisunique and i.indpred is null
                 and (i.indkey::int2[])[0:i.indnkeyatts - 1] <@ k.conkey
            )
          ) order by k.conname, f.name collate "C"), '[]') as relationships
     from pg_catalog.pg_constraint as k
     -- What can stand for the referenced table: itself, and each view that shows it.
     join reachable as f on f.oid = k.confrelid or exists (select from sources as v where v.oid = f.oid and v.shows = k.confrelid)
    cross join lateral (
      select jsonb_agg(a.attname order by u.place) as names
        from unnest(k.conkey) with ordinality as u (attnum, place)
        join pg_catalog.pg_attribute as a on a.attrelid = k.conrelid and a.attnum = u.attnum
    ) as own
    cross join lateral (
      select jsonb_agg(a.attname order by u.place) as names
        from unnest(k.confkey) with ordinality as u (attnum, place)
        join pg_catalog.pg_attribute as a on a.attrelid = k.confrelid and a.attnum = u.attnum
    ) as theirs
    where k.contype = 'f' and k.conrelid in (r.oid, s.shows)
      and not exists (select from jsonb_array_elements_text(own.names) as n where not cols.columns @> jsonb_build_array(jsonb_build_object('name', n)))
 ) as keys
 order by r.name collate "C"
