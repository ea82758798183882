-- Totals: what all vaults hold together, kept beside them, so that nobody has to read every vault to know it.

create table vaultbook.vault_totals (
  bucket integer not null,
  vaults bigint not null default 0,
  total_balance bigint not null default 0,
  locked_balance bigint not null default 0,
  changes bigint not null default 0,
  constraint vault_totals_pkey primary key (bucket),
  constraint vault_totals_are_not_negative check (vaults >= 0 and total_balance >= 0 and locked_balance >= 0)
)
-- Changed all the time, and read whole: free space keeps each change on its page (HOT).
with (fillfactor = 40);
comment on table vaultbook.vault_totals is
  'The sums over the vaults whose addresses fall under one lock: whoever changes a vault holds that lock, so nobody waits here for anybody.';
comment on column vaultbook.vault_totals.bucket is 'As vaultbook.bucket() of the vault''s address';
comment on column vaultbook.vault_totals.vaults is 'How many count: those that are not closed, and closed ones that hold something';
comment on column vaultbook.vault_totals.total_balance is 'Sum of their total balances, in base units';
comment on column vaultbook.vault_totals.locked_balance is 'Sum of their locked balances, in base units';
comment on column vaultbook.vault_totals.changes is
  'Rises with every change: two moments with one sum of it over all buckets are one state of the vaults';
alter table vaultbook.vault_totals enable row level security;
revoke all on vaultbook.vault_totals from public, anon, authenticated, service_role;
insert into vaultbook.vault_totals (bucket) select generate_series(0, 1023);

-- By triggers of the statement and not in the functions that change vaults: there are three of them, and a sum that the next one
-- forgets is worth nothing.
create function vaultbook.tg_total_new_vaults() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  update vaultbook.vault_totals as t
     set vaults = t.vaults + d.vaults,
         total_balance = t.total_balance + d.total_balance,
         locked_balance = t.locked_balance + d.locked_balance,
         changes = t.changes + 1
    from (
      select vaultbook.bucket(v.vault_address) as bucket, sum(v.total_balance) as total_balance, sum(v.locked_balance) as locked_balance,
             count(*) filter (where v.status <> 'closed' or v.total_balance > 0) as vaults
        from new_rows as v
       group by 1
    ) as d
   where t.bucket = d.bucket;
  return null;
end
$$;
comment on function vaultbook.tg_total_new_vaults() is 'Adds new vaults to the totals.';
alter function vaultbook.tg_total_new_vaults() owner to vaultbook_ledger;

create function vaultbook.tg_total_changed_vaults() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  update vaultbook.vault_totals as t
     set vaults = t.vaults + d.vaults,
         total_balance = t.total_balance + d.total_balance,
         locked_balance = t.locked_balance + d.locked_balance,
         changes = t.changes + 1
    from (
      select vaultbook.bucket(v.vault_address) as bucket,
             sum(v.sign * v.total_balance) as total_balance, sum(v.sign * v.locked_balance) as locked_balance,
             coalesce(sum(v.sign) filter (where v.status <> 'closed' or v.total_balance > 0), 0) as vaults
        from (
          select o.vault_address, o.total_balance, o.locked_balance, o.status, -1 as sign from old_rows as o
          union all
          select n.vault_address, n.total_balance, n.locked_balance, n.status, 1 from new_rows as n
        ) as v
       group by 1
    ) as d
   where t.bucket = d.bucket;
  return null;
end
$$;
comment on function vaultbook.tg_total_changed_vaults() is 'Follows changed vaults in the totals.';
alter function vaultbook.tg_total_changed_vaults() owner to vaultbook_ledger;

create trigger vaults_total_new after insert on public.vaults
  referencing new table as new_rows
  for each statement execute function vaultbook.tg_total_new_vaults();
comment on trigger vaults_total_new on public.vaults is 'Keeps vaultbook.vault_totals.';
create trigger vaults_total_changed after update on public.vaults
  referencing old table as old_rows new table as new_rows
  for each statement execute function vaultbook.tg_total_changed_vaults();
comment on trigger vaults_total_changed on public.vaults is 'Keeps vaultbook.vault_totals.';

create function vaultbook.current_tvl()
returns table (total_value_locked bigint, active_vaults bigint, total_locked bigint, total_available bigint)
language sql stable
security definer
set search_path = ''
as $$
  select sum(t.total_balance)::bigint, sum(t.vaults)::bigint, sum(t.locked_balance)::bigint,
         (sum(t.total_balance) - sum(t.locked_balance))::bigint
    from vaultbook.vault_totals as t
$$;
comment on function vaultbook.current_tvl() is
  'What all vaults hold now, paused ones and closed ones with a rest among them, and how many those are. Base units. Reads the totals and no '
  'vault.';
alter function vaultbook.current_tvl() owner to vaultbook_ledger;
