-- Snapshots in time: rules that make sense, ticks that are taken once, and who may call what. The rest is tested beside lib/ledger.
begin;
set local role postgres;
select plan(26);

select results_eq(
    'select series, every, threshold from public.snapshot_rules order by series',
    $$values ('daily_summary'::varchar, interval '1 day', null::bigint), ('event', '1 minute', 100000000), ('periodic', '5 minutes', null), ('tvl', '5 minutes', null)$$,
    'Every five minutes, every day, and from 100 USDT on'
  );
select throws_ok(format('update public.snapshot_rules set %s', change), '23514', null, format('%s is no rule of snapshots', change))
  from (values
    ($$every = '7 minutes' where series = 'tvl'$$), ($$every = '2 days' where series = 'daily_summary'$$),
    ($$every = '1 month' where series = 'periodic'$$), ($$every = '30 seconds' where series = 'tvl'$$), ($$every = '0' where series = 'tvl'$$),
    ($$every = '-1 minute' where series = 'event'$$), ($$threshold = -1 where series = 'event'$$), ($$threshold = null where series = 'event'$$),
    ($$threshold = 1 where series = 'tvl'$$), ($$series = 'hourly' where series = 'tvl'$$)
  ) as refused (change);
select throws_ok(format('update public.retention_rules set %s', change), '23514', null, format('%s is no rule of retention', change))
  from (values
    ($$raw_for = '59 minutes'$$), ($$raw_for = '1 year', hourly_for = '11 months'$$), ($$raw_for = '1 hour', hourly_for = '23 hours'$$),
    ($$daily_for = '1 day'$$), ($$series = 'ledger' where series = 'tvl'$$)
  ) as refused (change);
select lives_ok(
    $$update public.snapshot_rules set every = '1 hour' where series = 'tvl'; update public.retention_rules set daily_for = '10 years'$$,
    'Rules can be changed'
  );

set local role service_role;
select results_eq(
    $$select tick, taken_at, vaults, is_new, missed from vaultbook.take_tvl('2027-01-01 00:59:59Z')$$,
    $$values (timestamptz '2027-01-01 00:00Z', timestamptz '2027-01-01 00:59:59Z', 0::bigint, true, 0::bigint)$$,
    'A tick is as long as the rule says'
  );
select is((vaultbook.take_tvl('2027-01-01 00:10Z')).is_new, false, 'It is taken once, earlier ones in it too');
select is((vaultbook.take_tvl('2027-01-01 03:10Z')).missed, 2::bigint, 'What was missed is told');
select results_eq(
    'select series, ticks from vaultbook.missed_ticks where before_tick is not null', $$values ('tvl'::varchar, 2::bigint)$$, 'and seen'
  );
select is((vaultbook.take_snapshots('periodic')).vaults, 0::bigint, 'Of no vaults there are none');
select results_eq('select total_value_locked, active_vaults, total_locked from vaultbook.current_tvl', 'values (0::bigint, 0::bigint, 0::bigint)',
                  'No vaults hold nothing');
select is_empty($$select * from vaultbook.balance_as_of(repeat('A', 43), now())$$, 'A vault that nobody knows held nothing');
select throws_ok($$select vaultbook.take_snapshots('hourly')$$, '23502', null, 'A series without a rule is refused');
select throws_ok($$update vaultbook.ticks set tick = now()$$, '42501', null, 'The service changes no tick');

select * from finish();
rollback;
