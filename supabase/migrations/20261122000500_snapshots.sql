-- Snapshots: balances of a vault and of the whole protocol at a moment.

create table public.balance_snapshots (
  id uuid not null default gen_random_uuid(),
  vault_owner varchar(64) collate "C" not null,
  total_balance bigint not null,
  locked_balance bigint not null,
  available_balance bigint not null,
  timestamp timestamptz not null default now(),
  snapshot_type varchar(20) not null default 'periodic',
  constraint balance_snapshots_pkey primary key (id),
  constraint balance_snapshots_belong_to_a_vault foreign key (vault_owner) references public.vaults (owner) on delete restrict,
  constraint balance_snapshots_type_is_known check (snapshot_type in ('periodic', 'event', 'daily_summary')),
  constraint balance_snapshots_balances_are_not_negative check (
    total_balance >= 0 and locked_balance >= 0 and available_balance >= 0
  ),
  constraint balance_snapshots_total_is_locked_plus_available check (total_balance - locked_balance = available_balance)
);
create index idx_snapshots_vault_time on public.balance_snapshots (vault_owner, timestamp);
comment on index public.idx_snapshots_vault_time is 'One vault''s history.';
create index idx_snapshots_timestamp on public.balance_snapshots (timestamp);
comment on index public.idx_snapshots_timestamp is 'All vaults at a time.';

comment on table public.balance_snapshots is
  'Periodic recordings of vault balances for analytics. Snapshots are taken at regular intervals and on significant events.';
comment on column public.balance_snapshots.id is 'Unique snapshot ID';
comment on column public.balance_snapshots.vault_owner is 'Foreign key to vaults table';
comment on column public.balance_snapshots.total_balance is 'Total balance at snapshot time';
comment on column public.balance_snapshots.locked_balance is 'Locked balance at snapshot time';
comment on column public.balance_snapshots.available_balance is 'Available balance at snapshot time';
comment on column public.balance_snapshots.timestamp is 'When snapshot was taken';
comment on column public.balance_snapshots.snapshot_type is 'Type: periodic, event, daily_summary';
alter table public.balance_snapshots alter column vault_owner set statistics 0;
alter table public.balance_snapshots alter column snapshot_type set statistics 0;
alter table public.balance_snapshots alter column total_balance set statistics 0;
alter table public.balance_snapshots alter column locked_balance set statistics 0;
alter table public.balance_snapshots alter column available_balance set statistics 0;
alter table public.balance_snapshots enable row level security;
revoke all on public.balance_snapshots from public, anon, authenticated, service_role;

create table public.tvl_snapshots (
  id uuid not null default gen_random_uuid(),
  total_value_locked bigint not null,
  active_vaults bigint not null,
  total_locked bigint not null,
  total_available bigint not null,
  timestamp timestamptz not null default now(),
  constraint tvl_snapshots_pkey primary key (id),
  constraint tvl_snapshots_amounts_are_not_negative check (
    total_value_locked >= 0 and active_vaults >= 0 and total_locked >= 0 and total_available >= 0
  ),
  constraint tvl_snapshots_total_is_locked_plus_available check (total_value_locked - total_locked = total_available)
);
create index idx_tvl_timestamp on public.tvl_snapshots (timestamp);
comment on index public.idx_tvl_timestamp is 'TVL over time.';

comment on table public.tvl_snapshots is
  'Total Value Locked snapshots for protocol analytics. System-wide metrics across all vaults.';
comment on column public.tvl_snapshots.id is 'Unique snapshot ID';
comment on column public.tvl_snapshots.total_value_locked is 'Total USDT across all vaults';
comment on column public.tvl_snapshots.active_vaults is 'Number of active vaults';
comment on column public.tvl_snapshots.total_locked is 'Total locked for positions';
comment on column public.tvl_snapshots.total_available is 'Total available for withdrawal';
comment on column public.tvl_snapshots.timestamp is 'When snapshot was taken';
alter table public.tvl_snapshots enable row level security;
revoke all on public.tvl_snapshots from public, anon, authenticated, service_role;
