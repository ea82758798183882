-- Schedule: what pg_cron is told, and how a job is called; what is said where something is missing.
begin;
set local role postgres;
select plan(36);

-- What is scheduled
select results_eq(
    $$select jobname::text collate "default", schedule, command, username = current_user, active from cron.job where jobname ~ '^vaultbook' order by jobname collate "C"$$,
    $$values ('vaultbook daily_summary', '5 0 * * *', 'select vaultbook.call_job(''daily_summary'')', true, true),
             ('vaultbook monitor', '* * * * *', 'select vaultbook.call_job(''monitor'')', true, true),
             ('vaultbook reconcile', '*/15 * * * *', 'select vaultbook.call_job(''reconcile'')', true, true),
             ('vaultbook retention', '40 0 * * *', 'select vaultbook.call_job(''retention'')', true, true),
             ('vaultbook snapshot', '*/5 * * * *', 'select vaultbook.call_job(''snapshot'')', true, true),
             ('vaultbook sweep', '* * * * *', 'select vaultbook.call_job(''sweep'')', true, true),
             ('vaultbook tvl', '*/5 * * * *', 'select vaultbook.call_job(''tvl'')', true, true),
             ('vaultbook: check', '*/5 * * * *', 'set statement_timeout = 0; select vaultbook.check_dear_invariants()', true, true),
             ('vaultbook: forget', '17 3 * * *', 'select vaultbook.forget_runs()', true, true),
             ('vaultbook: leftovers', '45 3 * * 0',
              'set lock_timeout = ''1s''; drop index if exists public.idx_snapshots_vault_time_ccnew, public.idx_snapshots_vault_time_ccold', true, true),
             ('vaultbook: reindex', '47 3 * * 0', 'reindex index concurrently public.idx_snapshots_vault_time', true, true),
             ('vaultbook: watch', '* * * * *', 'select vaultbook.watch_jobs()', true, true)$$,
    'Everything is scheduled by the migrations, as CONTRACT says'
  );
select results_eq(
    'select name::text from public.job_schedules where problem is not null', 'select null::text where false', 'and nothing is in the way'
  );
select is(vaultbook.schedule_jobs(), 12::bigint, 'Scheduling anew counts all of it');
select is((select count(*) from cron.job where jobname ~ '^vaultbook'), 12::bigint, 'and makes none of it twice');

-- Changing it
select cron.schedule('somebody else''s', '0 0 * * *', 'select 1');
update public.job_schedules set schedule = '*/2 * * * *' where name = 'sweep';
select is((select schedule from cron.job where jobname = 'vaultbook sweep'), '*/2 * * * *', 'A changed schedule counts at once');
update public.job_schedules set enabled = false where name = 'tvl';
select is((select count(*) from cron.job where jobname = 'vaultbook tvl'), 0::bigint, 'A job that is not enabled is not scheduled');
select is((select problem from public.job_schedules where name = 'tvl'), null, 'and that is no problem');
update public.job_schedules set enabled = true where name = 'tvl';
select is((select count(*) from cron.job where jobname = 'vaultbook tvl'), 1::bigint, 'It is again when it is enabled');
insert into public.job_schedules (name, function_name, schedule, patience, answer_within)
values ('extra', 'extra', '0 * * * *', '3 hours', '10 seconds');
select is((select command from cron.job where jobname = 'vaultbook extra'), 'select vaultbook.call_job(''extra'')', 'Another one is scheduled');
delete from public.job_schedules where name = 'extra';
select is((select count(*) from cron.job where jobname = 'vaultbook extra'), 0::bigint, 'and goes when its row does');
select is((select count(*) from cron.job where jobname = 'somebody else''s'), 1::bigint, 'What is not Vaultbook''s stays as it is');
select throws_like(
    $$update public.job_schedules set schedule = 'now and then' where name = 'sweep'$$, '%invalid schedule: now and then%', 'pg_cron refuses what it cannot read'
  );
