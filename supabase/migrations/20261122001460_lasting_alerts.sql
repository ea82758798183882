-- Lasting alerts: what nobody saw to becomes louder, what came too fast is told as a number, and alerting itself is tried.

create function vaultbook.tell_untold() returns bigint
language plpgsql
security definer
set search_path = ''
as $$
declare
  untold bigint;
begin
  with gone as (
    delete from vaultbook.untold_alerts returning alert_type, alerts
  ), sums as (
    select g.alert_type, sum(g.alerts) as alerts from gone as g group by g.alert_type
  ), told as (
    select s.alerts, realtime.send(
             jsonb_build_object('alert_type', s.alert_type, 'suppressed', s.alerts,
                                'message', format('%s more alerts of type %s were raised than were told one by one', s.alerts, s.alert_type)),
             'alerts_suppressed', 'alerts:ops', true)
      from sums as s
     order by s.alert_type
  )
  select coalesce(sum(t.alerts), 0)::bigint into untold from told as t;
  return untold;
end
$$;
comment on function vaultbook.tell_untold() is
  'Tells alerts:ops how many new alerts of each type were not told one by one, as alerts_suppressed: one message a type. Returns how many.';

create function vaultbook.escalate_alerts(p_now timestamptz default clock_timestamp()) returns bigint
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- The others are next: nobody reads more in a minute.
  most constant integer := 100;
  louder public.alerts[];
begin
  with lasting as (
    select a.id, r.escalate_to
      from public.alerts as a
      join public.alert_rules as r on r.alert_type = a.alert_type and r.enabled
     where not a.acknowledged and a.resolved_at is null and a.created_at < p_now - r.escalate_after
       and array_position('{info, warning, critical}', a.severity::text) < array_position('{info, warning, critical}', r.escalate_to::text)
       and not coalesce(a.data ? 'escalated_at', false)
     -- In the order in which raise_alerts() writes.
     order by a.alert_type, a.subject
     limit most
       for no key update of a
  ), raised as (
    update public.alerts as a
       set severity = l.escalate_to,
           data = coalesce(a.data, '{}') || jsonb_build_object('escalated_from', a.severity, 'escalated_at', p_now)
      from lasting as l
     where a.id = l.id
    returning a as alert
  )
  select array_agg(r.alert order by (r.alert).created_at, (r.alert).id) into louder from raised as r;
  perform realtime.send(to_jsonb(a), 'alert_created', channel.topic, true)
     from unnest(louder) as a
    cross join lateral (values ('alerts:' || a.vault_owner), ('alerts:ops')) as channel (topic)
    where channel.topic is not null;
  return coalesce(cardinality(louder), 0)::bigint;
end
$$;
comment on function vaultbook.escalate_alerts(timestamptz) is
  'Makes louder, once, what is open and not acknowledged for longer than its rule says; data tells from what and when. It is sent again as '
  'alert_created, with the id it had. A hundred a call; returns how many.';

create function vaultbook.prove_alerting() returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  kind text;
  probe constant text := 'probe ' || gen_random_uuid();
begin
  select r.alert_type::text into kind from public.alert_rules as r where r.enabled order by r.alert_type limit 1;
  -- Who switched all of them off wants none.
  if kind is null then
    return true;
  end if;
  perform vaultbook.raise_alerts(array[row (kind, probe, null, 'Alerting is tried', '{}')::vaultbook.occurrence]);
  if not exists (select from public.alerts as a where a.alert_type = kind and a.subject = probe) then
    raise exception 'An alert of type % was raised and is not there', kind;
  end if;
  -- Nobody sees or hears of it: all this block did is taken back.
  raise exception using errcode = 'VB002', message = 'Alerting is alive';
exception
  when sqlstate 'VB002' then
    return true;
  -- These concern the whole call, which is repeated.
  when transaction_rollback or lock_not_available or insufficient_resources or operator_intervention or system_error then
    raise;
  when others then
    insert into vaultbook.alert_failures (code, message) values (sqlstate, sqlerrm);
    return false;
end
$$;
comment on function vaultbook.prove_alerting() is
  'Whether an alert can be raised: one is, and taken back before anybody sees it. Why not is noted in alert_failures.';

grant execute on function vaultbook.tell_untold(), vaultbook.escalate_alerts(timestamptz), vaultbook.prove_alerting() to service_role;
grant select on vaultbook.untold_alerts to service_role;
