-- Retention: old snapshots are thinned, from every tick to one an hour to one a day. The ledger and the inbox are never.

create table public.retention_rules (
  series varchar(20) not null,
  raw_for interval not null,
  hourly_for interval not null,
  daily_for interval,
  constraint retention_rules_pkey primary key (series),
  constraint retention_rules_series_is_known check (series in ('vaults', 'tvl')),
  constraint retention_rules_keep_longer_what_is_rarer check (
    raw_for >= interval '1 hour' and hourly_for >= raw_for and hourly_for >= interval '1 day' and daily_for >= hourly_for
  )
);
comment on table public.retention_rules is
  'How long snapshots are kept: all of them, then the last of each hour, then one of each day. Edited in Studio, effective at the next run; '
  'what was thinned does not come back.';
comment on column public.retention_rules.series is 'vaults: balance_snapshots; tvl: tvl_snapshots';
comment on column public.retention_rules.raw_for is 'Age up to which every snapshot is kept';
comment on column public.retention_rules.hourly_for is 'Age up to which the last of each hour is kept';
comment on column public.retention_rules.daily_for is
  'Age up to which one of each day (UTC) is kept, the daily summary where there is one, else the last; NULL: for ever';
alter table public.retention_rules enable row level security;
revoke all on public.retention_rules from public, anon, authenticated, service_role;

insert into public.retention_rules (series, raw_for, hourly_for, daily_for) values
  ('vaults', '7 days', '90 days', null),
  ('tvl', '90 days', '2 years', null);

create table vaultbook.thinned (
  series varchar(20) not null,
  level varchar(20) not null,
  up_to timestamptz not null default '-infinity',
  after_owner varchar(64) collate "C" not null default '',
  constraint thinned_pkey primary key (series, level),
  constraint thinned_series_is_known check (series in ('vaults', 'tvl')),
  constraint thinned_level_is_known check (level in ('hourly', 'daily', 'gone'))
);
comment on table vaultbook.thinned is 'How far the thinning of snapshots has come; it goes on from here, whatever ended it.';
comment on column vaultbook.thinned.series is 'As in retention_rules';
comment on column vaultbook.thinned.level is 'hourly: one an hour is left; daily: one a day; gone: none';
comment on column vaultbook.thinned.up_to is 'Everything before is thinned to that level';
comment on column vaultbook.thinned.after_owner is 'And in the hour or day from there on the vaults up to this owner';
alter table vaultbook.thinned enable row level security;
revoke all on vaultbook.thinned from public, anon, authenticated, service_role;
insert into vaultbook.thinned (series, level)
select series, level from (values ('vaults'), ('tvl')) as s (series) cross join (values ('hourly'), ('daily'), ('gone')) as l (level);

create type vaultbook.thinning as (
  series text,
  level text,
  width interval,
  since timestamptz,
  up_to timestamptz,
  after_owner text
);
comment on type vaultbook.thinning is 'What has to be thinned to a level: from where, and up to where, in hours or days of this width.';

create function vaultbook.next_thinning(p_now timestamptz) returns vaultbook.thinning
language sql stable
set search_path = ''
as $$
  with due as (
    select r.series, l.level, l.place, l.width,
           date_bin(l.width, p_now - l.age, timestamptz '2000-01-01 00:00:00+00') as up_to
      from public.retention_rules as r
     cross join lateral (
       values (1, 'gone', r.daily_for, interval '1 day'), (2, 'daily', r.hourly_for, interval '1 day'), (3, 'hourly', r.raw_for, interval '1 hour')
     ) as l (place, level, age, width)
     where l.age is not null
  )
  -- What a coarser level was thinned to needs no finer one.
  select row (d.series, d.level, d.width, greatest(t.up_to, coarser.up_to), d.up_to,
              case when coarser.up_to > t.up_to then '' else t.after_owner end)::vaultbook.thinning
    from due as d
    join vaultbook.thinned as t on t.series = d.series and t.level = d.level
   cross join lateral (
     select max(k.up_to) as up_to
       from due as c
       join vaultbook.thinned as k on k.series = c.series and k.level = c.level
      where c.series = d.series and c.place < d.place
   ) as coarser
   where t.up_to < d.up_to
   order by d.series, d.place
   limit 1
$$;
comment on function vaultbook.next_thinning(timestamptz) is 'What the rules want thinned next; NULL where nothing is.';
alter function vaultbook.next_thinning(timestamptz) owner to vaultbook_ledger;

