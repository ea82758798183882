-- Views for operators: what each shows, to whom, and what is decided about quarantine.
begin;
set local role postgres;
select plan(47);

create temporary table desk as
select unnest('{open_alerts, drifting_vaults, quarantine, parked_transactions, quarantine_decisions, ingest_lag, largest_movements}'::text[]) as name;
grant select on desk to public;

select has_view('public', name::name, format('%s is there', name)) from desk;
select is_empty(
    $$select c.relname, a.attname
        from pg_catalog.pg_class as c
        join desk on c.oid = to_regclass('public.' || desk.name)
        join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and a.attname ~ '(amount|balance|difference)'
       where a.atttypid <> 'text'::regtype$$,
    'No amount leaves as a number'
  );

set local role vaultbook_ledger;
insert into public.vaults (owner, vault_address, token_account, total_balance, available_balance, total_deposited)
select repeat(name, 43), repeat(lower(name), 43), repeat('1', 43), 9223372036854775807, 9223372036854775807, 9223372036854775807
  from unnest('{A, B, C, D}'::text[]) as name;
insert into public.transactions
  (vault_owner, transaction_type, amount, signature, status, balance_before, balance_after, slot, transaction_index, event_index, total_after, locked_after, confirmed_at, created_at, rolled_back_at)
select repeat(owner, 43), type, amount, 's' || place, status, 0, 0, 1, place, 0, 0, 0,
       case status when 'confirmed' then now() end, now() - age, case when taken_back then now() end
  from (values
    (1, 'A', 'deposit', 9223372036854775807, 'confirmed', interval '1 hour', false),
    (2, 'A', 'deposit', 20000000, 'confirmed', interval '1 hour', false),
    (3, 'A', 'withdrawal', 100000000, 'confirmed', interval '1 hour', false),
    (4, 'B', 'deposit', 7, 'confirmed', interval '25 hours', false),
    (5, 'B', 'lock', 8, 'confirmed', interval '1 hour', false),
    (6, 'B', 'deposit', 9, 'failed', interval '1 hour', false),
    (7, 'B', 'deposit', 10, 'failed', interval '1 hour', true)
  ) as t (place, owner, type, amount, status, age, taken_back);
insert into public.reconciliation_logs (vault_owner, expected_balance, actual_balance, difference, auto_fixed, created_at)
select repeat(owner, 43), 10, 10 + difference, difference, fixed, now() - age
  from (values
    ('A', 5, false, interval '2 hours'), ('A', -3, false, interval '1 hour'),   -- drifts, otherwise than before
    ('B', 5, false, interval '2 hours'), ('B', 0, false, interval '1 hour'),    -- did
    ('C', 5, true, interval '1 hour')                                           -- was put right
  ) as l (owner, difference, fixed, age);
insert into public.alerts (severity, alert_type, subject, vault_owner, message, data, acknowledged, acknowledged_at, resolved_at)
values ('critical', 'quarantined', 'inbox', null, 'Open', '{"count": 3, "last_at": "2026-11-23T00:00:00+00:00"}', false, null, null),
       ('critical', 'conflict', 's9', null, 'Open', null, false, null, null),
       ('warning', 'low_balance', repeat('A', 43), repeat('A', 43), 'Open', '{}', false, null, null),
       ('warning', 'failed_tx', 'seen', null, 'Acknowledged', '{}', true, now(), null),
       ('warning', 'failed_tx', 'over', null, 'Over', '{}', false, null, now());
insert into vaultbook.deliveries (source, body, received_at)
values ('webhook', '1', now() - interval '1 hour'), ('sweep', '2', now() - interval '1 minute'), ('correction', '3', now());
create temporary table first on commit drop as select min(d.id) as delivery from vaultbook.deliveries as d;
insert into vaultbook.inbox (signature, slot, outcome, code, reason, content, content_sha256, delivery_id, delivery_position)
select signature, 1, outcome, 'some_code', 'For a person', case when has_content then '{}'::jsonb end, case when has_content then sha256(signature::bytea) end, first.delivery, place
  from first, (values
    (0, 's8', 'quarantined', false), (1, null, 'quarantined', false), (2, 's9', 'conflict', true), (3, 's10', 'parked', true),
    (4, 's9', 'applied', true)
  ) as i (place, signature, outcome, has_content);
insert into vaultbook.scans (address, source, tip_slot, floor_slot) values (repeat('P', 43), 1, 110, 1), (repeat('a', 43), 1, 999, 1);
insert into vaultbook.watermarks (address, source, slot, scan_id, tip_slot, seen_at, short_rescan_slot, long_rescan_slot)
select s.address, 1, s.tip_slot - 10, s.id, s.tip_slot, now(), 0, 0 from vaultbook.scans as s;

-- The service, and an operator, see all of it.
set local role authenticated;
set local request.jwt.claims = '{"role": "authenticated", "sub": "op", "app_metadata": {"role": "ops"}}';
select results_eq(
    'select subject collate "default", times, last_at is not null from public.open_alerts order by subject collate "C"',
    $$values (repeat('A', 43), '1', true), ('inbox', '3', true), ('s9', '1', true)$$,
    'open_alerts: neither acknowledged nor over, and how often'
  );
