-- Invariants of snapshots: what must always be true of them and of the totals. As in the next chapters: a view of what breaks it.

create view vaultbook.breaks_i10 as
select 'tvl ' || s.timestamp as subject,
       format('%s in total, %s locked and %s available, in %s vaults', s.total_value_locked, s.total_locked, s.total_available, s.active_vaults)
         as detail
  from public.tvl_snapshots as s
 where s.total_value_locked::numeric <> s.total_locked::numeric + s.total_available
    or (s.active_vaults = 0 and s.total_value_locked > 0)
    or least(s.total_value_locked, s.total_locked, s.total_available, s.active_vaults) < 0
union all
select 'vault ' || s.vault_owner, format('snapshot %s: %s is not %s locked and %s available', s.id, s.total_balance, s.locked_balance, s.available_balance)
  from public.balance_snapshots as s
 where s.total_balance::numeric <> s.locked_balance::numeric + s.available_balance
    or least(s.total_balance, s.locked_balance, s.available_balance) < 0
union all
select 'bucket ' || coalesce(t.bucket, held.bucket),
       format('%s vaults with %s (%s locked), kept are %s with %s (%s locked)',
              held.vaults, held.total, held.locked, t.vaults, t.total_balance, t.locked_balance)
  from vaultbook.vault_totals as t
  full join (
    select vaultbook.bucket(v.vault_address) as bucket, sum(v.total_balance) as total, sum(v.locked_balance) as locked,
           count(*) filter (where vaultbook.counts(v.status, v.total_balance)) as vaults
      from public.vaults as v
     group by 1
  ) as held on held.bucket = t.bucket
 where (t.vaults, t.total_balance, t.locked_balance)
       is distinct from (coalesce(held.vaults, 0), coalesce(held.total, 0), coalesce(held.locked, 0))
union all
-- Two moments with one count of changes are one state, so their sums are one: that of all vaults read, and that of the totals.
select 'tvl ' || tvl.taken_at,
       format('%s (%s locked) in %s vaults, where the snapshots of them all say %s (%s locked) in %s',
              tvl.total_balance, tvl.locked_balance, tvl.vaults, own.total_balance, own.locked_balance, own.vaults)
  from vaultbook.ticks as tvl
  join vaultbook.ticks as own on own.series = 'periodic' and own.changes = tvl.changes
 where tvl.series = 'tvl'
   and (tvl.total_balance, tvl.locked_balance) <> (own.total_balance, own.locked_balance)
union all
select 'tick ' || t.series || ' ' || t.tick,
       format('%s rows with %s (%s locked), on record are %s with %s (%s locked)',
              held.rows, held.total, held.locked, t.vaults, t.total_balance, t.locked_balance)
  from vaultbook.ticks as t
  left join (
    select s.snapshot_type::text as series, s.timestamp, count(*) as rows, count(distinct s.vault_owner) as vaults,
           sum(s.total_balance) as total, sum(s.locked_balance) as locked
      from public.balance_snapshots as s
     group by 1, 2
    union all
    select 'tvl', s.timestamp, sum(s.active_vaults), sum(s.active_vaults), sum(s.total_value_locked), sum(s.total_locked)
      from public.tvl_snapshots as s
     group by 2
  ) as held on held.series = t.series and held.timestamp = t.taken_at
 where (t.vaults, t.vaults, t.total_balance, t.locked_balance)
       is distinct from (coalesce(held.rows, 0), coalesce(held.vaults, 0), coalesce(held.total, 0), coalesce(held.locked, 0))
   -- Of what was thinned on purpose nobody can say more.
   and t.taken_at >= all (
     select k.up_to + interval '1 day' from vaultbook.thinned as k where k.series = case t.series when 'tvl' then 'tvl' else 'vaults' end
   )
union all
select 'tick ' || t.series || ' ' || t.tick, format('its snapshot of %s lies outside', t.taken_at)
  from vaultbook.ticks as t
 where t.taken_at < t.tick or t.taken_at >= t.tick + t.every;
comment on view vaultbook.breaks_i10 is
  'I10: a TVL snapshot is the sum over the vaults at its time and says of how many; each tick on record has its snapshots, one of each vault.';