create function vaultbook.thin_vaults(p_since timestamptz, p_until timestamptz, p_level text, p_owners text[]) returns bigint
language plpgsql
set search_path = ''
as $$
declare
  removed bigint;
begin
  delete from public.balance_snapshots as s
   using (
     select own.id,
            row_number() over (
              partition by own.vault_owner, p_level = 'hourly' and own.snapshot_type = 'daily_summary'
              order by own.snapshot_type = 'daily_summary' desc, own.timestamp desc, own.id desc
            ) as place
       from unnest(p_owners) as o (owner)
      cross join lateral (
        select b.* from public.balance_snapshots as b
         where b.vault_owner = o.owner and b.timestamp >= p_since and b.timestamp < p_until
        offset 0 -- Vault by vault, by the index.
      ) as own
   ) as ranked
   where s.id = ranked.id
     and (p_level = 'gone' or ranked.place > 1);
  get diagnostics removed = row_count;
  return removed;
end
$$;
comment on function vaultbook.thin_vaults(timestamptz, timestamptz, text, text[]) is
  'Leaves one snapshot of each of these vaults in this time: the daily summary where there is one, else the last; of level gone none. '
  'Beside the last of an hour a daily summary stays too.';
alter function vaultbook.thin_vaults(timestamptz, timestamptz, text, text[]) owner to vaultbook_ledger;

create function vaultbook.thin_tvl(p_since timestamptz, p_until timestamptz, p_level text) returns bigint
language plpgsql
set search_path = ''
as $$
declare
  removed bigint;
begin
  delete from public.tvl_snapshots as s
   where s.timestamp >= p_since and s.timestamp < p_until
     and (
       p_level = 'gone'
       or exists (
         select from public.tvl_snapshots as later
          where later.timestamp < p_until and (later.timestamp, later.id) > (s.timestamp, s.id)
       )
     );
  get diagnostics removed = row_count;
  return removed;
end
$$;
comment on function vaultbook.thin_tvl(timestamptz, timestamptz, text) is 'Leaves the last snapshot of the TVL in this time; of level gone none.';
alter function vaultbook.thin_tvl(timestamptz, timestamptz, text) owner to vaultbook_ledger;

create function vaultbook.retain(p_now timestamptz default null)
returns table (series text, removed bigint, is_complete boolean)
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- Vaults of one batch: some ten thousand rows, a few tenths of a second.
  batch constant integer := 1000;
  moment timestamptz := coalesce(p_now, clock_timestamp());
  due vaultbook.thinning;
  since timestamptz;
  owners text[];
begin
  perform pg_advisory_xact_lock(hashtext('vaultbook.retain'));
  due := vaultbook.next_thinning(moment);
  series := due.series;
  removed := 0;
  if due.series = 'vaults' then
    select min(s.timestamp) into since from public.balance_snapshots as s where s.timestamp >= due.since and s.timestamp < due.up_to;
  elsif due.series = 'tvl' then
    select min(s.timestamp) into since from public.tvl_snapshots as s where s.timestamp >= due.since and s.timestamp < due.up_to;
  end if;
  -- Nothing lies there any more: on to the end.
  since := date_bin(due.width, since, timestamptz '2000-01-01 00:00:00+00');
  if since is null then
    update vaultbook.thinned as t set up_to = due.up_to, after_owner = '' where t.series = due.series and t.level = due.level;
  elsif due.series = 'tvl' then
    removed := vaultbook.thin_tvl(since, since + due.width, due.level);
    update vaultbook.thinned as t set up_to = since + due.width where t.series = due.series and t.level = due.level;
  else
    owners := array(
      select v.owner from public.vaults as v
       where v.owner > case when since = due.since then due.after_owner else '' end
       order by v.owner
       limit batch
    );
    removed := vaultbook.thin_vaults(since, since + due.width, due.level, owners);
    update vaultbook.thinned as t
       set up_to = case when cardinality(owners) < batch then since + due.width else since end,
           after_owner = case when cardinality(owners) < batch then '' else owners[batch] end
     where t.series = due.series and t.level = due.level;
  end if;
  is_complete := vaultbook.next_thinning(moment) is null;
  return next;
end
$$;
comment on function vaultbook.retain(timestamptz) is
  'Thins old snapshots by one batch, as public.retention_rules say. series: of what; removed: rows; is_complete: nothing is left to do at '
  'this moment. p_now: the caller''s clock; NULL: the database''s.';
alter function vaultbook.retain(timestamptz) owner to vaultbook_ledger;
