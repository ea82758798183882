-- Rate limits: the rules, who may change them, and who counts. What they come to in time is tested beside lib/ledger.
begin;
set local role postgres;
select plan(22);

select results_eq(
    'select activity::text, most, period, enabled from public.rate_limits order by 1',
    $$values ('history', 240, interval '1 minute', true), ('transactions', 60, interval '1 minute', true)$$,
    'The rules are there, and on'
  );
select throws_ok(format('update public.rate_limits set %s', change), '23514', null, format('%s is no rule', change))
  from unnest('{most = 0, most = -1, most = 1000001, period = ''0'', period = ''2 days'', activity = ''breathing''}'::text[]) as change;
select is(c.relpersistence, 'u', 'What is counted is not logged') from pg_catalog.pg_class as c where c.oid = 'vaultbook.allowances'::regclass;
select is(
    has_table_privilege(role, 'vaultbook.allowances', verb), false, format('%s may not %s what is counted', role, verb)
  )
  from unnest('{anon, authenticated, service_role}'::text[]) as role cross join unnest('{select, update}'::text[]) as verb;
select is(
    has_function_privilege(role, name::regproc, 'execute'), role = 'service_role',
    format('%s may%s run %s()', role, case when role = 'service_role' then '' else ' not' end, name)
  )
  from unnest('{vaultbook.take_allowance, vaultbook.forget_allowances}'::text[]) as name
 cross join unnest('{anon, authenticated, service_role}'::text[]) as role;

set local role service_role;
update public.rate_limits set most = 2, period = '1 minute';
select results_eq(
    $$select vaultbook.take_allowance('history', caller) from unnest('{a, b}'::text[]) as caller$$, array[0, 0], 'Each caller has its own'
  );
-- All of a transaction happens at one time.
select results_eq(
    $$select vaultbook.take_allowance('history', 'a') union all select vaultbook.take_allowance('transactions', 'a')$$, array[0, 0],
    'And each activity'
  );

select * from finish();
rollback;
