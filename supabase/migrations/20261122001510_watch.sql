-- Watch: jobs that stopped, daily ones whose call got lost, and what pg_cron and pg_net keep of themselves. All of it is the database's
-- own work: whoever looks for jobs that are not called any more must not wait to be called himself.

create table vaultbook.watches (
  is_only boolean not null default true,
  watched_at timestamptz not null,
  awake_since timestamptz not null,
  constraint watches_pkey primary key (is_only),
  constraint watches_are_one check (is_only)
);
comment on table vaultbook.watches is 'Since when jobs are watched without a break; one row.';
comment on column vaultbook.watches.is_only is 'True: there is one row';
comment on column vaultbook.watches.watched_at is 'When it was last looked';
comment on column vaultbook.watches.awake_since is 'Since when it is looked every minute; what was missed before that is nobody''s fault';
alter table vaultbook.watches enable row level security;
revoke all on vaultbook.watches from public, anon, authenticated, service_role;
grant select on vaultbook.watches to service_role;

create function vaultbook.answer_of(p_name text) returns text
language plpgsql stable
set search_path = ''
as $$
declare
  answer text;
begin
  select coalesce(r.error_msg, 'HTTP ' || r.status_code)
    into answer
    from vaultbook.job_calls as c
    join net._http_response as r on r.id = c.request_id
   where c.name = p_name;
  return answer;
exception
  when invalid_schema_name or undefined_table then
    return null;
end
$$;
comment on function vaultbook.answer_of(text) is 'What came of the last call of a job: a status or an error of pg_net''s; NULL while nothing did.';

create view vaultbook.late_jobs as
select s.name, last.started_at as last_run_at, w.watched_at - greatest(last.started_at, s.changed_at, w.awake_since) as late_for
  from public.job_schedules as s
 cross join vaultbook.watches as w
  left join lateral (
    select r.started_at, r.leased_until from public.job_runs as r where r.job = s.name order by r.started_at desc limit 1
  ) as last on true
 where s.enabled
   and greatest(last.started_at, s.changed_at, w.awake_since) < w.watched_at - s.patience
   -- One that is still at work is not late.
   and coalesce(last.leased_until <= w.watched_at, true);
comment on view vaultbook.late_jobs is 'Jobs that were not called for longer than the schedule has patience.';
comment on column vaultbook.late_jobs.name is 'As in job_schedules';
comment on column vaultbook.late_jobs.last_run_at is 'When it last ran; NULL: never';
comment on column vaultbook.late_jobs.late_for is 'For how long';
grant select on vaultbook.late_jobs to service_role;

create view vaultbook.jobs_to_repeat as
select s.name
  from (
    select s.name, s.changed_at, w.watched_at,
           -- Today at its hour, or yesterday while that is to come.
           today.due_at - case when today.due_at > w.watched_at then interval '1 day' else interval '0' end as due_at
      from public.job_schedules as s
     cross join vaultbook.watches as w
     cross join lateral (
       select date_trunc('day', w.watched_at, 'utc')
              + make_interval(hours => split_part(s.schedule, ' ', 2)::integer, mins => split_part(s.schedule, ' ', 1)::integer) as due_at
     ) as today
     where s.is_daily and s.enabled and s.problem is null
  ) as s
  left join vaultbook.job_calls as c on c.name = s.name
  left join lateral (
    select r.started_at, r.status, r.code from public.job_runs as r where r.job = s.name order by r.started_at desc limit 1
  ) as last on true
 where s.changed_at < s.due_at
   and s.watched_at >= s.due_at + interval '5 minutes'
   and not exists (
     select from public.job_runs as done where done.job = s.name and done.status = 'done' and done.started_at >= s.due_at
   )
   and coalesce(last.status <> 'running', true)
   -- What stopped for its time only goes on at once. What failed, and a call nobody heard of, get a while.
   and (coalesce(last.status = 'partial' and last.code is null and last.started_at > c.called_at, false)
        or coalesce(greatest(last.started_at, c.called_at) < s.watched_at - interval '5 minutes', true));
comment on view vaultbook.jobs_to_repeat is 'Daily jobs that were due, and have not got done since.';
comment on column vaultbook.jobs_to_repeat.name is 'As in job_schedules';
grant select on vaultbook.jobs_to_repeat to service_role;

create function vaultbook.watch_jobs(p_now timestamptz default clock_timestamp()) returns bigint
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- It is looked every minute. Who was away longer was away with the jobs.
  blink constant interval := interval '3 minutes';
  late record;
  repeated bigint;
