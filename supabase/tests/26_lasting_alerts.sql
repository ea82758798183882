-- Lasting alerts: louder after a time, told as a number where there are too many, and alerting itself tried.
begin;
set local role postgres;
select plan(29);
delete from realtime.messages;
create function pg_temp.happen(kind text, names text[]) returns integer
language sql as $$
  select vaultbook.raise_alerts(array(select row (kind, n, null, 'Words', null)::vaultbook.occurrence from unnest(names) as n))
$$;
create function pg_temp.heard() returns table (topic text, event text, words text)
language sql as $$
  select m.topic, m.event, coalesce(m.payload ->> 'subject', concat_ws(' ', m.payload ->> 'alert_type', m.payload ->> 'suppressed'))
    from realtime.messages as m
$$;

-- Louder
select results_eq(
    $$select alert_type::text collate "default", escalate_after, escalate_to::text collate "default" from public.alert_rules
       where escalate_after is not null order by alert_type$$,
    $$values ('gap_detected', interval '1 day', 'critical'), ('job_failed', '6 hours', 'critical'), ('quarantined', '1 day', 'critical'),
             ('webhook_unauthorized', '6 hours', 'critical')$$,
    'What a person should have looked at by then becomes critical'
  );
select throws_ok(
    format('update public.alert_rules set %s where alert_type = ''low_balance''', change), '23514',
    format('new row for relation "alert_rules" violates check constraint "%s"', broken), format('%s breaks %s', change, broken)
  )
  from (values
    ('told_per_minute = -1', 'alert_rules_told_per_minute_is_not_negative'),
    ($$escalate_to = 'loud', escalate_after = '1 day'$$, 'alert_rules_escalate_to_is_known'),
    ($$escalate_to = 'critical', escalate_after = '-1 day'$$, 'alert_rules_escalate_after_is_not_negative'),
    ($$escalate_after = '1 day'$$, 'alert_rules_escalate_after_a_time_to_a_severity')
  ) as refused (change, broken);
update public.alert_rules set escalate_after = '1 hour', escalate_to = 'warning' where alert_type in ('large_tx', 'conflict');
select is(pg_temp.happen('large_tx', '{lasts, seen, over, young}'), 4, 'Four things happen');
select is(pg_temp.happen('conflict', '{louder already}'), 1, 'and one that is critical');
select is(pg_temp.happen('failed_tx', '{patient}'), 1, 'and one that never becomes louder');
update public.alerts set created_at = now() - interval '61 minutes' where subject <> 'young';
update public.alerts set acknowledged = true, acknowledged_at = now() where subject = 'seen';
update public.alerts set resolved_at = now() where subject = 'over';
delete from realtime.messages;
select is(vaultbook.escalate_alerts(now()), 1::bigint, 'What lasts and nobody saw to');
select results_eq(
    'select subject::text collate "default", severity::text collate "default", data from public.alerts where data ? ''escalated_at''',
    $$values ('lasts', 'warning', jsonb_build_object('count', 1, 'escalated_from', 'info', 'escalated_at', now()))$$, 'becomes louder'
  );
select results_eq('select * from pg_temp.heard()', $$values ('alerts:ops', 'alert_created', 'lasts')$$, 'and is sent again');
update public.alerts set severity = 'info' where subject = 'lasts';
select is(vaultbook.escalate_alerts(now()), 0::bigint, 'once');
select is(pg_temp.happen('large_tx', '{lasts}'), 1, 'What happens again');
select is((select (data ->> 'count')::integer from public.alerts where subject = 'lasts' and data ? 'escalated_from'), 2, 'keeps the record of it');
select is(vaultbook.escalate_alerts(now() + interval '2 hours'), 1::bigint, 'The young one follows');

-- Too many
update public.alert_rules set told_per_minute = 2 where alert_type = 'rolled_back';
delete from realtime.messages;
select is(pg_temp.happen('rolled_back', '{a}'), 1, 'One of two that are told in a minute');
select is(pg_temp.happen('rolled_back', '{b, c, d}'), 3, 'and three more');
select is(pg_temp.happen('rolled_back', '{a, e}'), 2, 'and another one with a repeat');
select is(pg_temp.happen('token_surplus', '{other}'), 1, 'and one of another type');
select is((select count(*) from pg_temp.heard() where event = 'alert_created' and topic = 'alerts:ops'), 3::bigint, 'Two of them are told, and the other one');
select is(vaultbook.tell_untold(), 3::bigint, 'The others are counted');
select results_eq($$select * from pg_temp.heard() where event <> 'alert_created'$$,
                  $$values ('alerts:ops', 'alerts_suppressed', 'rolled_back 3')$$, 'and told as a number');
select is(vaultbook.tell_untold(), 0::bigint, 'once');

-- Alive
delete from realtime.messages;
select ok(vaultbook.prove_alerting(), 'An alert can be raised');
select is_empty($$select from public.alerts where subject like 'probe%' union all select from realtime.messages$$, 'and nobody hears of the trial');
create function pg_temp.swallow() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger swallowing before insert on public.alerts for each row execute function pg_temp.swallow();
select ok(not vaultbook.prove_alerting(), 'What is raised and not there');
select results_eq('select message from vaultbook.alert_failures', $$values ('An alert of type conflict was raised and is not there')$$, 'is noted');
drop trigger swallowing on public.alerts;
create function pg_temp.refuse() returns trigger language plpgsql as $$ begin raise 'Not now' using errcode = '40001'; end $$;
create trigger refusing before insert on public.alerts for each row execute function pg_temp.refuse();
select throws_ok('select vaultbook.prove_alerting()', '40001', 'Not now', 'What has to be repeated is, and says nothing of alerting');
update public.alert_rules set enabled = false;
select ok(vaultbook.prove_alerting(), 'Who wants no alerts misses none');

select * from finish();
rollback;
