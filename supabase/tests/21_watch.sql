-- Watch: jobs that stopped are told of, daily ones are called until they are done, and old runs are forgotten.
begin;
set local role postgres;
select plan(31);

create function pg_temp.open_alerts() returns table (subject text, message text)
language sql as $$
  select a.subject::text collate "default", a.message from public.alerts as a where a.alert_type = 'job_failed' and a.resolved_at is null order by 1
$$;
-- Time passes as often as it is looked; the schedule is as old as the first look.
create function pg_temp.watch_until(p_from timestamptz, p_to timestamptz) returns void
language sql as $$
  select vaultbook.watch_jobs(t) from generate_series(p_from, p_to, interval '1 minute') as t
$$;
update public.job_schedules set enabled = false where name <> 'sweep';
update public.job_schedules set changed_at = '2030-01-01 00:00Z';

-- Jobs that stopped
select lives_ok($$select pg_temp.watch_until('2030-01-01 06:00Z', '2030-01-01 06:05Z')$$, 'It is looked every minute');
select is_empty('select * from pg_temp.open_alerts()', 'What was missed before it was looked is nobody''s fault');
insert into public.job_runs (job, status, started_at, finished_at) values ('sweep', 'done', '2030-01-01 06:05Z', '2030-01-01 06:05Z');
select pg_temp.watch_until('2030-01-01 06:06Z', '2030-01-01 06:10Z');
select is_empty('select * from pg_temp.open_alerts()', 'There is patience');
select vaultbook.watch_jobs('2030-01-01 06:11Z');
select results_eq(
    'select * from pg_temp.open_alerts()', $$values ('sweep', 'Job sweep has not run since 2030-01-01 06:05:00 UTC')$$,
    'A job that is not called any more is told of'
  );
update public.alerts set acknowledged = true, acknowledged_at = now();
select vaultbook.watch_jobs('2030-01-01 06:12Z');
select is(
    (select count(*) from public.alerts where alert_type = 'job_failed' and subject = 'sweep'), 1::bigint,
    'Once, also when it was acknowledged'
  );
insert into public.job_runs (job, status, started_at, leased_until)
values ('sweep', 'running', '2030-01-01 06:13Z', '2030-01-01 06:23Z');
select vaultbook.watch_jobs('2030-01-01 06:13Z');
select is_empty('select * from pg_temp.open_alerts()', 'When it runs again that is over');
select pg_temp.watch_until('2030-01-01 06:14Z', '2030-01-01 06:22Z');
select is_empty('select * from pg_temp.open_alerts()', 'One that is still at work is not late');
select pg_temp.watch_until('2030-01-01 06:23Z', '2030-01-01 06:24Z');
select results_eq(
    'select subject from pg_temp.open_alerts()', $$values ('sweep')$$, 'One that died and was not called since is'
  );
update public.job_schedules set enabled = false where name = 'sweep';
select vaultbook.watch_jobs('2030-01-01 06:25Z');
select is_empty('select * from pg_temp.open_alerts()', 'What is off the schedule is missed by nobody');
update public.job_schedules set enabled = true where name = 'sweep';
update public.job_schedules set changed_at = '2030-01-01 00:00Z' where name = 'sweep';
select vaultbook.watch_jobs('2030-01-01 09:00Z');
select is_empty('select * from pg_temp.open_alerts()', 'Who was away as long as the jobs does not judge them');
update public.job_schedules set enabled = true where name = 'monitor';
update public.job_schedules set changed_at = '2030-01-01 00:00Z' where name = 'monitor';
select pg_temp.watch_until('2030-01-01 09:01Z', '2030-01-01 09:06Z');
select results_eq(
    $$select message from public.alerts where subject = 'monitor'$$, $$values ('Job monitor has not run since it was scheduled')$$,
    'A job that never ran is told of too'
  );
update public.job_schedules set enabled = false where name = 'monitor';
select vaultbook.watch_jobs('2030-01-01 09:06Z');
select results_eq(
    'select subject from pg_temp.open_alerts()', $$values ('sweep')$$, 'but does once they have had their time'
  );

-- What the last call was answered
select vault.create_secret('https://project.test', 'project_url'), vault.create_secret('s3cret', 'cron_secret');
select is(vaultbook.answer_of('sweep'), null, 'A job that was never called has no answer');
select vaultbook.call_job('sweep');
insert into net._http_response (id, status_code) select c.request_id, 401 from vaultbook.job_calls as c where c.name = 'sweep';
select is(vaultbook.answer_of('sweep'), 'HTTP 401', 'A status is one');
update net._http_response set status_code = null, error_msg = 'Couldn''t connect to server';
select is(vaultbook.answer_of('sweep'), 'Couldn''t connect to server', 'and so is an error of pg_net''s');

-- Daily jobs
update public.job_schedules set enabled = true where name in ('daily_summary', 'retention');
update public.job_schedules set changed_at = '2030-01-01 00:00Z' where name in ('daily_summary', 'retention');
insert into public.job_runs (job, status, started_at, finished_at) values
  ('daily_summary', 'done', '2030-01-01 00:05Z', '2030-01-01 00:06Z'), ('retention', 'done', '2030-01-01 00:40Z', '2030-01-01 00:41Z');