begin
  insert into vaultbook.watches as w (watched_at, awake_since) values (p_now, p_now)
  on conflict (is_only) do update
     set watched_at = excluded.watched_at,
         awake_since = case when w.watched_at between excluded.watched_at - blink and excluded.watched_at then w.awake_since
                            else excluded.awake_since end;

  -- What was missing may have come.
  if exists (select from public.job_schedules as s where s.problem is not null) then
    perform vaultbook.schedule_jobs();
  end if;

  for late in select l.* from vaultbook.late_jobs as l loop
    -- Once: it lasts until the job runs again, whoever acknowledges it meanwhile.
    if not exists (
      select from public.alerts as a where a.alert_type = 'job_failed' and a.subject = late.name and a.resolved_at is null
    ) then
      perform vaultbook.try_alert(row (
        'job_failed', late.name, null,
        format('Job %s has not run since %s', late.name, coalesce(to_char(late.last_run_at at time zone 'utc', 'YYYY-MM-DD HH24:MI:SS "UTC"'), 'it was scheduled')),
        jsonb_build_object('job', late.name, 'code', 'job_stopped', 'last_run_at', late.last_run_at, 'answer', vaultbook.answer_of(late.name))
      )::vaultbook.occurrence);
    end if;
  end loop;

  -- A run that gets done resolves it too; so does one that only begins, and whoever takes the job off the schedule.
  update public.alerts as a
     set resolved_at = p_now
   where a.alert_type = 'job_failed' and a.resolved_at is null and a.data ->> 'code' = 'job_stopped'
     and a.subject not in (select l.name from vaultbook.late_jobs as l);

  select count(vaultbook.call_job(r.name)) into repeated from vaultbook.jobs_to_repeat as r;
  return repeated;
end
$$;
comment on function vaultbook.watch_jobs(timestamptz) is
  'Every minute: raises job_failed for jobs that are not called any more, resolves it when they are; calls daily ones again until they are '
  'done; schedules what could not be scheduled. Returns how many were called again.';
grant execute on function vaultbook.watch_jobs(timestamptz), vaultbook.call_job(text) to service_role;

create function vaultbook.forget_runs(p_now timestamptz default clock_timestamp()) returns bigint
language plpgsql
security definer
set search_path = ''
as $$
declare
  forgotten bigint;
begin
  delete from public.job_runs as r
   where r.finished_at < p_now - interval '30 days'
     and not exists (select from vaultbook.doubts as d where d.run_id = r.id);
  get diagnostics forgotten = row_count;
  if to_regclass('cron.job_run_details') is not null then
    delete from cron.job_run_details as d where coalesce(d.end_time, d.start_time) < p_now - interval '3 days';
  end if;
  if to_regclass('net._http_response') is not null then
    delete from net._http_response as r where r.created < p_now - interval '1 day';
  end if;
  return forgotten;
end
$$;
comment on function vaultbook.forget_runs(timestamptz) is
  'Every day: deletes runs older than 30 days, what pg_cron keeps of its own for more than three, and answers that pg_net has had for one. '
  'Returns how many runs.';

create view public.job_states with (security_invoker = true) as
select s.name, s.schedule, s.enabled, s.problem, last.started_at as last_run_at, last.status as last_status, last.code as last_code,
       done.started_at as last_done_at
  from public.job_schedules as s
  left join lateral (
    select r.started_at, r.status, r.code from public.job_runs as r where r.job = s.name order by r.started_at desc limit 1
  ) as last on true
  left join lateral (
    select r.started_at from public.job_runs as r where r.job = s.name and r.status = 'done' order by r.started_at desc limit 1
  ) as done on true;
comment on view public.job_states is 'Each job, its schedule, and how it last went.';
comment on column public.job_states.name is 'As in job_schedules';
comment on column public.job_states.schedule is 'As in job_schedules';
comment on column public.job_states.enabled is 'As in job_schedules';
comment on column public.job_states.problem is 'As in job_schedules';
comment on column public.job_states.last_run_at is 'When it was last called';
comment on column public.job_states.last_status is 'What came of that, as in job_runs';
comment on column public.job_states.last_code is 'What stopped it, as in job_runs';
comment on column public.job_states.last_done_at is 'When a run last got all done';
revoke all on public.job_states from public, anon, authenticated, service_role;
grant select on public.job_states to authenticated, service_role;
