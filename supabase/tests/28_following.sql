-- What follows an event: a snapshot and an alert, neither of which stops the other, or the event.
begin;
set local role postgres;
select plan(21);

create function pg_temp.refuse() returns trigger language plpgsql as $$ begin raise 'No %', tg_argv[0] using errcode = tg_argv[1]; end $$;
create function pg_temp.deposit(slot bigint) returns text
language sql as $$
  select s.outcome from vaultbook.ingest('webhook', '', jsonb_build_array(jsonb_build_object(
           'position', 1, 'signature', 's' || slot, 'slot', slot, 'transaction_index', 0, 'outcome', 'new',
           'vaults', jsonb_build_array(repeat('V', 43)), 'content_sha256', '00',
           'content', jsonb_build_object('failed', false, 'events', jsonb_build_array(
             jsonb_build_object('ordinal', 0, 'kind', case when slot = 1 then 'initialise' else 'deposit' end, 'owner', repeat('A', 43),
                                'vault', repeat('V', 43), 'token_account', repeat('T', 43), 'amount', '20000000000')))
         ))) as s
$$;
create function pg_temp.followed() returns text
language sql as $$
  select format('%s snapshots, %s alerts', (select count(*) from public.balance_snapshots),
                (select coalesce(sum((data ->> 'count')::integer), 0) from public.alerts where alert_type = 'large_tx'))
$$;
update public.snapshot_rules set every = '0' where series = 'event';
select is(pg_temp.deposit(1), 'applied', 'A vault');
select is(pg_temp.deposit(2), 'applied', 'A large deposit');
select is(pg_temp.followed(), '1 snapshots, 1 alerts', 'is followed by both');

create trigger refusing before insert on public.alerts for each row execute function pg_temp.refuse('alert', '22000');
select is(pg_temp.deposit(3), 'applied', 'While there are no alerts');
select is(pg_temp.followed(), '2 snapshots, 1 alerts', 'there are snapshots');
drop trigger refusing on public.alerts;

create trigger refusing before insert on public.balance_snapshots for each row execute function pg_temp.refuse('snapshot', '22000');
select is(pg_temp.deposit(4), 'applied', 'While there are no snapshots, events go on');
select is(pg_temp.followed(), '2 snapshots, 2 alerts', 'and alerts');
select results_eq('select code, message from vaultbook.alert_failures order by id', $$values ('22000', 'No alert'), ('22000', 'No snapshot')$$,
                  'Both are noted');
drop trigger refusing on public.balance_snapshots;

create trigger refusing before insert on public.alerts for each row execute function pg_temp.refuse('alert now', '40001');
select throws_ok('select pg_temp.deposit(5)', '40001', null, 'What has to be repeated is');
drop trigger refusing on public.alerts;
create trigger refusing before insert on public.balance_snapshots for each row execute function pg_temp.refuse('snapshot now', '40001');
select throws_ok('select pg_temp.deposit(5)', '40001', null, 'wherever it came up');
drop trigger refusing on public.balance_snapshots;
select is(pg_temp.deposit(5), 'applied', 'and then');
select is((select total_balance from public.vaults), 80000000000, 'All of it counts');

-- Nor does whoever is told.
reset role;
create trigger refusing before insert on realtime.messages for each row execute function pg_temp.refuse('message', '22000');
set local role postgres;
select is(pg_temp.deposit(6), 'applied', 'While nothing can be broadcast, events go on');
select is((select total_balance from public.vaults), 100000000000, 'and count');
reset role;
drop trigger refusing on realtime.messages;
set local role postgres;

insert into public.notice_targets (name, kind, min_severity) values ('desk', 'slack', 'info');
create trigger refusing before insert on vaultbook.notices for each row execute function pg_temp.refuse('notice', '22000');
set local role service_role;
select lives_ok($$insert into public.alerts (severity, alert_type, subject, message) values ('info', 'failed_tx', 'first', 'Failed')$$,
                'While nobody outside can be told, an alert is raised');
select lives_ok($$update public.alerts set severity = 'critical' where subject = 'first'$$, 'and becomes louder');
set local role postgres;
select results_eq($$select message from vaultbook.alert_failures order by id offset 2$$, $$values ('No notice'), ('No notice')$$, 'Both are noted');
drop trigger refusing on vaultbook.notices;
create trigger refusing before insert on vaultbook.notices for each row execute function pg_temp.refuse('notice now', '40001');
set local role service_role;
select throws_ok($$insert into public.alerts (severity, alert_type, subject, message) values ('info', 'failed_tx', 'second', 'Failed')$$,
                 '40001', null, 'What has to be repeated is');
select throws_ok($$update public.alerts set severity = 'warning' where subject = 'first'$$, '40001', null, 'for either');
set local role postgres;
drop trigger refusing on vaultbook.notices;
set local role service_role;
select lives_ok($$insert into public.alerts (severity, alert_type, subject, message) values ('info', 'failed_tx', 'second', 'Failed')$$, 'and then');
set local role postgres;
select is((select count(*) from vaultbook.notices), 1::bigint, 'it is told');

select * from finish();
rollback;
