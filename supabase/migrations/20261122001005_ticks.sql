-- Ticks: which snapshots were taken, and which were missed.

create table vaultbook.ticks (
  series varchar(20) not null,
  tick timestamptz not null,
  every interval not null,
  taken_at timestamptz not null,
  recorded_at timestamptz not null default clock_timestamp(),
  vaults bigint not null,
  total_balance bigint not null,
  locked_balance bigint not null,
  changes bigint not null,
  constraint ticks_pkey primary key (series, tick),
  constraint ticks_series_is_known check (series in ('periodic', 'daily_summary', 'tvl')),
  constraint ticks_are_taken_after_they_begin check (taken_at >= tick)
);
create index ticks_tick_idx on vaultbook.ticks (tick);
comment on index vaultbook.ticks_tick_idx is 'The ticks of a day, for the health check: of all series there are 200 000 a year.';
comment on table vaultbook.ticks is
  'Every tick that a snapshot was taken in: exactly one, however often and by how many it was asked for. What lies between two that do not '
  'follow each other was missed, and is never made up: vaultbook.missed_ticks.';
comment on column vaultbook.ticks.series is 'periodic, daily_summary or tvl';
comment on column vaultbook.ticks.tick is 'Beginning of the tick: a multiple of its length since midnight UTC';
comment on column vaultbook.ticks.every is 'Its length by the rule then';
comment on column vaultbook.ticks.taken_at is 'The moment of the snapshot, and the timestamp of its rows';
comment on column vaultbook.ticks.recorded_at is 'The same by the database''s clock, whatever clock the caller had';
comment on column vaultbook.ticks.vaults is 'How many vaults it counted: of periodic and daily_summary its rows';
comment on column vaultbook.ticks.total_balance is 'Sum of their total balances, in base units';
comment on column vaultbook.ticks.locked_balance is 'Sum of their locked balances, in base units';
comment on column vaultbook.ticks.changes is 'Sum of vaultbook.vault_totals.changes then: by it two ticks of one state are known';
alter table vaultbook.ticks enable row level security;
revoke all on vaultbook.ticks from public, anon, authenticated, service_role;

create function vaultbook.ticks_between(p_tick timestamptz, p_every interval, p_next timestamptz, p_next_every interval) returns bigint
language sql immutable parallel safe
set search_path = ''
as $$
  select ceil(extract(epoch from p_next - p_tick) / extract(epoch from greatest(p_every, p_next_every)))::bigint - 1
$$;
comment on function vaultbook.ticks_between(timestamptz, interval, timestamptz, interval) is
  'How many ticks lie between two; where the length changed on the way, by the longer one, which is as many as are surely missing.';
alter function vaultbook.ticks_between(timestamptz, interval, timestamptz, interval) owner to vaultbook_ledger;

create view vaultbook.missed_ticks as
select h.series, h.after_tick, h.before_tick, h.ticks
  from (
    -- Each tick looks for the one before it, so that who asks for a day reads no more than that.
    select t.series, prior.tick as after_tick, t.tick as before_tick,
           vaultbook.ticks_between(prior.tick, prior.every, t.tick, t.every) as ticks
      from vaultbook.ticks as t
     cross join lateral (
       select p.tick, p.every from vaultbook.ticks as p where p.series = t.series and p.tick < t.tick order by p.tick desc limit 1
     ) as prior
    union all
    select r.series, last.tick, null, floor(extract(epoch from now() - last.tick) / extract(epoch from last.every))::bigint - 1
      from public.snapshot_rules as r
     cross join lateral (
       select t.tick, t.every from vaultbook.ticks as t where t.series = r.series order by t.tick desc limit 1
     ) as last
  ) as h
 where h.ticks > 0;
comment on view vaultbook.missed_ticks is
  'The holes in each series of snapshots. The last one may be open: nothing was taken since, and the tick that is running does not count.';
comment on column vaultbook.missed_ticks.series is 'As in ticks';
comment on column vaultbook.missed_ticks.after_tick is 'The tick before the hole';
comment on column vaultbook.missed_ticks.before_tick is 'The tick behind it; NULL while the hole is open';
comment on column vaultbook.missed_ticks.ticks is 'How many are missing';
