-- Invariants of access: what must always be true of rights and guards. As in the next chapter: each a view of what breaks it.

create view vaultbook.breaks_i13 as
select 'table ' || c.oid::regclass as subject, 'row level security is off' as detail
  from pg_catalog.pg_class as c
 where c.relnamespace in ('public'::regnamespace, 'vaultbook'::regnamespace) and c.relkind in ('r', 'p') and not c.relrowsecurity
union all
select 'table ' || c.oid::regclass, format('%s may read it, and policy "%s" does not ask whose a row is', r.rolname, p.polname)
  from pg_catalog.pg_policy as p
  join pg_catalog.pg_class as c on c.oid = p.polrelid and c.relname <> 'tvl_snapshots'
   and c.relnamespace in ('public'::regnamespace, 'vaultbook'::regnamespace)
  join pg_catalog.pg_roles as r on r.rolname in ('anon', 'authenticated') and (p.polroles @> array[r.oid] or p.polroles @> array[0::oid])
 where p.polpermissive
   and coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), 'true')
       !~ 'auth\.jwt\(\)|vaultbook\.first_visible_owner\(\).* AND .*vaultbook\.last_visible_owner\(\)'
union all
select 'view ' || c.oid::regclass, 'it reads with the rights of its owner'
  from pg_catalog.pg_class as c
 where c.relnamespace = 'public'::regnamespace and c.relkind in ('v', 'm')
   and not coalesce(c.reloptions::text[] && array['security_invoker=true', 'security_invoker=on'], false)
union all
select 'function ' || f.oid::regprocedure, format('%s may execute it, and it runs with the rights of its owner', r.rolname)
  from pg_catalog.pg_proc as f
 cross join pg_catalog.pg_roles as r
 where f.pronamespace in ('public'::regnamespace, 'vaultbook'::regnamespace) and f.prosecdef
   and r.rolname in ('anon', 'authenticated') and has_function_privilege(r.oid, f.oid, 'execute')
union all
select 'table ' || c.oid::regclass, format('%s may read it', r.rolname)
  from pg_catalog.pg_class as c
 cross join pg_catalog.pg_roles as r
 where ((c.relnamespace = 'vaultbook'::regnamespace and r.rolname in ('anon', 'authenticated'))
        or (c.relnamespace = 'public'::regnamespace and r.rolname = 'anon' and c.relname not in ('tvl_snapshots', 'tvl_history')))
   and c.relkind in ('r', 'v', 'm', 'p') and has_table_privilege(r.oid, c.oid, 'select')
union all
select 'table ' || c.oid::regclass, format('%s may %s it', r.rolname, held.privilege)
  from pg_catalog.pg_class as c
 cross join (values ('insert into'), ('update'), ('delete from'), ('truncate')) as held (privilege)
 cross join pg_catalog.pg_roles as r
 where c.relnamespace in ('public'::regnamespace, 'vaultbook'::regnamespace) and c.relkind in ('r', 'v', 'm', 'p')
   and r.rolname in ('anon', 'authenticated') and has_table_privilege(r.oid, c.oid, split_part(held.privilege, ' ', 1));
comment on view vaultbook.breaks_i13 is
  'I13: nothing that clients may read shows a row without asking whose it is, and they write to no table.';

create view vaultbook.breaks_i15 as
select 'table ' || c.relname as subject, 'its append-only guard is missing or can be switched off' as detail
  from pg_catalog.pg_class as c
 where c.oid in ('public.vaults'::regclass, 'public.transactions'::regclass, 'public.reconciliation_logs'::regclass,
                 'vaultbook.deliveries'::regclass, 'vaultbook.inbox'::regclass, 'vaultbook.status_changes'::regclass,
                 'vaultbook.landings'::regclass, 'vaultbook.lost_landings'::regclass, 'vaultbook.compensations'::regclass,
                 'vaultbook.resolutions'::regclass)
   and not exists (
     select from pg_catalog.pg_trigger as g
      where g.tgrelid = c.oid and g.tgfoid = 'vaultbook.tg_append_only()'::regprocedure
        and g.tgenabled = 'A' and g.tgtype = 2 + 4 + 8 + 16 + 32 -- before; insert, delete, update, truncate
   )
union all
select 'table ' || c.relname, format('%s may %s', r.rolname, privilege)
  from pg_catalog.pg_class as c
 cross join (values ('insert'), ('update'), ('delete'), ('truncate')) as held (privilege)
 cross join pg_catalog.pg_roles as r
 where c.oid in ('public.vaults'::regclass, 'public.transactions'::regclass, 'public.reconciliation_logs'::regclass,
                 'vaultbook.deliveries'::regclass, 'vaultbook.inbox'::regclass, 'vaultbook.status_changes'::regclass,
                 'vaultbook.landings'::regclass, 'vaultbook.lost_landings'::regclass, 'vaultbook.compensations'::regclass,
                 'vaultbook.resolutions'::regclass)
   and r.rolname in ('anon', 'authenticated', 'service_role')
   and has_table_privilege(r.oid, c.oid, held.privilege);
comment on view vaultbook.breaks_i15 is 'I15: balances, ledger, inbox and reconciliation are append-only for everyone but the ledger''s own functions.';
