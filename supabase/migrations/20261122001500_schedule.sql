-- Schedule: what runs when. pg_cron ticks, pg_net posts, the secret lies in Vault. Where one of them is missing this chapter applies all
-- the same, and job_schedules.problem says what is not scheduled.

-- On a hosted project and under `supabase start` they can be had for the asking; elsewhere they may be missing, or another's to create.
do $$
declare
  wanted record;
begin
  for wanted in
    select e.name, e.home
      from (values ('pg_cron', 'pg_catalog', 'cron.schedule(text,text,text)'),
                   ('pg_net', 'extensions', 'net.http_post(text,jsonb,jsonb,jsonb,integer)'),
                   ('supabase_vault', 'vault', 'vault.create_secret(text,text,text,uuid)')) as e (name, home, proof)
      join pg_catalog.pg_available_extensions as a on a.name = e.name and a.installed_version is null
     where to_regprocedure(e.proof) is null
  loop
    begin
      execute format('create extension if not exists %I with schema %I', wanted.name, wanted.home);
    exception when others then
      raise warning 'Extension % was not created: %', wanted.name, sqlerrm;
    end;
  end loop;
end
$$;

create table public.job_schedules (
  name varchar(50) not null,
  function_name text not null,
  body jsonb not null default '{}',
  schedule text not null,
  patience interval not null,
  answer_within interval not null,
  is_daily boolean not null default false,
  enabled boolean not null default true,
  problem text,
  changed_at timestamptz not null default clock_timestamp(),
  constraint job_schedules_pkey primary key (name),
  constraint job_schedules_name_a_function check (function_name ~ '^[a-z][a-z0-9_-]*$'),
  constraint job_schedules_post_an_object check (jsonb_typeof(body) = 'object'),
  constraint job_schedules_daily_tell_hour_and_minute check (not is_daily or schedule ~ '^[0-9]{1,2} [0-9]{1,2} \* \* \*$'),
  constraint job_schedules_are_patient check (patience > interval '0'),
  constraint job_schedules_wait_for_an_answer check (answer_within between interval '1 second' and interval '10 minutes')
);
comment on table public.job_schedules is
  'What runs when. Changed in Studio, effective at once; `select vaultbook.schedule_jobs()` repairs what pg_cron was told.';
comment on column public.job_schedules.name is 'The job, as in job_runs';
comment on column public.job_schedules.function_name is 'The function that is called: POST /functions/v1/<function_name>';
comment on column public.job_schedules.body is 'What it is sent';
comment on column public.job_schedules.schedule is
  'When, in UTC: minute, hour, day of the month, month, day of the week. pg_cron before 1.5 knows no seconds';
comment on column public.job_schedules.patience is 'Not called for so long, the job counts as stopped: job_failed';
comment on column public.job_schedules.answer_within is
  'How long pg_net waits for the answer. Longer than a run takes, for a call that is cut off may end the run';
comment on column public.job_schedules.is_daily is
  'Once a UTC day: called again until a run since then is done. What comes again within the hour needs no repeating';
