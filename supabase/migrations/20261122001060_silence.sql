-- Silence: the chain goes on and the webhook brings nothing of it. And what the sweep may forget.

create function vaultbook.judge_silence(p_missed jsonb, p_tip_slot bigint) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  slots_per_second constant numeric := 2.5;
  patience numeric;
  heard_slot bigint;
  silent record;
begin
  select r.threshold * slots_per_second into patience from public.alert_rules as r where r.alert_type = 'ingest_stalled';
  select max(i.slot) into heard_slot
    from (select d.id from vaultbook.deliveries as d where d.source = 'webhook' order by d.id desc limit 100) as lately
    join vaultbook.inbox as i on i.delivery_id = lately.id
   where i.slot <= p_tip_slot;
  select count(*) as missed, min(m.slot) as since_slot into silent
    from jsonb_to_recordset(p_missed) as m (signature text, slot bigint)
    join vaultbook.sightings as s on s.signature = m.signature and s.slot = m.slot
    -- That a webhook did not bring what happened before it was there is no silence.
    join vaultbook.scans as c on c.id = s.scan_id and c.floor_slot is not null
   where m.slot > coalesce(heard_slot, -1);
  if silent.missed > 0 and p_tip_slot - silent.since_slot >= patience then
    perform vaultbook.try_alert(row (
      'ingest_stalled', 'webhook', null,
      format('The webhook has brought nothing since slot %s, and the chain is at %s', coalesce(heard_slot::text, 'the first'), p_tip_slot),
      jsonb_build_object('heard_slot', heard_slot, 'since_slot', silent.since_slot, 'tip_slot', p_tip_slot, 'missed', silent.missed,
                         'delivery_id', (select coalesce(max(d.id), 0) from vaultbook.deliveries as d))
    )::vaultbook.occurrence);
  else
    update public.alerts as a
       set resolved_at = now()
     where a.alert_type = 'ingest_stalled' and a.subject = 'webhook' and a.resolved_at is null
       and exists (
         select from vaultbook.deliveries as d where d.source = 'webhook' and d.id > (a.data ->> 'delivery_id')::bigint
       );
  end if;
end
$$;
comment on function vaultbook.judge_silence(jsonb, bigint) is
  'Takes what a sweep had to bring itself, as a JSON array of {"signature", "slot"}. Raises ingest_stalled when the webhook has brought nothing '
  'later than that for as many seconds as the rule''s threshold; resolves it when the webhook brings something again.';
alter function vaultbook.judge_silence(jsonb, bigint) owner to vaultbook_ledger;

create function vaultbook.forget_sightings() returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  forgotten integer;
begin
  delete from vaultbook.sightings as s where s.settled_at < now() - interval '2 days';
  get diagnostics forgotten = row_count;
  delete from vaultbook.doubts as d where d.last_doubted_at < now() - interval '2 days';
  delete from vaultbook.scans as s
   where s.finished_at < now() - interval '7 days'
     and not exists (select from vaultbook.watermarks as w where w.scan_id = s.id);
  return forgotten;
end
$$;
comment on function vaultbook.forget_sightings() is
  'Deletes what the sweep no longer needs: sightings settled two days ago, doubts as old, scans of last week. Returns how many sightings.';
alter function vaultbook.forget_sightings() owner to vaultbook_ledger;
