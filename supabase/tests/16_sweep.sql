-- Sweep: pages that prove something and pages that do not, what is final, what is doubted, what is silent.
begin;
set local role postgres;
select plan(65);

set local role service_role;
create function pg_temp.address(name text) returns text
language sql immutable as $$ select repeat(name, 43) $$;
-- Rows of a history: 'a9' is signature a in slot 9.
create function pg_temp.page(rows text[]) returns jsonb
language sql as $$
  select coalesce(jsonb_agg(jsonb_build_object(
           'signature', left(r.row, 1), 'slot', substr(r.row, 2)::bigint, 'failed', false, 'transaction_index', 0, 'place', r.place
         )), '[]')
    from unnest(rows) with ordinality as r (row, place)
$$;
create function pg_temp.open_scan() returns bigint
language sql as $$ select id from vaultbook.scans where finished_at is null order by id desc limit 1 $$;
create function pg_temp.note(rows text[]) returns text
language sql as $$
  select concat_ws(' ', s.outcome, 'before ' || s.next_before, case when s.is_at_end then 'at end' end,
                   'empty ' || nullif(s.empty_pages, 0), 'broken ' || nullif(s.broken_pages, 0))
    from vaultbook.note_page(pg_temp.open_scan(), pg_temp.page(rows)) as s
$$;
create function pg_temp.begin(tip bigint, from_slot bigint default null) returns text
language sql as $$
  select coalesce(s.floor_slot::text, 'all') from vaultbook.begin_scan(pg_temp.address('P'), 1, tip, from_slot) as s
$$;

-- A whole history
select is(pg_temp.begin(100000), 'all', 'The first scan goes back to the beginning');
select is(pg_temp.note('{f9, e8, d8}'), 'before f', 'The next page begins above the lowest slot, so that it shows it again');
select is(pg_temp.note('{}'), 'before f broken 1', 'An empty page continues nothing');
select is(pg_temp.note('{b3, a2}'), 'before f broken 2', 'nor does one without that slot');
select is(pg_temp.begin(100050), 'all', 'It is gone on with');
select is(pg_temp.note('{d8, e8, c8, b3}'), 'before c', 'whatever the order inside the slot is, and what it lacked before');
select is(pg_temp.note('{b3}'), 'before b at end', 'A page without anything older is not the end');
select is(pg_temp.note('{}'), 'before b at end empty 1', 'nor is one empty page');
select is(pg_temp.note('{a2}'), 'before a at end', 'which was not the truth');
select is(pg_temp.note('{}'), 'before a at end empty 1', 'Empty once');
select is_empty('select from vaultbook.watermarks', 'and nothing is proven yet');
select is_empty('select from vaultbook.next_sightings(now(), 10)', 'nor settled');
select is(pg_temp.note('{}'), 'proven before a at end empty 2', 'Empty twice: the beginning');
select throws_ok(
    format('select vaultbook.note_page(%s, %L)', (select max(id) from vaultbook.scans), '[]'), 'VB501', null, 'What is over is over'
  );
select results_eq(
    'select slot, signature::text collate "default", tip_slot from vaultbook.watermarks', $$values (100000::bigint, 'f', 100000::bigint)$$,
    'The watermark is the tip of when it began'
  );
select results_eq(
    'select signature::text collate "default" from vaultbook.next_sightings(now(), 10)', $$values ('a'), ('b'), ('c'), ('d'), ('e'), ('f')$$,
    'What was seen is settled oldest first'
  );

-- What came since
select is(pg_temp.begin(100100), '100000', 'The next scan goes back to the watermark');
select is(pg_temp.note('{h100090, g100080}'), 'before h', 'What is new proves nothing');
select is(pg_temp.note('{g100080, x99999}'), 'before g', 'nor does what nobody knows below the watermark');
select is(pg_temp.note('{g100080, x99999, f9}'), 'proven before x', 'What was known before does');
select is(pg_temp.begin(101600), '98500', 'After ten minutes it goes back ten minutes more');
select is(pg_temp.note('{e8}'), 'proven before e at end', 'Where the watermark itself has vanished, what else is known will do');
select is(pg_temp.begin(101620), '100100', 'but the next one goes back ten minutes again');
select is(pg_temp.begin(101630, 50), '49', 'or to where it is told');
select is(pg_temp.begin(101630, 60), '49', 'A deeper one that goes on will do');
select is(
    array(select pg_temp.note('{z1}') from generate_series(1, 1))::text, '{"before z at end"}',
    'What nobody knows'
  );
