-- Alerts: what a person should know, one open alert per type and subject.

create table public.alerts (
  id uuid not null default gen_random_uuid(),
  severity varchar(20) not null,
  alert_type varchar(50) not null,
  vault_owner varchar(64) collate "C",
  message text not null,
  data jsonb,
  acknowledged boolean not null default false,
  created_at timestamptz not null default now(),
  acknowledged_at timestamptz,
  subject text collate "C" not null default 'system',
  resolved_at timestamptz,
  acknowledged_by text,
  constraint alerts_pkey primary key (id),
  constraint alerts_belong_to_a_vault foreign key (vault_owner) references public.vaults (owner) on delete restrict,
  constraint alerts_severity_is_known check (severity in ('info', 'warning', 'critical')),
  constraint alerts_type_is_known check (
    alert_type in (
      'low_balance', 'large_tx', 'failed_tx', 'reconcile_mismatch', 'ingest_stalled', 'gap_detected', 'undecodable_event',
      'quarantined', 'conflict', 'unknown_authority', 'invariant_violation', 'rolled_back', 'vault_paused', 'vault_closed',
      'token_surplus', 'job_failed', 'webhook_unauthorized'
    )
  ),
  constraint alerts_are_acknowledged_at_a_time check (acknowledged = (acknowledged_at is not null)),
  constraint alerts_are_acknowledged_by_somebody check (acknowledged or acknowledged_by is null)
);
create index idx_alerts_unacknowledged on public.alerts (acknowledged, created_at);
comment on index public.idx_alerts_unacknowledged is 'The alerts nobody has looked at yet, oldest first.';
create index idx_alerts_severity on public.alerts (severity, created_at);
comment on index public.idx_alerts_severity is 'The critical ones first.';
-- The second column says the same again for the policy, which asks for it: so of another owner's alerts not one is read.
create index alerts_vault_owner_idx on public.alerts (vault_owner, coalesce(vault_owner, '~'));
comment on index public.alerts_vault_owner_idx is 'One vault''s alerts.';
create index alerts_visible_idx on public.alerts (coalesce(vault_owner, '~'), created_at);
comment on index public.alerts_visible_idx is 'What row level security filters by; ~ stands for the whole system.';
-- As for the columns below.
alter index public.alerts_vault_owner_idx alter column 2 set statistics 0;
alter index public.alerts_visible_idx alter column 1 set statistics 0;
create unique index alerts_are_open_once_per_type_and_subject on public.alerts (alert_type, subject)
  where not acknowledged and resolved_at is null;
comment on index public.alerts_are_open_once_per_type_and_subject is
  'Invariant I12: repeats raise the counter in data of the open one.';

create index alerts_type_idx on public.alerts (alert_type, created_at);
comment on index public.alerts_type_idx is 'How many of one type came lately.';
create index alerts_unresolved_idx on public.alerts (alert_type, subject) where resolved_at is null;
comment on index public.alerts_unresolved_idx is 'What may be made good.';

comment on table public.alerts is
  'System alerts for monitoring and notifications. Can be vault-specific or system-wide.';
comment on column public.alerts.id is 'Unique alert ID';
comment on column public.alerts.severity is 'Severity: info, warning, critical';
comment on column public.alerts.alert_type is 'Type: low_balance, large_tx, failed_tx, etc.';
comment on column public.alerts.vault_owner is 'Related vault owner (NULL for system alerts)';
comment on column public.alerts.message is 'Human-readable alert message';
comment on column public.alerts.data is 'Additional data as JSON; amounts as decimal strings in base units; count is how often it happened';
comment on column public.alerts.acknowledged is 'Whether alert has been acknowledged';
comment on column public.alerts.created_at is 'When alert was created';
comment on column public.alerts.acknowledged_at is 'When alert was acknowledged';
comment on column public.alerts.subject is 'What it is about: a vault''s owner, a signature, a job, or system';
comment on column public.alerts.acknowledged_by is
  'Who acknowledged it: an owner''s wallet, an operator''s user id, or service; NULL until then, and where it was done in SQL';
comment on column public.alerts.resolved_at is 'When what it told of was over; NULL while it lasts';
alter table public.alerts alter column vault_owner set statistics 0;
alter table public.alerts alter column alert_type set statistics 0;
alter table public.alerts alter column subject set statistics 0;
alter table public.alerts alter column severity set statistics 0;
alter table public.alerts alter column message set statistics 0;
alter table public.alerts alter column data set statistics 0;
alter table public.alerts alter column acknowledged set statistics 0;
alter table public.alerts alter column acknowledged_by set statistics 0;
alter table public.alerts enable row level security;
revoke all on public.alerts from public, anon, authenticated, service_role;
-- `alter publication supabase_realtime add table` is in the realtime chapter.

