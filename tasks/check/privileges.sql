-- Every privilege on what is ours, schemas public and vaultbook, that somebody else than its owner has. One line each; null acl
-- means PostgreSQL's own default. Types are left out: everybody may name them.
with granted (grantee, privilege, object) as (
  select a.grantee, lower(a.privilege_type), 'schema ' || n.nspname
    from pg_catalog.pg_namespace as n
   cross join lateral aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) as a
   where n.oid in ('public'::regnamespace, 'vaultbook'::regnamespace) and a.grantee <> n.nspowner
  union all
  select a.grantee, lower(a.privilege_type),
         case c.relkind when 'S' then 'sequence ' else '' end || format('%I.%I', n.nspname, c.relname)
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
   cross join lateral aclexplode(
     coalesce(c.relacl, acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner))
   ) as a
   where n.oid in ('public'::regnamespace, 'vaultbook'::regnamespace)
     and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and a.grantee <> c.relowner
  union all
  select a.grantee, lower(a.privilege_type),
         format('%I.%I (%s)', n.nspname, c.relname, string_agg(quote_ident(t.attname), ', ' order by t.attname))
    from pg_catalog.pg_attribute as t
    join pg_catalog.pg_class as c on c.oid = t.attrelid
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
   cross join lateral aclexplode(t.attacl) as a
   where n.oid in ('public'::regnamespace, 'vaultbook'::regnamespace) and a.grantee <> c.relowner
   group by a.grantee, a.privilege_type, n.nspname, c.relname
  union all
  select a.grantee, lower(a.privilege_type),
         format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid))
    from pg_catalog.pg_proc as p
    join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
   cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
   where n.oid in ('public'::regnamespace, 'vaultbook'::regnamespace) and a.grantee <> p.proowner
  union all
  select a.grantee, lower(a.privilege_type),
         'future ' || case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions' end
           || ' of ' || d.defaclrole::regrole || coalesce(' in ' || nullif(d.defaclnamespace, 0)::regnamespace, '')
    from pg_catalog.pg_default_acl as d
   cross join lateral aclexplode(d.defaclacl) as a
   where d.defaclobjtype in ('r', 'S', 'f') and a.grantee <> d.defaclrole
     and d.defaclnamespace in (0, 'public'::regnamespace, 'vaultbook'::regnamespace)
)
select shown.line
  from (
    select format('%-20s %-10s %s', case grantee when 0 then 'public' else grantee::regrole::text end, privilege, object) as line
      from granted
  ) as shown
 order by shown.line collate "C"