select throws_ok(
    $$update public.job_schedules set schedule = '*/5 * * * *' where name = 'daily_summary'$$, '23514', null, 'What is daily has one hour and one minute'
  );
select throws_ok(
    $$update public.job_schedules set body = '[]' where name = 'sweep'$$, '23514', null, 'A job is sent an object'
  );
select throws_ok(
    $$update public.job_schedules set function_name = '../auth/v1' where name = 'sweep'$$, '23514', null, 'and only a function is called'
  );

-- Without secrets
select is(vaultbook.call_job('sweep'), null, 'Without secrets nothing is called');
select results_eq(
    $$select status::text collate "default", code, message from public.job_runs where job = 'sweep'$$,
    $$values ('failed', 'schedule_unconfigured', 'It was not called: Vault holds no secret project_url')$$,
    'and it is on record why'
  );
select vault.create_secret('https://project.test/', 'project_url');
select is(vaultbook.call_job('sweep'), null, 'Both are needed');
select is(
    (select message from public.job_runs where job = 'sweep' order by started_at desc limit 1),
    'It was not called: Vault holds no secret cron_secret', 'since a header that is NULL would be left out without a word'
  );
select vault.create_secret('', 'cron_secret');
select is(vaultbook.call_job('sweep'), null, 'An empty one is none');
select is(
    (select count(*) from public.alerts where alert_type = 'job_failed' and subject = 'sweep' and resolved_at is null), 1::bigint,
    'What goes on like that is told of'
  );
select is((select count(*) from net.http_request_queue), 0::bigint, 'No request without the secret was ever queued');
select throws_ok($$select vaultbook.call_job('nothing')$$, 'VB004', null, 'What is not on the schedule is not called');

-- With them
select vault.update_secret((select id from vault.secrets where name = 'cron_secret'), 's3cret');
select isnt(vaultbook.call_job('daily_summary'), null, 'A job is called');
select results_eq(
    $$select q.method::text, q.url, q.headers, convert_from(q.body, 'UTF8')::jsonb, q.timeout_milliseconds from net.http_request_queue as q$$,
    $$values ('POST', 'https://project.test/functions/v1/snapshot',
              '{"Content-Type": "application/json", "Authorization": "Bearer s3cret"}'::jsonb, '{"type": "daily_summary"}'::jsonb, 120000)$$,
    'by a POST to its function, with the secret, its body, and time to answer'
  );
select is(
    vaultbook.call_job('daily_summary'), (select c.request_id from vaultbook.job_calls as c where c.name = 'daily_summary'),
    'While the call waits to be sent, another one is that one'
  );
select is((select count(*) from net.http_request_queue), 1::bigint, 'and the queue does not grow');
delete from net.http_request_queue;
select isnt(
    vaultbook.call_job('daily_summary'), null, 'row 38: a call that a crash took from the queue is made again'
  );
select is((select count(*) from net.http_request_queue), 1::bigint, 'and waits to be sent');
select is(
    (select bool_and(s.answer_within > interval '110 seconds') from public.job_schedules as s where s.name in ('sweep', 'reconcile')), true,
    'Functions that may work for 110 seconds are waited for longer'
  );
select vault.update_secret((select id from vault.secrets where name = 'project_url'), 'no url at all');
delete from net.http_request_queue;
select is(vaultbook.call_job('tvl'), null, 'A URL that cannot be called');
select is((select code from public.job_runs where job = 'tvl'), 'schedule_broken', 'is on record too');

-- Who sees it
set local role authenticated;
set local request.jwt.claims = '{"role": "authenticated", "app_metadata": {"role": "ops"}}';
select is((select count(*) from public.job_states), 7::bigint, 'Operators see the jobs and how they do');
select throws_ok($$update public.job_schedules set enabled = false$$, '42501', null, 'but change them in Studio only');
set local request.jwt.claims = '{"role": "authenticated", "wallet_address": "1"}';
select is((select count(*) from public.job_states), 0::bigint, 'Traders do not');
select throws_ok($$select vaultbook.call_job('sweep')$$, '42501', null, 'and call none');

select * from finish();
rollback;