create table public.alert_rules (
  alert_type varchar(50) not null,
  severity varchar(20) not null,
  enabled boolean not null default true,
  threshold bigint,
  cooldown interval not null default '0',
  told_per_minute integer not null default 100,
  escalate_after interval,
  escalate_to varchar(20),
  constraint alert_rules_pkey primary key (alert_type),
  constraint alert_rules_severity_is_known check (severity in ('info', 'warning', 'critical')),
  constraint alert_rules_threshold_is_not_negative check (threshold >= 0),
  constraint alert_rules_cooldown_is_not_negative check (cooldown >= interval '0'),
  constraint alert_rules_told_per_minute_is_not_negative check (told_per_minute >= 0),
  constraint alert_rules_escalate_after_is_not_negative check (escalate_after >= interval '0'),
  constraint alert_rules_escalate_to_is_known check (escalate_to in ('info', 'warning', 'critical')),
  constraint alert_rules_escalate_after_a_time_to_a_severity check ((escalate_after is null) = (escalate_to is null))
);
comment on table public.alert_rules is 'Which alerts are raised, how loudly and from what amount. Edited in Studio, effective at once.';
comment on column public.alert_rules.alert_type is 'As in alerts';
comment on column public.alert_rules.severity is 'Severity of the alerts of this type: info, warning, critical';
comment on column public.alert_rules.enabled is 'False: none is raised';
comment on column public.alert_rules.threshold is 'Amount in base units: from it for large_tx, below it for low_balance. Seconds of silence for ingest_stalled. Seconds that nothing could be said of a vault for job_failed. What a correction may move at most for reconcile_mismatch: 0 for none at all. NULL where the type has none';
comment on column public.alert_rules.cooldown is 'After one was acknowledged or resolved, no new one on the same subject for this long';
comment on column public.alert_rules.told_per_minute is
  'New alerts of the type that operators hear of one by one in a minute; of the others they hear how many. Every one is in the table, and its owner hears of it';
comment on column public.alert_rules.escalate_after is 'What nobody acknowledged and what was not over after this long becomes louder, once; NULL: never';
comment on column public.alert_rules.escalate_to is 'The severity it gets then: info, warning, critical';
alter table public.alert_rules enable row level security;
revoke all on public.alert_rules from public, anon, authenticated, service_role;

insert into public.alert_rules (alert_type, severity, threshold) values
  ('low_balance', 'warning', 100 * 1000000),
  ('large_tx', 'info', 10000::bigint * 1000000),
  ('failed_tx', 'warning', null),
  ('reconcile_mismatch', 'critical', 0),
  ('ingest_stalled', 'critical', 300),
  ('gap_detected', 'warning', null),
  ('undecodable_event', 'critical', null),
  ('quarantined', 'warning', null),
  ('conflict', 'critical', null),
  ('unknown_authority', 'critical', null),
  ('invariant_violation', 'critical', null),
  ('rolled_back', 'critical', null),
  ('vault_paused', 'warning', null),
  ('vault_closed', 'info', null),
  ('token_surplus', 'info', null),
  ('job_failed', 'warning', 3600),
  ('webhook_unauthorized', 'warning', null);
-- What a person should have looked at by then.
update public.alert_rules set escalate_after = '6 hours', escalate_to = 'critical' where alert_type in ('job_failed', 'webhook_unauthorized');
update public.alert_rules set escalate_after = '1 day', escalate_to = 'critical' where alert_type in ('gap_detected', 'quarantined');

create table vaultbook.untold_alerts (
  id bigint generated always as identity,
  alert_type varchar(50) not null,
  alerts bigint not null,
  constraint untold_alerts_pkey primary key (id)
);
comment on table vaultbook.untold_alerts is
  'New alerts that came too fast to be told one by one. Rows are only added, so that no writer waits for another; the monitor tells their sum.';
comment on column vaultbook.untold_alerts.id is 'Order';
comment on column vaultbook.untold_alerts.alert_type is 'As in alerts';
comment on column vaultbook.untold_alerts.alerts is 'So many of one statement';
alter table vaultbook.untold_alerts enable row level security;
revoke all on vaultbook.untold_alerts from public, anon, authenticated, service_role;

create type vaultbook.occurrence as (
  alert_type text,
  subject text,
  vault_owner text,
  message text,
  data jsonb
);
comment on type vaultbook.occurrence is 'Something that a rule may turn into an alert.';