select results_eq(
    'select vault_owner::text collate "default", vault_address::text collate "default", expected_balance, actual_balance, difference from public.drifting_vaults',
    $$values (repeat('A', 43), repeat('a', 43), '10', '7', '-3')$$,
    'drifting_vaults: by the last reconciliation alone'
  );
select results_eq(
    'select outcome, signature::text collate "default", code, source, times_seen from public.quarantine order by signature nulls first',
    $$values ('quarantined', null, 'some_code', 'webhook', 1), ('quarantined', 's8', 'some_code', 'webhook', 1), ('conflict', 's9', 'some_code', 'webhook', 1)$$,
    'quarantine: what a person has to look at'
  );
select results_eq('select signature::text collate "default", code from public.parked_transactions', $$values ('s10', 'some_code')$$, 'parked_transactions: what waits');
select results_eq(
    'select last_source, now() - last_received_at, swept_slot, tip_slot, lag_slots from public.ingest_lag',
    $$values ('sweep', interval '1 minute', 100::bigint, 110::bigint, 10::bigint)$$,
    'ingest_lag: by what came from the chain, and by the program''s watermark'
  );
select results_eq(
    'select amount from public.largest_movements',
    $$values ('9223372036854775807'), ('100000000'), ('20000000')$$,
    'largest_movements: the largest first, as numbers have it; confirmed, and of the last day'
  );
select throws_ok('select content from vaultbook.inbox', '42501', null, 'Of the inbox an operator sees what the views show');
select throws_ok('select body from vaultbook.deliveries', '42501', null, 'and no bytes');
select throws_ok(
    format('select %s', call), '42501', null, format('An operator cannot call %s', call)
  )
  from unnest(array[
    $$vaultbook.resolve_item(1, 'me', 'x')$$, $$vaultbook.note_replay(1, null, 'me', 'x')$$, $$vaultbook.item_to_replay(1)$$
  ]) as call;
select throws_ok(
    $$insert into vaultbook.resolutions (inbox_id, decision, reason, decided_by, outcome) values (1, 'resolved', 'x', 'me', 'quarantined')$$,
    '42501', null, 'nor write a decision'
  );

-- Owners: their own rows where there are any, else none.
select set_config('request.jwt.claims', jsonb_build_object('role', 'authenticated', 'wallet_address', repeat('A', 43))::text, true);
select results_eq('select vault_owner::text collate "default" from public.open_alerts', array[repeat('A', 43)], 'An owner sees the own open alert alone');
select results_eq('select vault_owner::text collate "default" from public.drifting_vaults', array[repeat('A', 43)], 'and the own drift');
select is_empty(format('select from public.%I', name), format('An owner sees nothing in %s', name))
  from desk where name in ('quarantine', 'parked_transactions', 'quarantine_decisions');
select results_eq('select last_received_at, tip_slot from public.ingest_lag', 'values (null::timestamptz, null::bigint)', 'nor how far ingest is');
select is_empty('select id from vaultbook.inbox', 'nor a row of the inbox');
select is_empty('select id from vaultbook.deliveries', 'nor of the deliveries');
set local request.jwt.claims = '{"role": "authenticated", "user_metadata": {"role": "ops"}}';
select is_empty('select from public.quarantine', 'Who only says that they are an operator sees nothing');
set local role anon;
set local request.jwt.claims = '{"role": "anon"}';
select throws_ok(format('select from public.%I', name), '42501', null, format('anon does not see %s', name)) from desk;

-- What is decided.
set local role service_role;
select throws_ok($$select vaultbook.resolve_item(-1, 'me', 'x')$$, 'VB601', null, 'What is not there cannot be resolved');
select throws_ok(
    $$select vaultbook.resolve_item(i.id, 'me', 'x') from vaultbook.inbox as i where i.outcome = 'parked'$$, 'VB602', null,
    'nor what only waits'
  );
select throws_ok(
    $$select vaultbook.resolve_item(q.id::bigint, 'me', ' ') from public.quarantine as q where q.signature = 's8'$$, '23514', null,
    'nor without a reason'
  );
select lives_ok($$select vaultbook.resolve_item(q.id::bigint, 'me', 'Seen') from public.quarantine as q where q.signature = 's8'$$, 'One is resolved');
select is((select count(*) from public.quarantine), 2::bigint, 'and gone from what a person has to look at');
select is((select count(*) from public.open_alerts where subject = 'inbox'), 1::bigint, 'The alert stays while there is another');
select vaultbook.resolve_item(q.id::bigint, 'me', 'Seen') from public.quarantine as q;
select results_eq('select subject collate "default" from public.open_alerts', array[repeat('A', 43)], 'and closes with the last');
set local role postgres;
set local role authenticated;
set local request.jwt.claims = '{"role": "authenticated", "sub": "op", "app_metadata": {"role": "ops"}}';
select is((select count(*) from public.quarantine_decisions), 3::bigint, 'Operators see what was decided');
select set_config('request.jwt.claims', jsonb_build_object('role', 'authenticated', 'wallet_address', repeat('A', 43))::text, true);
select is_empty('select from public.quarantine_decisions', 'and owners do not');
select is_empty('select inbox_id from vaultbook.resolutions', 'nor in the table');
set local role postgres;
select throws_ok('delete from vaultbook.resolutions', 'VB001', null, 'I15: what was decided stays');

select * from finish();
rollback;
