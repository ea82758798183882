-- The alert rules: what an operator changes in Studio holds for the very next delivery.
begin;
set local role postgres;
select plan(17);

create function pg_temp.deposit(slot bigint, amount bigint) returns text
language plpgsql as $$
declare
  outcome text;
begin
  set local role service_role;
  select s.outcome into outcome from vaultbook.ingest('webhook', '', jsonb_build_array(jsonb_build_object(
           'position', 1, 'signature', 's' || slot, 'slot', slot, 'transaction_index', 0, 'outcome', 'new',
           'vaults', jsonb_build_array(repeat('V', 43)), 'content_sha256', '00',
           'content', jsonb_build_object('failed', false, 'events', jsonb_build_array(
             jsonb_build_object('ordinal', 0, 'kind', case when slot = 1 then 'initialise' else 'deposit' end, 'owner', repeat('A', 43),
                                'vault', repeat('V', 43), 'token_account', repeat('T', 43), 'amount', amount::text)))
         ))) as s;
  set local role postgres;
  return outcome;
end
$$;
-- Nobody but an operator, by the Data API.
create procedure pg_temp.decide(change text)
language plpgsql as $$
begin
  set local role authenticated;
  set local request.jwt.claims = '{"role": "authenticated", "app_metadata": {"role": "ops"}}';
  execute 'update public.alert_rules set ' || change || ' where alert_type = ''large_tx''';
  set local role postgres;
end
$$;
create function pg_temp.told() returns table (severity text, count bigint, amount text)
language sql as $$
  select a.severity::text, (a.data ->> 'count')::bigint, a.data ->> 'amount'
    from public.alerts as a where a.alert_type = 'large_tx' and not a.acknowledged and a.resolved_at is null
$$;

select is(pg_temp.deposit(1, 0), 'applied', 'A vault');
select is(pg_temp.deposit(2, 9999999999), 'applied', 'A deposit below the threshold');
select is_empty('select * from pg_temp.told()', 'is not told of');

call pg_temp.decide('threshold = 5000000000');
select is(pg_temp.deposit(3, 5000000000), 'applied', 'One from a threshold that was lowered just now');
select results_eq('select * from pg_temp.told()', $$values ('info', 1::bigint, '5000000000')$$, 'is');
call pg_temp.decide('threshold = 6000000000');
select pg_temp.deposit(4, 5000000000);
select results_eq('select * from pg_temp.told()', $$values ('info', 1::bigint, '5000000000')$$, 'and not from one that was raised');

call pg_temp.decide($$severity = 'critical'$$);
update public.alerts set acknowledged = true, acknowledged_at = now() - interval '30 minutes' where alert_type = 'large_tx';
select is(pg_temp.deposit(5, 7000000000), 'applied', 'The next one');
select results_eq('select * from pg_temp.told()', $$values ('critical', 1::bigint, '7000000000')$$, 'is as loud as the rule says by then');

call pg_temp.decide('enabled = false');
select is(pg_temp.deposit(6, 8000000000), 'applied', 'Where the rule is off');
select results_eq('select * from pg_temp.told()', $$values ('critical', 1::bigint, '7000000000')$$, 'nothing is told');
call pg_temp.decide('enabled = true');
select is(pg_temp.deposit(7, 9000000000), 'applied', 'Where it is on again');
select results_eq('select * from pg_temp.told()', $$values ('critical', 2::bigint, '9000000000')$$, 'it is, and what was missed meanwhile is not counted');

update public.alerts set acknowledged = true, acknowledged_at = now() - interval '30 minutes' where alert_type = 'large_tx' and not acknowledged;
call pg_temp.decide($$cooldown = '1 hour'$$);
select is(pg_temp.deposit(8, 9000000000), 'applied', 'Within a cooldown');
select is_empty('select * from pg_temp.told()', 'it is quiet');
call pg_temp.decide($$cooldown = '10 minutes'$$);
select is(pg_temp.deposit(9, 9500000000), 'applied', 'and after a shorter one');
select results_eq('select * from pg_temp.told()', $$values ('critical', 1::bigint, '9500000000')$$, 'it is not');
call pg_temp.decide($$told_per_minute = 1, escalate_after = '1 hour', escalate_to = 'critical'$$);
select results_eq(
    $$select told_per_minute, escalate_after, escalate_to::text collate "default" from public.alert_rules where alert_type = 'large_tx'$$,
    $$values (1, interval '1 hour', 'critical')$$, 'How many are told and when they become louder is the operator''s too'
  );

select * from finish();
rollback;