create function vaultbook.raise_alerts(p_occurrences vaultbook.occurrence[]) returns integer
language sql
security definer
set search_path = ''
as $$
  with occurrence as (
    -- Of several on one subject the last speaks, and all are counted; one may stand for many.
    select o.alert_type, o.subject,
           (array_agg(o.vault_owner order by o.place desc))[1] as vault_owner,
           (array_agg(o.message order by o.place desc))[1] as message,
           (array_agg(o.data order by o.place desc))[1] as data,
           sum(coalesce((o.data ->> 'count')::bigint, 1)) as times
      from unnest(p_occurrences) with ordinality as o (alert_type, subject, vault_owner, message, data, place)
     group by o.alert_type, o.subject
  ), raised as (
    insert into public.alerts as a (alert_type, subject, severity, vault_owner, message, data)
    select o.alert_type, o.subject, r.severity, o.vault_owner, o.message,
           coalesce(o.data, '{}') || jsonb_build_object('count', o.times)
      from occurrence as o
      join public.alert_rules as r on r.alert_type = o.alert_type and r.enabled
     where r.cooldown = interval '0'
        or not exists (
             select from public.alerts as quiet
              where quiet.alert_type = o.alert_type and quiet.subject = o.subject
                and coalesce(quiet.resolved_at, quiet.acknowledged_at) > now() - r.cooldown
           )
     -- In one order for every writer, so that two batches never wait for each other.
     order by o.alert_type, o.subject
    on conflict (alert_type, subject) where not acknowledged and resolved_at is null
    do update set
      message = excluded.message,
      data = a.data || excluded.data
        || jsonb_build_object('count', (a.data ->> 'count')::bigint + (excluded.data ->> 'count')::bigint, 'last_at', now())
    returning 1
  )
  select count(*)::integer from raised
$$;
comment on function vaultbook.raise_alerts(vaultbook.occurrence[]) is
  'Raises the alerts that the rules ask for. One stays open per type and subject: a repeat changes its message and data and adds to '
  'data.count, by one or by the count in its own data. Returns how many were raised or repeated.';
alter function vaultbook.raise_alerts(vaultbook.occurrence[]) owner to vaultbook_ledger;

create table vaultbook.alert_failures (
  id bigint generated always as identity,
  failed_at timestamptz not null default clock_timestamp(),
  code text not null,
  message text not null,
  constraint alert_failures_pkey primary key (id)
);
create index alert_failures_failed_at_idx on vaultbook.alert_failures (failed_at);
comment on index vaultbook.alert_failures_failed_at_idx is 'Those of the last hour, for the health check.';
comment on table vaultbook.alert_failures is
  'Alerts that could not be raised, and event snapshots that could not be taken. The ledger goes on without them, and the health check tells of it.';
comment on column vaultbook.alert_failures.id is 'Order';
comment on column vaultbook.alert_failures.failed_at is 'When';
comment on column vaultbook.alert_failures.code is 'SQLSTATE of the error';
comment on column vaultbook.alert_failures.message is 'Its message';
alter table vaultbook.alert_failures enable row level security;
revoke all on vaultbook.alert_failures from public, anon, authenticated, service_role;

create function vaultbook.try_alert(p_occurrence vaultbook.occurrence) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform vaultbook.raise_alerts(array[p_occurrence]);
exception
  -- These concern the whole call, which is repeated.
  when transaction_rollback or lock_not_available or insufficient_resources or operator_intervention or system_error then
    raise;
  when others then
    insert into vaultbook.alert_failures (code, message) values (sqlstate, sqlerrm);
end
$$;
comment on function vaultbook.try_alert(vaultbook.occurrence) is
  'As raise_alerts(), for one whose failing must stop nothing: that is noted in alert_failures.';
alter function vaultbook.try_alert(vaultbook.occurrence) owner to vaultbook_ledger;

create function vaultbook.acknowledge_alert(p_id uuid, p_owner text, p_by text) returns setof public.alerts
language sql
security definer
set search_path = ''
as $$
  with own as (
    select a.id from public.alerts as a where a.id = p_id and (p_owner is null or a.vault_owner = p_owner) for no key update
  ), noted as (
    update public.alerts as a
       set acknowledged = true, acknowledged_at = clock_timestamp(), acknowledged_by = p_by
      from own
     where a.id = own.id and not a.acknowledged
    returning a.*
  )
  select n.* from noted as n
  union all
  select a.* from public.alerts as a join own on own.id = a.id where a.acknowledged
$$;
comment on function vaultbook.acknowledge_alert(uuid, text, text) is
  'Notes that somebody has seen to an alert: the first one stays on record. Only of this owner, where p_owner names one. Returns the alert; '
  'nothing where there is none.';
alter function vaultbook.acknowledge_alert(uuid, text, text) owner to vaultbook_ledger;