select pg_temp.note('{}');
select is(pg_temp.note('{}'), 'abandoned before z at end empty 2', 'at the end of a history that had more proves nothing');
select is(pg_temp.begin(101640), '100100', 'It begins anew');
select pg_temp.note('{k101635, j101634}');
select pg_temp.note('{}') from generate_series(1, 5);
select is(pg_temp.note('{}'), 'abandoned before k broken 6', 'and is given up when its pages never fit together');
select is(pg_temp.begin(320000), '0', 'After a day it goes back a day');
select pg_temp.note('{k310000, e8}');
select pg_temp.note('{e8}');
select pg_temp.note('{}');
select is(pg_temp.note('{}'), 'proven before e at end empty 2', 'to the beginning where that is less');
select results_eq(
    'select slot, short_rescan_slot, long_rescan_slot from vaultbook.watermarks', 'values (320000::bigint, 320000::bigint, 320000::bigint)',
    'and not again at once'
  );
select vaultbook.judge_silence('[{"signature": "h", "slot": 100090}]', 101000);
select results_eq(
    $$select message from public.alerts where alert_type = 'ingest_stalled' and resolved_at is null$$,
    $$values ('The webhook has brought nothing since slot the first, and the chain is at 101000')$$, 'A webhook never heard of is told of'
  );

-- Settling
select lives_ok(
    $$select vaultbook.settle_sightings('[{"signature": "a", "slot": 2, "problem": "gone"}, {"signature": "b", "slot": 3, "problem": null}]')$$,
    'What was fetched, and what could not be'
  );
select results_eq(
    $$select signature::text collate "default", attempts, problem, settled_at is null from vaultbook.sightings where signature in ('a', 'b') order by 1$$,
    $$values ('a', 1, 'gone', true), ('b', 0, null, false)$$,
    'is on record'
  );
set local role postgres;
select is(
    (select array_agg(invariant || ' ' || violations) from vaultbook.verify() where violations > 0), '{"I14 1"}',
    'What is settled and nowhere breaks I14'
  );
update vaultbook.sightings set settled_at = null where signature = 'b';
update vaultbook.watermarks set slot = slot + 1, tip_slot = tip_slot + 1;
select is(
    (select array_agg(invariant || ' ' || violations) from vaultbook.verify() where violations > 0), '{"I14 1"}',
    'A watermark that no scan has proven breaks I14'
  );
update vaultbook.watermarks set slot = slot - 1;
insert into vaultbook.scans (address, source, tip_slot, floor_slot, outcome, finished_at)
select address, source, 900000, 800000, 'proven', now() from vaultbook.watermarks;
select is(
    (select array_agg(invariant || ' ' || violations) from vaultbook.verify() where violations > 0), '{"I14 1"}',
    'and so does a scan that left something out'
  );
delete from vaultbook.scans where tip_slot = 900000;
set local role service_role;

-- The ledger has one of them, in the very place
select is(
    (select array_agg(outcome order by signature) from vaultbook.ingest('webhook', '', (
       select jsonb_agg(jsonb_build_object(
                'position', place, 'signature', signature, 'slot', slot, 'transaction_index', 0, 'outcome', 'new', 'content_sha256', '00',
                'vaults', jsonb_build_array(pg_temp.address('V')),
                'content', jsonb_build_object('failed', false, 'events', jsonb_build_array(event || '{"ordinal": 0}')),
                'finalized', false))
         from (values
           (0, 'c', 8, jsonb_build_object('kind', 'initialise', 'owner', pg_temp.address('A'), 'vault', pg_temp.address('V'),
                                          'token_account', pg_temp.address('T'))),
           (1, 'f', 9, jsonb_build_object('kind', 'deposit', 'owner', pg_temp.address('A'), 'vault', pg_temp.address('V'), 'amount', '9')),
           (2, 'w', 50, jsonb_build_object('kind', 'deposit', 'owner', pg_temp.address('A'), 'vault', pg_temp.address('V'), 'amount', '5'))
         ) as made (place, signature, slot, event)))),
    '{applied, applied, applied}'::text[], 'The webhook brings three'
  );
select is(vaultbook.finalize_sighted(10), 2, 'Two of them were sighted where they are');
select results_eq(
    'select signature::text collate "default", finalized_at is not null from public.transactions order by slot', $$values ('f', true), ('w', false)$$,
    'and are final'
  );

-- Doubts
select results_eq(
    $$select * from vaultbook.unproven_landings(100, null, '', 10)$$, $$values ('w', 50::bigint, null::text, 9::bigint, null::text)$$,
    'The third is not'
  );
select is_empty($$select from vaultbook.unproven_landings(40, null, '', 10)$$, 'which says nothing while its slot is not final');
select results_eq(
    $$select signature from vaultbook.unproven_landings(40, 45, '', 10)$$, $$values ('w')$$, 'but something where it cannot be yet'
  );
select is_empty(
    $$select from vaultbook.unproven_landings(100, null, '', 10, 1, pg_temp.address('Q'))$$,
    'Vault by vault nothing is said of one whose history no node has shown'
  );
select vaultbook.start_job('sweep', interval '1 minute');
select is(vaultbook.doubt(id, '[{"signature": "w", "slot": 50}]'), '[]', 'One look is no proof') from public.job_runs;
select is(vaultbook.doubt(id, '[{"signature": "w", "slot": 50}]'), '[]', 'nor is the same look again') from public.job_runs;
select vaultbook.start_job('tvl', interval '1 minute');
select is(
    vaultbook.doubt(id, '[{"signature": "w", "slot": 50}]'), '[{"slot": 50, "signature": "w"}]', 'The next run''s is'
  )
  from public.job_runs where job = 'tvl';
