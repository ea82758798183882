-- Taking: snapshots of all vaults, and of their sum, once in each tick.

create type vaultbook.taken as (
  tick timestamptz,
  taken_at timestamptz,
  vaults bigint,
  is_new boolean,
  missed bigint
);
comment on type vaultbook.taken is
  'What was taken in a tick. is_new: by this very call; else it was there already. missed: ticks that are missing right before it.';

create function vaultbook.due_tick(p_series text, p_moment timestamptz) returns vaultbook.ticks
language plpgsql stable
set search_path = ''
as $$
declare
  due vaultbook.ticks;
  recorded vaultbook.ticks;
begin
  select r.series, date_bin(r.every, p_moment, timestamptz '2000-01-01 00:00:00+00'), r.every into due.series, due.tick, due.every
    from public.snapshot_rules as r where r.series = p_series;
  select t.* into recorded from vaultbook.ticks as t where t.series = due.series and t.tick = due.tick;
  if found then
    return recorded;
  end if;
  return due;
end
$$;
comment on function vaultbook.due_tick(text, timestamptz) is
  'The tick that a moment lies in: as it was recorded, or with taken_at null where nothing was taken in it yet.';
alter function vaultbook.due_tick(text, timestamptz) owner to vaultbook_ledger;

create function vaultbook.told(p_tick vaultbook.ticks, p_is_new boolean) returns vaultbook.taken
language sql stable
set search_path = ''
as $$
  select row (
    (p_tick).tick, (p_tick).taken_at, (p_tick).vaults, p_is_new,
    coalesce((
      select vaultbook.ticks_between(t.tick, t.every, (p_tick).tick, (p_tick).every)
        from vaultbook.ticks as t
       where t.series = (p_tick).series and t.tick < (p_tick).tick
       order by t.tick desc
       limit 1
    ), 0)
  )::vaultbook.taken
$$;
comment on function vaultbook.told(vaultbook.ticks, boolean) is 'What the caller hears of a recorded tick.';
alter function vaultbook.told(vaultbook.ticks, boolean) owner to vaultbook_ledger;

create function vaultbook.take_snapshots(p_series text, p_now timestamptz default null) returns vaultbook.taken
language plpgsql
security definer
set search_path = ''
-- Some hundred thousand vaults are sorted in memory.
set work_mem = '64MB'
as $$
declare
  moment timestamptz;
  due vaultbook.ticks;
  changed_since timestamptz;
  -- A UUID of version 7 (RFC 9562, 5.7): milliseconds, chance that is the same for the whole call, and a counter in the order of the rows.
  -- Such ids fall into one page of the primary key after the other, where those by chance fall anywhere.
  stamp text;
begin
  perform pg_advisory_xact_lock(hashtext('vaultbook.tick'), hashtext(p_series));
  moment := coalesce(p_now, clock_timestamp());
  due := vaultbook.due_tick(p_series, moment);
  if due.taken_at is not null then
    return vaultbook.told(due, false);
  end if;
  stamp := lpad(to_hex((extract(epoch from moment) * 1000)::bigint), 12, '0')
           || '7' || substr(gen_random_uuid()::text, 1, 3) || '8' || substr(gen_random_uuid()::text, 1, 6);
  select coalesce(max(t.recorded_at) - due.every, '-infinity') into changed_since from vaultbook.ticks as t where t.series = p_series;

  with vault as not materialized (
    select v.owner, v.total_balance, v.locked_balance, v.available_balance
      from public.vaults as v
     -- A closed vault that holds nothing has its last row after it changed for the last time: it would have the same one for ever.
     where v.status <> 'closed' or v.total_balance > 0 or v.updated_at >= changed_since
  ), taken as (
    insert into public.balance_snapshots (id, vault_owner, total_balance, locked_balance, available_balance, timestamp, snapshot_type)
    -- One digit more than counted, so that all have as many.
    select (stamp || to_hex(4294967296 + row_number() over (order by v.owner)))::uuid,
           v.owner, v.total_balance, v.locked_balance, v.available_balance, moment, p_series
      from vault as v
     order by v.owner
  )
  insert into vaultbook.ticks (series, tick, every, taken_at, vaults, total_balance, locked_balance, changes)
  select due.series, due.tick, due.every, moment, count(*), coalesce(sum(v.total_balance), 0), coalesce(sum(v.locked_balance), 0),
         (select sum(t.changes) from vaultbook.vault_totals as t)
    from vault as v
  returning * into due;
  return vaultbook.told(due, true);
end
$$;
comment on function vaultbook.take_snapshots(text, timestamptz) is
  'Takes a snapshot of every vault (periodic or daily_summary), all of one moment, unless one was taken in that tick already. p_now: the '
  'caller''s clock; NULL: the database''s. Repeating it is harmless.';
alter function vaultbook.take_snapshots(text, timestamptz) owner to vaultbook_ledger;

create function vaultbook.take_tvl(p_now timestamptz default null) returns vaultbook.taken
language plpgsql
security definer
set search_path = ''
as $$
declare
  moment timestamptz;
  due vaultbook.ticks;
begin
  perform pg_advisory_xact_lock(hashtext('vaultbook.tick'), hashtext('tvl'));
  moment := coalesce(p_now, clock_timestamp());
  due := vaultbook.due_tick('tvl', moment);
  if due.taken_at is not null then
    return vaultbook.told(due, false);
  end if;
  with held as (
    select sum(t.total_balance) as total, sum(t.locked_balance) as locked, sum(t.vaults) as vaults, sum(t.changes) as changes
      from vaultbook.vault_totals as t
  ), taken as (
    insert into public.tvl_snapshots (total_value_locked, active_vaults, total_locked, total_available, timestamp)
    select h.total, h.vaults, h.locked, h.total - h.locked, moment from held as h
  )
  insert into vaultbook.ticks (series, tick, every, taken_at, vaults, total_balance, locked_balance, changes)
  select due.series, due.tick, due.every, moment, h.vaults, h.total, h.locked, h.changes from held as h
  returning * into due;
  return vaultbook.told(due, true);
end
$$;
comment on function vaultbook.take_tvl(timestamptz) is
  'Takes a snapshot of the TVL, all of one moment, unless one was taken in that tick already. p_now: the caller''s clock; NULL: the '
  'database''s. Repeating it is harmless.';
alter function vaultbook.take_tvl(timestamptz) owner to vaultbook_ledger;
