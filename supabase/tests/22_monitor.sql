-- Monitor: low balances told of once and resolved, silence without a sweep, invariants in turn.
begin;
set local role postgres;
select plan(43);

set local role service_role;
create function pg_temp.address(name text) returns text
language sql immutable as $$ select repeat(name, 43) $$;
create function pg_temp.take(source text, signature text, slot bigint, event jsonb) returns text
language sql as $$
  select s.outcome from vaultbook.ingest(source, '', jsonb_build_array(jsonb_build_object(
           'position', 1, 'signature', signature, 'slot', slot, 'transaction_index', 0, 'outcome', 'new',
           'vaults', jsonb_build_array(event ->> 'vault'), 'content_sha256', '00',
           'content', jsonb_build_object('failed', false, 'events', jsonb_build_array(event || '{"ordinal": 0}'))
         ))) as s
$$;
-- A owns V, B owns W, and so on: three vaults with 150 USDT each.
create function pg_temp.move(signature text, slot bigint, kind text, owner text, amount bigint) returns text
language sql as $$
  select pg_temp.take('webhook', signature, slot, jsonb_build_object(
    'kind', kind, 'owner', pg_temp.address(owner), 'vault', pg_temp.address(translate(owner, 'ABC', 'VWX')), 'amount', amount::text))
$$;
select is(
    pg_temp.take('webhook', 'open ' || o, 1, jsonb_build_object('kind', 'initialise', 'owner', pg_temp.address(o),
                 'vault', pg_temp.address(translate(o, 'ABC', 'VWX')), 'token_account', pg_temp.address(translate(o, 'ABC', 'TUS')))),
    'applied', 'The vault of ' || o
  )
  from unnest('{A, B, C}'::text[]) as o;
select is(pg_temp.move('fill ' || o, 2, 'deposit', o, 150000000), 'applied', 'is filled') from unnest('{A, B, C}'::text[]) as o;
create function pg_temp.low() returns text[]
language sql as $$
  select coalesce(array_agg(left(a.subject, 1) order by a.subject), '{}') from public.alerts as a
   where a.alert_type = 'low_balance' and a.resolved_at is null
$$;

-- Low balances
select results_eq('select * from vaultbook.judge_balances()', 'values (3::bigint, 0, 0::bigint)', 'Who has enough is not told of');
select is(pg_temp.move('spend', 3, 'withdrawal', 'A', 50000001), 'applied', 'One vault falls below the threshold');
select results_eq('select * from vaultbook.judge_balances()', 'values (3::bigint, 1, 0::bigint)', 'and is');
select results_eq(
    $$select severity::text collate "default", message, vault_owner::text collate "default", data ->> 'available_balance', data ->> 'threshold'
        from public.alerts where alert_type = 'low_balance'$$,
    $$values ('warning', 'The vault of ' || repeat('A', 43) || ' has 99.999999 USDT available, less than 100.00 USDT', repeat('A', 43), '99999999', '100000000')$$,
    'with what it has and what it should have'
  );
select results_eq('select * from vaultbook.judge_balances()', 'values (3::bigint, 0, 0::bigint)', 'once');
update public.alerts set acknowledged = true, acknowledged_at = now() where alert_type = 'low_balance';
select results_eq('select * from vaultbook.judge_balances()', 'values (3::bigint, 0, 0::bigint)', 'also when it was acknowledged');
select is(pg_temp.move('lock', 4, 'lock', 'B', 100000000), 'applied', 'What is locked is not available');
select pg_temp.move('refill', 5, 'deposit', 'A', 1);
select results_eq('select * from vaultbook.judge_balances()', 'values (3::bigint, 1, 1::bigint)', 'One falls, one recovers');
select is(pg_temp.low(), '{B}', 'at the very threshold');

-- The rule
set local role postgres;
update vaultbook.balances_judged set changed_after = now();
update public.alert_rules set threshold = 200 * 1000000 where alert_type = 'low_balance';
set local role service_role;
select results_eq('select * from vaultbook.judge_balances(1)', 'values (1::bigint, 1, 0::bigint)', 'A threshold that changed comes to all, in turn');
select results_eq('select * from vaultbook.judge_balances(1)', 'values (1::bigint, 0, 0::bigint)', 'one after the other');
select results_eq('select * from vaultbook.judge_balances(1)', 'values (1::bigint, 1, 0::bigint)', 'to the last');
select is(pg_temp.low(), '{A,B,C}', 'Then each was seen');
set local role postgres;
update public.alert_rules set enabled = false where alert_type = 'low_balance';
update public.alerts set resolved_at = now() where alert_type = 'low_balance';
update vaultbook.balances_judged set changed_after = '-infinity', owner_after = '';
set local role service_role;
select results_eq('select * from vaultbook.judge_balances()', 'values (3::bigint, 0, 0::bigint)', 'A rule that is off raises nothing');
set local role postgres;
update public.alert_rules set enabled = true where alert_type = 'low_balance';
set local role service_role;
select results_eq('select * from vaultbook.judge_balances()', 'values (3::bigint, 3, 0::bigint)', 'and does when it is on');
select is(
    pg_temp.take('webhook', 'pause', 6, jsonb_build_object('kind', 'pause', 'vault', pg_temp.address('V'), 'paused', true)), 'applied',
    'A vault that is paused'
  );