select vaultbook.believe('{w}');
select is_empty('select from vaultbook.doubts', 'A doubt is forgotten when a node knows better');

-- Parked
select is(
    (select array_agg(outcome || ' ' || code order by signature) from vaultbook.ingest('webhook', 'parked', jsonb_build_array(
       jsonb_build_object('position', 0, 'signature', 'm', 'slot', 70, 'outcome', 'parked', 'code', 'logs_missing'),
       jsonb_build_object('position', 1, 'signature', 'n', 'slot', 71, 'transaction_index', 0, 'outcome', 'new', 'content_sha256', '01',
         'vaults', jsonb_build_array(pg_temp.address('W')), 'finalized', true, 'content', jsonb_build_object('failed', false, 'events',
           jsonb_build_array(jsonb_build_object('kind', 'deposit', 'ordinal', 0, 'owner', pg_temp.address('B'),
                                                'vault', pg_temp.address('W'), 'amount', '5'))))))),
    '{parked logs_missing, parked vault_unknown}'::text[], 'Two that lack something'
  );
select vaultbook.judge_silence('[]', 101000);
select is_empty(
    $$select from public.alerts where alert_type = 'ingest_stalled' and resolved_at is null$$, 'A webhook that is heard again is not silent'
  );
select is(vaultbook.ask_for_unread(60, 10), 0, 'What is not final cannot be asked for yet');
select is(vaultbook.ask_for_unread(100, 10), 1, 'What is has to be read');
select is(vaultbook.ask_for_unread(100, 10), 0, 'and is asked for once');
select is(
    vaultbook.ask_for('[{"signature": "o", "slot": 72, "failed": true, "block_time": 5, "transaction_index": 3}]', 1), 1,
    'So is what somebody knows of'
  );
select vaultbook.ask_for('[{"signature": "o", "slot": 72}]', 1);
select results_eq(
    $$select failed, block_time, transaction_index from vaultbook.sightings where signature = 'o'$$,
    $$values (true, to_timestamp(5), 3)$$, 'What is known of it stays'
  );
select is(vaultbook.ask_for('[{"signature": "f", "slot": 9}]', 1), 0, 'but not what is final already');
set local role vaultbook_ledger;
update vaultbook.inbox set finalized_at = now() where signature = 'n';
set local role service_role;
select vaultbook.want_unknown_vaults();
select vaultbook.want_vault(pg_temp.address('W'), 'again');
select results_eq(
    'select address::text collate "default" from vaultbook.wanted_vaults', $$values (repeat('W', 43))$$,
    'A vault that nobody initialised is looked for'
  );
select vaultbook.begin_scan(pg_temp.address('W'), 1, 320000, 0);
select vaultbook.note_page(pg_temp.open_scan(), '[]');
select vaultbook.note_page(pg_temp.open_scan(), '[]');
select vaultbook.vault_is_swept(pg_temp.address('W'));
select vaultbook.want_unknown_vaults();
select is_empty('select from vaultbook.wanted_vaults', 'but not at every turn');
select is(
    vaultbook.want_new_vaults(jsonb_build_array(pg_temp.address('V'), pg_temp.address('W'), pg_temp.address('N')), 1, 320100), 1,
    'Of the vaults that the chain has one is new: not one that is known, nor one that was just looked through'
  );
select results_eq(
    'select address::text collate "default" from vaultbook.wanted_vaults', $$values (repeat('N', 43))$$, 'and it is looked for'
  );

-- Silence
select vaultbook.judge_silence('[{"signature": "h", "slot": 100090}]', 100500);
select is_empty(
    $$select from public.alerts where alert_type = 'ingest_stalled' and resolved_at is null$$, 'Three minutes are no silence'
  );
select vaultbook.judge_silence('[{"signature": "h", "slot": 100090}]', 101000);
select results_eq(
    $$select data ->> 'heard_slot', data ->> 'since_slot', data ->> 'missed' from public.alerts
       where alert_type = 'ingest_stalled' and resolved_at is null$$,
    $$values ('71', '100090', '1')$$, 'Six are'
  );
set local role postgres;
alter table public.alerts add constraint alerts_are_broken check (data -> 'tip_slot' <> '101001') not valid;
set local role service_role;
select vaultbook.judge_silence('[{"signature": "h", "slot": 100090}]', 101001);
select results_eq('select count(*) from vaultbook.alert_failures', 'values (1::bigint)', 'A broken alert stops nothing');


-- What is no longer needed
set local role postgres;
update vaultbook.sightings set settled_at = now() - interval '3 days' where signature = 'f';
set local role service_role;
select is(vaultbook.forget_sightings(), 1, 'What was settled long ago is forgotten');

select * from finish();
rollback;