comment on column public.job_schedules.enabled is 'False: it does not run by itself';
comment on column public.job_schedules.problem is 'Why it is not scheduled although enabled; NULL when it is';
comment on column public.job_schedules.changed_at is 'When name, schedule or enabled changed; before that nothing is missed';
alter table public.job_schedules enable row level security;
revoke all on public.job_schedules from public, anon, authenticated, service_role;
grant select on public.job_schedules to authenticated, service_role;
create policy "Operators see the schedule" on public.job_schedules
  for select to authenticated
  using (((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'ops');

create table vaultbook.job_calls (
  name varchar(50) not null,
  called_at timestamptz not null,
  request_id bigint not null,
  constraint job_calls_pkey primary key (name)
);
comment on table vaultbook.job_calls is 'The last call of each job. pg_net forgets its requests in a crash; this stays.';
comment on column vaultbook.job_calls.name is 'As in job_schedules';
comment on column vaultbook.job_calls.called_at is 'When the request was queued';
comment on column vaultbook.job_calls.request_id is 'Its id at pg_net';
alter table vaultbook.job_calls enable row level security;
revoke all on vaultbook.job_calls from public, anon, authenticated, service_role;
grant select on vaultbook.job_calls to service_role;

create function vaultbook.note_uncalled_job(p_job text, p_code text, p_message text) returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into public.job_runs (job, status, finished_at, code, message) values (p_job, 'failed', clock_timestamp(), p_code, p_message);
  perform vaultbook.alert_of_job(p_job);
end
$$;
comment on function vaultbook.note_uncalled_job(text, text, text) is 'Puts on record, as a failed run, that a job could not even be called.';

create function vaultbook.schedule_secret(p_name text) returns text
language plpgsql stable
set search_path = ''
as $$
declare
  secret text;
begin
  select s.decrypted_secret into secret from vault.decrypted_secrets as s where s.name = p_name;
  -- NULL would pass as a header that is not there.
  if coalesce(secret, '') = '' then
    raise exception 'Vault holds no secret %', p_name
      using errcode = 'VB004', hint = format('select vault.create_secret(''…'', %L)', p_name);
  end if;
  return secret;
end
$$;
comment on function vaultbook.schedule_secret(text) is 'A secret from Vault. Raises VB004 where it is missing or empty.';

create function vaultbook.call_job(p_name text) returns bigint
language plpgsql
security definer
set search_path = ''
as $$
declare
  own public.job_schedules;
  request bigint;
begin
  select s.* into own from public.job_schedules as s where s.name = p_name;
  if own.name is null then
    raise exception 'Cannot call job %: job_schedules has none of that name', p_name using errcode = 'VB004';
  end if;
  begin
    -- A worker that is away for an hour must not find sixty calls of one job afterwards: the one that waits will do.
    select c.request_id into request from vaultbook.job_calls as c join net.http_request_queue as q on q.id = c.request_id where c.name = p_name;
    if request is not null then
      return request;
    end if;
    request := net.http_post(
      url := rtrim(vaultbook.schedule_secret('project_url'), '/') || '/functions/v1/' || own.function_name,
      body := own.body,
      headers := jsonb_build_object(
        'Content-Type', 'application/json', 'Authorization', 'Bearer ' || vaultbook.schedule_secret('cron_secret')
      ),
      timeout_milliseconds := (extract(epoch from own.answer_within) * 1000)::integer
    );
  exception when others then
    -- Caught, so that the failure stays on record; the warning is in the database's log.
    raise warning 'Job % was not called: %', p_name, sqlerrm;
    perform vaultbook.note_uncalled_job(
      p_name, case when sqlstate = 'VB004' then 'schedule_unconfigured' else 'schedule_broken' end, format('It was not called: %s', sqlerrm)
    );
    return null;
  end;
  insert into vaultbook.job_calls as c (name, called_at, request_id) values (p_name, clock_timestamp(), request)
  on conflict (name) do update set called_at = excluded.called_at, request_id = excluded.request_id;
  return request;
end
$$;
comment on function vaultbook.call_job(text) is
  'Queues a call of a job''s function at pg_net; returns its request. It is sent after commit, at most once: a job works from where it '
  'stopped, so the next call makes good what a lost one left. NULL where it cannot be called: a warning in the database''s log, and a failed '
  'run with the code schedule_unconfigured (a secret is missing in Vault) or schedule_broken.';

create function vaultbook.wanted_cron_jobs() returns table (cron_name text, schedule text, command text)
language sql stable
set search_path = ''
as $$
  select 'vaultbook ' || s.name, s.schedule, format('select vaultbook.call_job(%L)', s.name)
    from public.job_schedules as s
   where s.enabled and to_regprocedure('net.http_post(text,jsonb,jsonb,jsonb,integer)') is not null
  union all
  -- These need nobody but the database.
  values ('vaultbook: watch', '* * * * *', 'select vaultbook.watch_jobs()'),
         ('vaultbook: check', '*/5 * * * *', 'set statement_timeout = 0; select vaultbook.check_dear_invariants()'),
         ('vaultbook: forget', '17 3 * * *', 'select vaultbook.forget_runs()'),
         -- Thinning leaves a few rows on each page of this index, which are never filled again: after a year ten times what it need be.
         -- Beside readers and writers; what a rebuilding that was broken off left behind goes first.
         ('vaultbook: leftovers', '45 3 * * 0',
          'set lock_timeout = ''1s''; drop index if exists public.idx_snapshots_vault_time_ccnew, public.idx_snapshots_vault_time_ccold'),
         ('vaultbook: reindex', '47 3 * * 0', 'reindex index concurrently public.idx_snapshots_vault_time')
$$;
comment on function vaultbook.wanted_cron_jobs() is 'What pg_cron is to run.';

create function vaultbook.schedule_jobs() returns bigint
language plpgsql
security definer
set search_path = ''
as $$
declare
  hindrance constant text := case
    when to_regprocedure('cron.schedule(text,text,text)') is null then 'Nothing is scheduled: the database has no pg_cron'
    when to_regprocedure('net.http_post(text,jsonb,jsonb,jsonb,integer)') is null
      then 'Not scheduled: the database has no pg_net to call functions with'
    when to_regclass('vault.decrypted_secrets') is null then 'Scheduled in vain: the database has no Vault for the secrets'
  end;
  scheduled bigint;
begin
  if to_regprocedure('cron.schedule(text,text,text)') is not null then
    perform cron.unschedule(j.jobname::text)
       from cron.job as j
      where j.jobname ~ '^vaultbook:? ' and j.username = current_user and not exists (
              select from vaultbook.wanted_cron_jobs() as w where w.cron_name = j.jobname
            );
    select count(cron.schedule(w.cron_name, w.schedule, w.command)) into scheduled from vaultbook.wanted_cron_jobs() as w;
  end if;
  if hindrance is not null then
    raise warning '%', hindrance using hint = 'Install what is missing, then: select vaultbook.schedule_jobs()';
  end if;
  update public.job_schedules as s
     set problem = case when s.enabled then hindrance end
   where s.problem is distinct from case when s.enabled then hindrance end;
  return coalesce(scheduled, 0);
end
$$;
comment on function vaultbook.schedule_jobs() is
  'Has pg_cron do what job_schedules says, and notes there what is in the way. Repeating it changes nothing. Returns how many jobs pg_cron has.';

create function vaultbook.tg_schedule_jobs() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform vaultbook.schedule_jobs();
  return null;
end
$$;
comment on function vaultbook.tg_schedule_jobs() is 'Passes a changed schedule on to pg_cron, which refuses what it cannot read.';

create function vaultbook.tg_note_change() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.changed_at := clock_timestamp();
  return new;
end
$$;
comment on function vaultbook.tg_note_change() is 'A job that was just put on the schedule has missed nothing.';

create trigger job_schedules_note_changes before update of name, schedule, enabled on public.job_schedules
  for each row execute function vaultbook.tg_note_change();
create trigger job_schedules_are_scheduled after insert or delete or update of name, schedule, enabled on public.job_schedules
  for each statement execute function vaultbook.tg_schedule_jobs();

-- pg_net sends what is queued together and waits for the slowest of it before it sends more. So a sweep that has much to do makes the
-- others late, by two minutes at most; it never makes them miss anything.
insert into public.job_schedules (name, function_name, body, schedule, patience, answer_within, is_daily) values
  ('sweep', 'sweep', '{}', '* * * * *', '5 minutes', '120 seconds', false),
  ('monitor', 'monitor', '{}', '* * * * *', '5 minutes', '60 seconds', false),
  ('tvl', 'tvl', '{}', '*/5 * * * *', '15 minutes', '60 seconds', false),
  ('snapshot', 'snapshot', '{"type": "periodic"}', '*/5 * * * *', '15 minutes', '120 seconds', false),
  ('reconcile', 'reconcile', '{}', '*/15 * * * *', '45 minutes', '120 seconds', false),
  ('daily_summary', 'snapshot', '{"type": "daily_summary"}', '5 0 * * *', '26 hours', '120 seconds', true),
  ('retention', 'monitor', '{"job": "retention"}', '40 0 * * *', '26 hours', '120 seconds', true);
