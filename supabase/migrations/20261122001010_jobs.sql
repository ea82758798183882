-- Jobs: what runs by the clock, each of them once at a time, and what came of every run.

create table public.job_runs (
  id uuid not null default gen_random_uuid(),
  job varchar(50) not null,
  status varchar(20) not null default 'running',
  started_at timestamptz not null default clock_timestamp(),
  leased_until timestamptz,
  finished_at timestamptz,
  counts jsonb not null default '{}',
  code text,
  message text,
  constraint job_runs_pkey primary key (id),
  constraint job_runs_job_is_known check (
    job in ('snapshot', 'daily_summary', 'tvl', 'reconcile', 'sweep', 'monitor', 'retention')
  ),
  constraint job_runs_status_is_known check (status in ('running', 'done', 'partial', 'skipped', 'failed')),
  constraint job_runs_run_until_they_end check ((status = 'running') = (finished_at is null)),
  constraint job_runs_are_leased_while_they_run check ((status = 'running') = (leased_until is not null)),
  constraint job_runs_that_failed_say_why check (status <> 'failed' or code is not null)
);
create unique index job_runs_run_alone on public.job_runs (job) where status = 'running';
comment on index public.job_runs_run_alone is 'A job runs once at a time, whoever calls it.';
create index job_runs_job_idx on public.job_runs (job, started_at desc);
comment on index public.job_runs_job_idx is 'The latest runs of a job.';

comment on table public.job_runs is 'Every call of a scheduled function, and what came of it.';
comment on column public.job_runs.id is 'Unique run ID';
comment on column public.job_runs.job is 'snapshot, daily_summary, tvl, reconcile, sweep, monitor or retention';
comment on column public.job_runs.status is
  'running; done; partial: it stopped in time and the next run goes on; skipped: another run was at work; failed';
comment on column public.job_runs.started_at is 'When it was called';
comment on column public.job_runs.leased_until is 'While it runs: when it counts as dead unless it is heard of again';
comment on column public.job_runs.finished_at is 'When it ended; NULL while it runs';
comment on column public.job_runs.counts is 'What it did, by name';
comment on column public.job_runs.code is 'Stable code of what stopped it, for partial and failed';
comment on column public.job_runs.message is 'The same for a person; never holds a secret';
alter table public.job_runs enable row level security;
revoke all on public.job_runs from public, anon, authenticated, service_role;

create function vaultbook.start_job(p_job text, p_lease interval) returns public.job_runs
language plpgsql
security definer
set search_path = ''
as $$
declare
  own public.job_runs;
  is_free boolean;
begin
  -- Held until the end of this call only: behind a pooler no lock outlives a transaction, so the lease is a row.
  perform pg_advisory_xact_lock(hashtext('vaultbook.job'), hashtext(p_job));
  update public.job_runs as r
     set status = 'failed', finished_at = clock_timestamp(), leased_until = null, code = 'abandoned',
         message = 'It ended without a word'
   where r.job = p_job and r.status = 'running' and r.leased_until <= clock_timestamp();
  is_free := not exists (select from public.job_runs as r where r.job = p_job and r.status = 'running');
  insert into public.job_runs (job, status, leased_until, finished_at)
  values (
    p_job,
    case when is_free then 'running' else 'skipped' end,
    case when is_free then clock_timestamp() + p_lease end,
    case when not is_free then clock_timestamp() end
  )
  returning * into own;
  return own;
end
$$;
comment on function vaultbook.start_job(text, interval) is
  'Begins a run that counts as dead when it is not heard of for p_lease. While another one is alive the run is skipped. A dead one is '
  'recorded as failed, abandoned.';
alter function vaultbook.start_job(text, interval) owner to vaultbook_ledger;

create function vaultbook.hold_job(p_id uuid, p_lease interval) returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.job_runs as r set leased_until = clock_timestamp() + p_lease where r.id = p_id and r.status = 'running';
  return found;
end
$$;
comment on function vaultbook.hold_job(uuid, interval) is
  'Says that the run is alive, for p_lease more. False: it was taken for dead meanwhile and has to stop.';
alter function vaultbook.hold_job(uuid, interval) owner to vaultbook_ledger;

create function vaultbook.alert_of_job(p_job text) returns void
language plpgsql
set search_path = ''
as $$
declare
  -- One failure may be a restart.
  tolerated constant integer := 2;
  failures bigint;
  latest public.job_runs;
begin
  select count(*) into failures
    from public.job_runs as r
   where r.job = p_job and r.status in ('failed', 'partial') and r.code is not null
     and r.started_at > coalesce(
           (select max(good.started_at) from public.job_runs as good
             where good.job = p_job and good.status in ('done', 'partial') and good.code is null),
           '-infinity'
         );
  if failures = 0 then
    update public.alerts as a set resolved_at = now()
     where a.alert_type = 'job_failed' and a.subject = p_job and a.resolved_at is null;
  elsif failures > tolerated then
    select r.* into latest from public.job_runs as r
     where r.job = p_job and r.status in ('failed', 'partial') and r.code is not null order by r.started_at desc limit 1;
    perform vaultbook.try_alert(row (
      'job_failed', p_job, null, format('Job %s did not get done %s times in a row: %s', p_job, failures, coalesce(latest.message, latest.code)),
      jsonb_build_object('job', p_job, 'code', latest.code, 'run_id', latest.id, 'failures', failures)
    )::vaultbook.occurrence);
  end if;
end
$$;
comment on function vaultbook.alert_of_job(text) is
  'Raises job_failed once a job has failed three times in a row, or was stopped by something that has a code; resolves it as soon as a run '
  'gets done, or as far as its time allows.';
alter function vaultbook.alert_of_job(text) owner to vaultbook_ledger;

create function vaultbook.finish_job(p_id uuid, p_status text, p_counts jsonb, p_code text, p_message text) returns public.job_runs
language plpgsql
security definer
set search_path = ''
as $$
declare
  own public.job_runs;
begin
  update public.job_runs as r
     set status = p_status, finished_at = clock_timestamp(), leased_until = null, counts = p_counts, code = p_code, message = p_message
   where r.id = p_id and r.status = 'running'
  returning r.* into own;
  if own.id is null then
    select r.* into own from public.job_runs as r where r.id = p_id;
  else
    perform vaultbook.alert_of_job(own.job);
  end if;
  return own;
end
$$;
comment on function vaultbook.finish_job(uuid, text, jsonb, text, text) is
  'Ends a run: done, partial or failed. Repeating it changes nothing; one that was taken for dead stays so.';
alter function vaultbook.finish_job(uuid, text, jsonb, text, text) owner to vaultbook_ledger;
