-- Totals: what all vaults hold together, kept beside them, so that nobody has to read every vault to know it. They move where
-- vaults move: open_vaults(), post() and refresh_status(), in the same statement.

create function vaultbook.bucket(p_address text) returns integer
language plpgsql immutable parallel safe
set search_path = ''
as $$
begin
  return hashtext(p_address) & 1023;
end
$$;
comment on function vaultbook.bucket(text) is
  'The lock that a vault''s address falls under. Few, because each lock held takes a place in a table of fixed size.';
alter function vaultbook.bucket(text) owner to vaultbook_ledger;

create function vaultbook.counts(p_status text, p_total bigint) returns boolean
language plpgsql immutable parallel safe
set search_path = ''
as $$
begin
  return p_status <> 'closed' or p_total > 0;
end
$$;
comment on function vaultbook.counts(text, bigint) is 'Whether a vault is among those that the TVL is of: a closed one only while it holds something.';
alter function vaultbook.counts(text, bigint) owner to vaultbook_ledger;

create table vaultbook.vault_totals (
  bucket integer not null,
  vaults bigint not null default 0,
  total_balance numeric not null default 0,
  locked_balance numeric not null default 0,
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
comment on column vaultbook.vault_totals.total_balance is 'Sum of the total balances, in base units; wide enough for any number of vaults: a sum must never refuse an event';
comment on column vaultbook.vault_totals.locked_balance is 'Sum of the locked balances, in base units';
comment on column vaultbook.vault_totals.changes is
  'Rises with every change: two moments with one sum of it over all buckets are one state of the vaults';
alter table vaultbook.vault_totals enable row level security;
revoke all on vaultbook.vault_totals from public, anon, authenticated, service_role;
insert into vaultbook.vault_totals (bucket) select generate_series(0, 1023);

create view vaultbook.current_tvl as
select sum(t.total_balance)::bigint as total_value_locked, sum(t.vaults)::bigint as active_vaults, sum(t.locked_balance)::bigint as total_locked
  from vaultbook.vault_totals as t;
comment on view vaultbook.current_tvl is
  'What all vaults hold now, paused ones and closed ones with a rest among them, and how many those are. Reads the totals and no vault. A '
  'view, because calling a function costs as much as reading them.';
comment on column vaultbook.current_tvl.total_value_locked is 'Sum of the total balances, in base units';
comment on column vaultbook.current_tvl.active_vaults is 'How many vaults that is';
comment on column vaultbook.current_tvl.total_locked is 'Sum of the locked balances, in base units; the rest is available';

create function vaultbook.recount_totals() returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform vaultbook.lock_vaults('{}', true);
  update vaultbook.vault_totals as t
     set vaults = coalesce(held.vaults, 0), total_balance = coalesce(held.total_balance, 0), locked_balance = coalesce(held.locked_balance, 0),
         changes = t.changes + 1
    from vaultbook.vault_totals as own
    left join (
      select vaultbook.bucket(v.vault_address) as bucket, sum(v.total_balance) as total_balance, sum(v.locked_balance) as locked_balance,
             count(*) filter (where vaultbook.counts(v.status, v.total_balance)) as vaults
        from public.vaults as v
       group by 1
    ) as held on held.bucket = own.bucket
   where t.bucket = own.bucket;
end
$$;
comment on function vaultbook.recount_totals() is
  'Makes the totals what the vaults are, with no writer beside it: for a book restored into a PostgreSQL whose hashtext() is another. Reads '
  'every vault.';
alter function vaultbook.recount_totals() owner to vaultbook_ledger;