set local role postgres;
update public.alert_rules set threshold = null where alert_type = 'low_balance' and pg_temp.low() = '{A,B,C}';
set local role service_role;
select results_eq('select * from vaultbook.judge_balances()', 'values (3::bigint, 0, 3::bigint)', 'Without a threshold nothing is low');
set local role postgres;
update public.alert_rules set threshold = 200 * 1000000 where alert_type = 'low_balance';
set local role service_role;
select results_eq('select raised from vaultbook.judge_balances()', 'values (2)', 'and only active vaults are');

-- What changed goes on where it was left: a transaction's vaults have one time, and are not torn apart.
set local role postgres;
update vaultbook.balances_judged set changed_after = '-infinity', owner_after = repeat('z', 44);
set local role service_role;
select results_eq('select looked_at from vaultbook.judge_balances(2)', 'values (3::bigint)', 'More than asked for where they changed together');

-- Silence
select lives_ok('select vaultbook.judge_silence_anew()', 'Before the first sweep nothing is known of the chain');
create function pg_temp.scan(tip bigint, variadic rows text[]) returns text
language plpgsql as $$
declare
  own bigint;
begin
  perform vaultbook.begin_scan(pg_temp.address('P'), 1, tip, null);
  select max(s.id) into own from vaultbook.scans as s;
  return (select n.outcome from vaultbook.note_page(own, (
           select coalesce(jsonb_agg(jsonb_build_object('signature', split_part(r.row, ' ', 1), 'slot', split_part(r.row, ' ', 2)::bigint,
                                                        'failed', false, 'transaction_index', 0, 'place', r.place)), '[]')
             from unnest(rows) with ordinality as r (row, place))) as n);
end
$$;
select pg_temp.scan(100000, 'first 100000'), pg_temp.scan(100000, 'first 100000'), pg_temp.scan(100000, variadic '{}'), pg_temp.scan(100000, variadic '{}');
select is((select slot from vaultbook.watermarks), 100000::bigint, 'The chain was swept once');
select is(pg_temp.scan(100100, 'missed 100090', 'first 100000'), 'proven', 'and again, and something was new');
select pg_temp.take('sweep', 'missed', 100090, jsonb_build_object('kind', 'deposit', 'owner', pg_temp.address('A'), 'vault', pg_temp.address('V'), 'amount', '1'));
select vaultbook.judge_silence_anew();
select is((select count(*) from public.alerts where alert_type = 'ingest_stalled'), 0::bigint, 'That is a moment ago');
set local role postgres;
update vaultbook.watermarks set seen_at = clock_timestamp() - interval '10 minutes';
set local role service_role;
select vaultbook.judge_silence_anew();
select is(
    (select count(*) from public.alerts where alert_type = 'ingest_stalled' and resolved_at is null), 1::bigint,
    'Ten minutes later, without a sweep, it is silence'
  );

-- Invariants
select results_eq(
    $$select array_agg(d order by d) from vaultbook.due_invariants('0') as d$$,
    $$select array_agg('I' || n order by 'I' || n) from unnest(array[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]) as n$$,
    'All are due that were never looked at'
  );
select is(vaultbook.check_invariant('I13'), 0::bigint, 'One that holds');
select is((select k.violations from vaultbook.invariant_checks as k where k.invariant = 'I13'), 0::bigint, 'is noted');
select throws_ok($$select vaultbook.check_invariant('I99')$$, '42P01', null, 'There is no other');
set local role postgres;
grant insert on public.alerts to authenticated;
set local role service_role;
select is(vaultbook.check_invariant('I13'), 1::bigint, 'A grant that should not be');
select results_eq(
    $$select severity::text collate "default", subject collate "default", message from public.alerts where alert_type = 'invariant_violation' and resolved_at is null$$,
    $$values ('critical', 'I13', 'Invariant I13 is broken 1 times: table public.alerts: authenticated may insert into it')$$, 'is told of'
  );
update public.alerts set acknowledged = true, acknowledged_at = now() where alert_type = 'invariant_violation';
select vaultbook.check_invariant('I13');
select is((select count(*) from public.alerts where alert_type = 'invariant_violation'), 1::bigint, 'once');
set local role postgres;
revoke insert on public.alerts from authenticated;
set local role service_role;
select vaultbook.check_invariant('I13');
select is((select count(*) from public.alerts where alert_type = 'invariant_violation' and resolved_at is null), 0::bigint, 'until it is gone');
select vaultbook.note_invariant('I3', interval '5 seconds', null, null);
select is((select count(*) from public.alerts where alert_type = 'invariant_violation' and subject = 'I3'), 0::bigint, 'What could not be counted is not broken');
select results_eq(
    $$select d in (select vaultbook.due_invariants('2 seconds', clock_timestamp() + t)) from (values ('I3', interval '1 day'), ('I13', interval '40 seconds'), ('I13', interval '1 minute')) as v (d, t)$$,
    'values (false), (false), (true)', 'What is dear is left to who has the time; what is cheap comes every minute'
  );
set local role postgres;
select vaultbook.check_invariant(d) from vaultbook.due_invariants(null) as d;
select is(
    vaultbook.check_dear_invariants(clock_timestamp() + interval '3 minutes'), 'I13', 'pg_cron looks at what was neglected longest'
  );
select vaultbook.note_invariant('I3', interval '1 hour', null, null);
select is(vaultbook.check_dear_invariants(clock_timestamp() + interval '3 days'), 'I3', 'however long it takes');
delete from vaultbook.invariant_checks;
insert into vaultbook.invariant_checks (invariant, checked_at, took)
select 'I' || n, clock_timestamp(), '1 second' from generate_series(1, 15) as n;
select is(vaultbook.check_dear_invariants(), null, 'and nothing when it was just done');

select * from finish();
rollback;
