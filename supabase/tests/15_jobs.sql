-- Jobs: one run at a time, dead ones found, failures told of when they last.
begin;
set local role postgres;
select plan(20);

select throws_ok(
    $$insert into public.job_runs (job, status, finished_at) values ('sweep', 'failed', now())$$, '23514', null,
    'A run that failed says why'
  );
select results_eq(
    $$select r.rolname::text collate "default", has_table_privilege(r.oid, 'public.job_runs', 'select'), has_table_privilege(r.oid, 'public.job_runs', 'insert')
        from pg_catalog.pg_roles as r where r.rolname in ('anon', 'authenticated', 'service_role') order by 1$$,
    $$values ('anon', false, false), ('authenticated', true, false), ('service_role', true, false)$$,
    'Runs are read by operators and the service, and written by the ledger''s functions only'
  );

set local role service_role;
create function pg_temp.last_run() returns public.job_runs
language sql as $$ select r from public.job_runs as r order by r.started_at desc limit 1 $$;
select is((vaultbook.start_job('sweep', interval '1 minute')).status, 'running', 'A job begins');
select is((vaultbook.start_job('sweep', interval '1 minute')).status, 'skipped', 'and does not begin again while it runs');
select is((vaultbook.start_job('tvl', interval '1 minute')).status, 'running', 'Another job is another matter');
select is(vaultbook.hold_job(id, interval '0'), true, 'It says that it is alive')
  from public.job_runs where job = 'sweep' and status = 'running';
select is((vaultbook.start_job('sweep', interval '1 minute')).status, 'running', 'What was not heard of in time is dead');
select results_eq(
    $$select code from public.job_runs where job = 'sweep' and status = 'failed'$$, $$values ('abandoned')$$, 'and on record'
  );
select is(vaultbook.hold_job(id, interval '1 minute'), false, 'It learns so when it is heard of again')
  from public.job_runs where status = 'failed';
select is((vaultbook.finish_job(id, 'done', '{}', null, null)).status, 'failed', 'and cannot end well any more')
  from public.job_runs where status = 'failed';

-- Failures in a row
create function pg_temp.fail() returns void
language sql as $$
  select vaultbook.finish_job(r.id, 'failed', '{}', 'rpc_unavailable', 'Cannot reach the node') from public.job_runs as r
   where r.job = 'sweep' and r.status = 'running'
$$;
create function pg_temp.open_alerts() returns bigint
language sql as $$
  select count(*) from public.alerts where alert_type = 'job_failed' and subject = 'sweep' and resolved_at is null
$$;
select pg_temp.fail();
select is(pg_temp.open_alerts(), 0::bigint, 'Two failures in a row may be a restart');
select is((vaultbook.start_job('sweep', interval '1 minute')).status, 'running', 'A third run begins');
select pg_temp.fail();
select is(pg_temp.open_alerts(), 1::bigint, 'Three are told of');
select results_eq(
    $$select message, data ->> 'failures' from public.alerts where alert_type = 'job_failed'$$,
    $$values ('Job sweep did not get done 3 times in a row: Cannot reach the node', '3')$$,
    'with how often and why'
  );
select is((vaultbook.start_job('sweep', interval '1 minute')).status, 'running', 'A fourth run begins');
select is((vaultbook.finish_job(id, 'partial', '{"pages": 1}', null, null)).status, 'partial', 'gets something done')
  from public.job_runs where job = 'sweep' and status = 'running';
select is(pg_temp.open_alerts(), 0::bigint, 'and all is well');

-- An alert that cannot be raised stops nothing
set local role postgres;
alter table public.alerts add constraint alerts_are_broken check (alert_type <> 'job_failed') not valid;
insert into public.job_runs (job, status, started_at, finished_at, code)
select 'tvl', 'failed', clock_timestamp(), clock_timestamp(), 'c' from generate_series(1, 3);
set local role service_role;
select is((vaultbook.finish_job(id, 'failed', '{}', 'c', null)).status, 'failed', 'A run ends although its alert is broken')
  from public.job_runs where job = 'tvl' and status = 'running';
select results_eq(
    'select count(*) from vaultbook.alert_failures', 'values (1::bigint)', 'and the health check tells of it'
  );


-- but what concerns the whole call, which is repeated, is raised
set local role postgres;
create function pg_temp.collide() returns trigger
language plpgsql as $$ begin raise exception 'Another was faster' using errcode = '40001'; end $$;
create trigger collides before insert on public.alerts for each row execute function pg_temp.collide();
insert into public.job_runs (job, leased_until) values ('tvl', now());
set local role service_role;
select throws_ok(
    format('select vaultbook.finish_job(%L, %L, %L, %L, null)', id, 'failed', '{}', 'c'), '40001', null, 'A collision is for the caller to repeat'
  )
  from public.job_runs where status = 'running' and job = 'tvl';

select * from finish();
rollback;