delete from net.http_request_queue;
create function pg_temp.called(p_at timestamptz) returns text[]
language plpgsql as $$
declare
  names text[];
begin
  perform vaultbook.watch_jobs(p_at);
  select coalesce(array_agg(c.name::text order by c.name), '{}') into names
    from net.http_request_queue as q join vaultbook.job_calls as c on c.request_id = q.id;
  -- The call is lost, as in a crash; it was made just then.
  delete from net.http_request_queue;
  update vaultbook.job_calls as c set called_at = p_at where c.name = any (names);
  return names;
end
$$;
select is(pg_temp.called('2030-01-02 00:09Z'), '{}', 'Five minutes a daily job has to come by itself');
select is(pg_temp.called('2030-01-02 00:10Z'), '{daily_summary}', 'row 38: one whose call got lost is called again');
select is(pg_temp.called('2030-01-02 00:11Z'), '{}', 'and has a while');
select is(pg_temp.called('2030-01-02 00:16Z'), '{daily_summary}', 'before it is once more');
insert into public.job_runs (job, status, started_at, leased_until) values ('daily_summary', 'running', '2030-01-02 00:16Z', '2030-01-02 00:30Z');
select is(pg_temp.called('2030-01-02 00:25Z'), '{}', 'Not while it runs');
update public.job_runs set status = 'failed', code = 'c', finished_at = '2030-01-02 00:26Z', leased_until = null where job = 'daily_summary';
select is(pg_temp.called('2030-01-02 00:26Z'), '{daily_summary}', 'again when it failed');
insert into public.job_runs (job, status, started_at, finished_at) values ('daily_summary', 'partial', '2030-01-02 00:26:10Z', '2030-01-02 00:26:20Z');
select is(pg_temp.called('2030-01-02 00:27Z'), '{daily_summary}', 'at once when it only ran out of time');
insert into public.job_runs (job, status, started_at, finished_at) values ('daily_summary', 'done', '2030-01-02 00:27:10Z', '2030-01-02 00:27:20Z');
select is(pg_temp.called('2030-01-02 00:34Z'), '{}', 'and no more when it is done');
select is(pg_temp.called('2030-01-02 00:45Z'), '{retention}', 'Each has its own time');
insert into public.job_runs (job, status, started_at, finished_at) values ('retention', 'done', '2030-01-02 00:46Z', '2030-01-02 00:47Z');
select is(pg_temp.called('2030-01-03 00:04Z'), '{}', 'The next day');
select is(pg_temp.called('2030-01-03 00:10Z'), '{daily_summary}', 'it begins anew');

-- What was missing comes
update public.job_schedules set problem = 'Not scheduled: the database has no pg_net to call functions with' where name = 'sweep';
select vaultbook.watch_jobs('2030-01-03 00:11Z');
select is((select count(*) from public.job_schedules where problem is not null), 0::bigint, 'What could not be scheduled is as soon as it can be');

-- What is forgotten
insert into public.job_runs (id, job, status, started_at, finished_at) values
  ('00000000-0000-0000-0000-000000000001', 'tvl', 'done', '2029-12-01 00:00Z', '2029-12-01 00:00Z'),
  ('00000000-0000-0000-0000-000000000002', 'sweep', 'done', '2029-12-01 00:00Z', '2029-12-01 00:00Z'),
  ('00000000-0000-0000-0000-000000000003', 'tvl', 'done', '2029-12-20 00:00Z', '2029-12-20 00:00Z');
set local role vaultbook_ledger;
insert into vaultbook.doubts (signature, slot, run_id) values (repeat('1', 64), 1, '00000000-0000-0000-0000-000000000002');
reset role;
insert into cron.job_run_details (jobid, runid, status, start_time, end_time) values
  (1, -3, 'succeeded', '2030-01-02 00:00Z', '2030-01-02 00:00Z'), (1, -2, 'succeeded', '2029-12-30 00:00Z', '2029-12-30 00:00Z'),
  (1, -1, 'failed', '2029-12-30 00:00Z', null);
update cron.job_run_details set username = 'postgres';
insert into net._http_response (id, created) values (-1, '2030-01-01 00:00Z'), (-2, '2030-01-02 12:00Z');
set local role postgres;
select is(vaultbook.forget_runs('2030-01-03 00:00Z'), 1::bigint, 'A run of last month is forgotten');
select results_eq(
    $$select id::text from public.job_runs where id::text ~ '^0{8}' order by 1$$,
    $$values ('00000000-0000-0000-0000-000000000002'), ('00000000-0000-0000-0000-000000000003')$$,
    'One of this month stays, and one that a doubt names'
  );
select results_eq('select runid from cron.job_run_details where runid < 0', 'values (-3::bigint)', 'pg_cron keeps three days');
select results_eq('select id from net._http_response where id < 0', 'values (-2::bigint)', 'pg_net one');

select * from finish();
rollback;
