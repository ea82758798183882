-- Foundation: the private schema, the ledger's role, the append-only guard, and no privilege by default.
begin;
set local role postgres;
select plan(183);

-- The ledger's role
select has_role('vaultbook_ledger');
select isnt_superuser('vaultbook_ledger');
select is(
    (select (r.rolcanlogin, r.rolinherit, r.rolbypassrls, r.rolcreaterole, r.rolcreatedb)::text
       from pg_catalog.pg_roles as r where r.rolname = 'vaultbook_ledger'),
    '(f,f,f,f,f)',
    'vaultbook_ledger cannot log in, inherit, pass row security, nor create anything beyond its schema'
  );
select is_empty(
    $$select m.roleid::regrole, m.member::regrole from pg_catalog.pg_auth_members as m
       where m.roleid = 'vaultbook_ledger'::regrole
         and m.member in ('anon'::regrole, 'authenticated'::regrole, 'service_role'::regrole, 'authenticator'::regrole)$$,
    'No role of the API may become vaultbook_ledger'
  );

-- The private schema
select schema_privs_are('vaultbook', 'anon', '{}', 'anon may not even name what is in vaultbook');
-- For the operators' views: single columns of four tables, of which policies show the rows to operators alone; and no function.
select schema_privs_are('vaultbook', 'authenticated', '{USAGE}', 'authenticated may name what is in vaultbook');
select schema_privs_are('vaultbook', 'service_role', '{USAGE}', 'service_role may name what is in vaultbook');

-- No privilege by default
create table public.probe (id bigint generated always as identity primary key);
create function public.probe() returns integer language sql return 1;
select table_privs_are('public', 'probe', role, '{}', format('A new table is granted to %s by nobody', role))
  from unnest('{anon, authenticated, service_role}'::name[]) as role;
select sequence_privs_are('public', 'probe_id_seq', role, '{}', format('A new sequence is granted to %s by nobody', role))
  from unnest('{anon, authenticated, service_role}'::name[]) as role;
select function_privs_are('public', 'probe', '{}', role, '{}', format('A new function is granted to %s by nobody', role))
  from unnest('{anon, authenticated, service_role}'::name[]) as role;

-- The guard of the append-only tables
create temporary table attempt as
select guarded.name, statement.verb, format(statement.form, guarded.name, guarded.some_column) as sql
  from (values
    ('vaults', 'public.vaults', 'status'),
    ('transactions', 'public.transactions', 'note'),
    ('reconciliation_logs', 'public.reconciliation_logs', 'notes'),
    ('deliveries', 'vaultbook.deliveries', 'source'),
    ('inbox', 'vaultbook.inbox', 'code'),
    ('status_changes', 'vaultbook.status_changes', 'slot'),
    ('landings', 'vaultbook.landings', 'slot'),
    ('lost_landings', 'vaultbook.lost_landings', 'slot'),
    ('compensations', 'vaultbook.compensations', 'reason')
  ) as guarded (short_name, name, some_column)
 cross join (values
    ('insert', 'insert into %s default values'),
    ('update', 'update %1$s set %2$s = %2$s'),
    ('delete', 'delete from %s'),
    ('truncate', 'truncate %s cascade')
  ) as statement (verb, form);
grant select on attempt to public;

select throws_ok(a.sql, 'VB001', null, format('postgres, who owns %s, cannot %s', a.name, a.verb)) from attempt as a;

-- Without a privilege nobody gets as far as the guard: for this once everything is granted.
grant all on all tables in schema public, vaultbook to service_role, vaultbook_ledger;
set local role service_role;
select throws_ok(a.sql, 'VB001', null, format('service_role cannot %2$s %1$s even if it were granted', a.name, a.verb))
  from attempt as a;
set local role vaultbook_ledger;
select throws_ok(a.sql, 'VB001', null, format('The ledger itself cannot %2$s %1$s', a.name, a.verb))
  from attempt as a where a.verb = 'delete';
reset role;
select throws_ok(a.sql, 'VB001', null, format('A superuser cannot %2$s %1$s', a.name, a.verb)) from attempt as a;
set local session_replication_role = replica;
select throws_ok(a.sql, 'VB001', null, format('A replica''s superuser cannot %2$s %1$s', a.name, a.verb))
  from attempt as a;
set local session_replication_role = origin;
set local role postgres;

select throws_like(
    'delete from public.transactions', 'Cannot delete rows of transactions: it is append-only', 'The guard says what it guards'
  );
select throws_like(
    'update public.vaults set status = status',
    'Cannot update rows of vaults: only the ledger''s own functions write here',
    'The guard says who may'
  );

-- Amounts for people
select is(vaultbook.usdt(amount), shown, format('%s base units are %s', amount, shown))
  from (values
    (0, '0.00 USDT'),
    (1, '0.000001 USDT'),
    (10000, '0.01 USDT'),
    (1000000, '1.00 USDT'),
    (1500000, '1.50 USDT'),
    (1234567, '1.234567 USDT'),
    (20000500000, '20,000.50 USDT'),
    (9223372036854775807, '9,223,372,036,854.775807 USDT'),
    (-7, '-0.000007 USDT'),
    (-1500000, '-1.50 USDT'),
    (-9223372036854775808, '-9,223,372,036,854.775808 USDT'),
    (1000 * 9223372036854775807::numeric, '9,223,372,036,854,775.807 USDT')
  ) as example (amount, shown);

select * from finish();
rollback;
