-- The schedule where pg_cron, pg_net or Vault is missing: everything else works, and it is told what does not.
begin;
select plan(12);

create function pg_temp.problems() returns text[]
language sql as $$ select array_agg(distinct problem) from public.job_schedules $$;

drop schema vault cascade;
set local role postgres;
select is(vaultbook.schedule_jobs(), 12::bigint, 'Without Vault all is scheduled');
select is(pg_temp.problems(), '{Scheduled in vain: the database has no Vault for the secrets}', 'in vain');
select is(vaultbook.call_job('sweep'), null, 'since nothing can be called');
select is((select code from public.job_runs), 'schedule_broken', 'which is on record');

reset role;
insert into vaultbook.job_calls (name, called_at, request_id) values ('sweep', now(), 1);
drop schema net cascade;
set local role postgres;
select is(vaultbook.schedule_jobs(), 5::bigint, 'Without pg_net the database''s own work is scheduled');
select is(pg_temp.problems(), '{Not scheduled: the database has no pg_net to call functions with}', 'and no call');
select is(vaultbook.answer_of('sweep'), null, 'No call has an answer');
select is(vaultbook.forget_runs('2030-01-01'), 1::bigint, 'Old runs are forgotten all the same');
select is(vaultbook.watch_jobs(), 0::bigint, 'and jobs watched');

reset role;
alter function cron.schedule(text, text, text) rename to schedule_never;
set local role postgres;
select is(vaultbook.schedule_jobs(), 0::bigint, 'Without pg_cron nothing is scheduled');
update public.job_schedules set enabled = false where name = 'tvl';
select is(pg_temp.problems(), '{"Nothing is scheduled: the database has no pg_cron",NULL}', 'which is a problem of what is enabled');
select is((select problem from public.job_schedules where name = 'tvl'), null, 'and of nothing else');

select * from finish();
rollback;
