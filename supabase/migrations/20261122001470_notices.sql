-- Notices: alerts told to webhooks outside, from an outbox that is written with the alert itself.

create table public.notice_targets (
  name text collate "C" not null,
  kind text not null,
  min_severity text not null default 'warning',
  alert_types text[],
  enabled boolean not null default true,
  constraint notice_targets_pkey primary key (name),
  constraint notice_targets_have_a_plain_name check (name ~ '^[a-z][a-z0-9_-]{0,62}$'),
  constraint notice_targets_kind_is_known check (kind in ('slack', 'generic')),
  constraint notice_targets_min_severity_is_known check (min_severity in ('info', 'warning', 'critical'))
);
comment on table public.notice_targets is
  'Who outside is told of alerts, and of which. Where they are told, and the secret that signs it, are in the functions'' environment: a Slack address is a secret.';
comment on column public.notice_targets.name is 'As in NOTICE_URLS';
comment on column public.notice_targets.kind is 'slack: text and blocks; generic: Standard Webhooks, signed';
comment on column public.notice_targets.min_severity is 'From this severity on: info, warning, critical';
comment on column public.notice_targets.alert_types is 'Only of these types; NULL: of all';
comment on column public.notice_targets.enabled is 'False: it is told nothing further';
alter table public.notice_targets enable row level security;
revoke all on public.notice_targets from public, anon, authenticated, service_role;
grant select on public.notice_targets to authenticated, service_role;
grant insert, delete on public.notice_targets to service_role;
grant update (min_severity, alert_types, enabled) on public.notice_targets to authenticated, service_role;
create policy "Operators see who is told" on public.notice_targets
  for select to authenticated
  using (((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'ops');
create policy "Operators change who is told" on public.notice_targets
  for update to authenticated
  using (((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'ops')
  with check (((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'ops');

create table vaultbook.notices (
  id uuid not null default gen_random_uuid(),
  alert_id uuid not null,
  target text collate "C" not null,
  occasion text not null,
  alert jsonb not null,
  created_at timestamptz not null default now(),
  due_at timestamptz not null default now(),
  attempts integer not null default 0,
  status text not null default 'due',
  last_error text,
  settled_at timestamptz,
  constraint notices_pkey primary key (id),
  constraint notices_are_written_once unique (target, alert_id, occasion),
  constraint notices_go_to_a_target foreign key (target) references public.notice_targets (name) on delete cascade,
  constraint notices_occasion_is_known check (occasion in ('opened', 'escalated', 'resolved')),
  constraint notices_status_is_known check (status in ('due', 'sent', 'dead')),
  constraint notices_are_settled_at_a_time check ((status = 'due') = (settled_at is null)),
  constraint notices_attempts_are_not_negative check (attempts >= 0)
);
create index notices_due_idx on vaultbook.notices (target, due_at) where status = 'due';
comment on index vaultbook.notices_due_idx is 'A target''s next ones.';
comment on table vaultbook.notices is 'The outbox: what a target is to be told, was told, or could not be told.';
comment on column vaultbook.notices.id is 'The webhook-id: the same at every attempt, so that the receiver knows a repeat';
comment on column vaultbook.notices.alert_id is 'As in alerts';
comment on column vaultbook.notices.target is 'As in notice_targets';
comment on column vaultbook.notices.occasion is 'What happened to the alert: opened, escalated, resolved';
comment on column vaultbook.notices.alert is 'The alert as it was then; amounts as decimal strings';
comment on column vaultbook.notices.created_at is 'When it happened';
comment on column vaultbook.notices.due_at is 'When it is tried next; while it is tried, when another sender may take it over';
comment on column vaultbook.notices.attempts is 'How often it was tried';
comment on column vaultbook.notices.status is 'due, sent, or dead: given up';
comment on column vaultbook.notices.last_error is 'Why the last attempt failed: a code, never an address';
comment on column vaultbook.notices.settled_at is 'When it was sent or given up';
alter table vaultbook.notices enable row level security;
revoke all on vaultbook.notices from public, anon, authenticated, service_role;
grant select on vaultbook.notices to service_role;

create function vaultbook.is_for_target(p_target public.notice_targets, p_severity text, p_alert_type text, p_subject text)
returns boolean
language sql immutable
set search_path = ''
as $$
  select p_target.enabled
     and array_position('{info, warning, critical}', p_severity)
         >= array_position('{info, warning, critical}', p_target.min_severity)
     and (p_target.alert_types is null or p_alert_type = any (p_target.alert_types))
     -- What tells that a target cannot be told is not told to it.
     and not (p_alert_type = 'job_failed' and p_subject = 'notices ' || p_target.name)
$$;
comment on function vaultbook.is_for_target(public.notice_targets, text, text, text) is 'Whether a target is told of an alert.';

create function vaultbook.tg_note_opened() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- By type. Asked once, for joined it would be asked for every alert of a storm.
  room jsonb;
begin
  if not exists (select from public.notice_targets as t where t.enabled) then
    return null;
  end if;
  select jsonb_object_agg(c.alert_type, vaultbook.room_for_alerts(c.alert_type, c.alerts)) into room
    from (select a.alert_type::text, count(*) as alerts from new_rows as a group by a.alert_type) as c;
  insert into vaultbook.notices (alert_id, target, occasion, alert)
  select f.id, t.name, 'opened', to_jsonb(f) - 'place'
    from (
      select a.*, row_number() over (partition by a.alert_type order by a.created_at, a.id) as place from new_rows as a
    ) as f
    join public.notice_targets as t on vaultbook.is_for_target(t, f.severity, f.alert_type, f.subject)
   where f.place <= (room ->> f.alert_type::text)::bigint;
  return null;
exception
  -- These concern the whole call, which is repeated.
  when transaction_rollback or lock_not_available or insufficient_resources or operator_intervention or system_error then
    raise;
  when others then
    insert into vaultbook.alert_failures (code, message) values (sqlstate, sqlerrm);
    return null;
end
$$;
comment on function vaultbook.tg_note_opened() is
  'Writes what targets are told of new alerts: of each type as many in a minute as the rule tells. Its failing stops no alert; that is noted in alert_failures.';

create function vaultbook.tg_note_changed() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into vaultbook.notices (alert_id, target, occasion, alert)
  select new.id, t.name, case when new.resolved_at is null then 'escalated' else 'resolved' end, to_jsonb(new)
    from public.notice_targets as t
   where vaultbook.is_for_target(t, new.severity, new.alert_type, new.subject)
     -- Who never heard of it need not hear that it is over.
     and (new.resolved_at is null or exists (select from vaultbook.notices as n where n.alert_id = new.id and n.target = t.name))
  on conflict on constraint notices_are_written_once do nothing;
  return null;
exception
  -- These concern the whole call, which is repeated.
  when transaction_rollback or lock_not_available or insufficient_resources or operator_intervention or system_error then
    raise;
  when others then
    insert into vaultbook.alert_failures (code, message) values (sqlstate, sqlerrm);
    return null;
end
$$;
comment on function vaultbook.tg_note_changed() is
  'Writes what targets are told of an alert that became louder or is over. Its failing stops nothing; that is noted in alert_failures.';

create trigger alerts_noted after insert on public.alerts
  referencing new table as new_rows
  for each statement execute function vaultbook.tg_note_opened();
comment on trigger alerts_noted on public.alerts is 'alert.opened';
-- Row by row, so that a repeat, which changes neither, costs nothing.
create trigger alerts_noted_when_changed after update of severity, resolved_at on public.alerts
  for each row when (new.resolved_at is distinct from old.resolved_at and old.resolved_at is null or new.severity <> old.severity)
  execute function vaultbook.tg_note_changed();
comment on trigger alerts_noted_when_changed on public.alerts is 'alert.escalated, alert.resolved';

create function vaultbook.take_notices(p_each integer, p_lease interval, p_now timestamptz default clock_timestamp())
returns table (id uuid, target text, kind text, occasion text, alert jsonb, created_at timestamptz, attempts integer)
language sql
security definer
set search_path = ''
as $$
  update vaultbook.notices as n
     set attempts = n.attempts + 1, due_at = p_now + p_lease
    from public.notice_targets as t
   cross join lateral (
     -- So many of each: one that is slow holds up no other.
     select d.id from vaultbook.notices as d
      where d.target = t.name and d.status = 'due' and d.due_at <= p_now
      order by d.due_at
      limit p_each
        for update skip locked
   ) as own
   where t.enabled and n.id = own.id
  returning n.id, n.target, t.kind, n.occasion, n.alert, n.created_at, n.attempts
$$;
comment on function vaultbook.take_notices(integer, interval, timestamptz) is
  'Takes what is due, so many of each target. Nobody else takes it during the lease; who crashed in it has it sent again, with its id.';

create function vaultbook.settle_notice(
  p_id uuid, p_attempt integer, p_error text, p_retry_in interval, p_now timestamptz default clock_timestamp()
) returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  attempts_most constant integer := 12;
  oldest constant interval := interval '1 day';
  noted vaultbook.notices;
begin
  update vaultbook.notices as n
     set status = case
           when p_error is null then 'sent'
           when n.attempts >= attempts_most or n.created_at < p_now - oldest then 'dead'
           else 'due'
         end,
         settled_at = case when p_error is null or n.attempts >= attempts_most or n.created_at < p_now - oldest then p_now end,
         due_at = case when p_error is null then n.due_at else p_now + p_retry_in end,
         last_error = p_error
   -- Who was silent too long speaks no more.
   where n.id = p_id and n.attempts = p_attempt and n.status = 'due'
  returning n.* into noted;
  if noted.status = 'dead' then
    perform vaultbook.try_alert(row (
      'job_failed', 'notices ' || noted.target, null, format('Notices to %s cannot be delivered: %s', noted.target, p_error),
      jsonb_build_object('target', noted.target, 'notice', noted.id, 'error', p_error)
    )::vaultbook.occurrence);
  elsif noted.status = 'sent' then
    update public.alerts as a set resolved_at = p_now
     where a.alert_type = 'job_failed' and a.subject = 'notices ' || noted.target and a.resolved_at is null;
  end if;
  return noted.status;
end
$$;
comment on function vaultbook.settle_notice(uuid, integer, text, interval, timestamptz) is
  'Notes how an attempt ended: sent, to be tried again, or given up after twelve attempts or a day, which raises job_failed. NULL: another '
  'sender has taken it over.';

grant execute on function
  vaultbook.take_notices(integer, interval, timestamptz), vaultbook.settle_notice(uuid, integer, text, interval, timestamptz)
to service_role;
