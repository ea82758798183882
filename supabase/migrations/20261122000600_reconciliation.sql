-- Reconciliation: what the database expected, what the chain held.

create table public.reconciliation_logs (
  id uuid not null default gen_random_uuid(),
  vault_owner varchar(64) collate "C",
  expected_balance bigint not null,
  actual_balance bigint not null,
  difference bigint not null,
  auto_fixed boolean not null default false,
  notes text,
  created_at timestamptz not null default now(),
  constraint reconciliation_logs_pkey primary key (id),
  constraint reconciliation_logs_belong_to_a_vault foreign key (vault_owner) references public.vaults (owner) on delete restrict,
  constraint reconciliation_logs_balances_are_not_negative check (expected_balance >= 0 and actual_balance >= 0),
  constraint reconciliation_logs_difference_is_actual_minus_expected check (difference = actual_balance - expected_balance)
);
create index idx_reconciliation_difference on public.reconciliation_logs (difference);
comment on index public.idx_reconciliation_difference is 'The runs that found a difference.';
-- The second column says the same again for the policy, which asks for it: so of another owner's rows not one is read.
create index idx_reconciliation_vault on public.reconciliation_logs (vault_owner, coalesce(vault_owner, '~'), created_at);
comment on index public.idx_reconciliation_vault is 'One vault''s reconciliations, and the last of them.';
create index reconciliation_logs_visible_idx on public.reconciliation_logs (coalesce(vault_owner, '~'), created_at);
comment on index public.reconciliation_logs_visible_idx is 'What row level security filters by; ~ stands for the whole system.';
-- As for the columns below.
alter index public.idx_reconciliation_vault alter column 2 set statistics 0;
alter index public.reconciliation_logs_visible_idx alter column 1 set statistics 0;

comment on table public.reconciliation_logs is
  'Records of balance reconciliation between on-chain and database. Used for auditing and detecting discrepancies.';
comment on column public.reconciliation_logs.id is 'Unique log ID';
comment on column public.reconciliation_logs.vault_owner is 'Foreign key to vaults (NULL for system-wide reconciliation)';
comment on column public.reconciliation_logs.expected_balance is 'Balance we expected from database';
comment on column public.reconciliation_logs.actual_balance is 'Balance found on-chain';
comment on column public.reconciliation_logs.difference is 'Difference (actual - expected)';
comment on column public.reconciliation_logs.auto_fixed is 'Whether discrepancy was auto-fixed';
comment on column public.reconciliation_logs.notes is 'Notes about the reconciliation';
comment on column public.reconciliation_logs.created_at is 'When reconciliation was performed';
alter table public.reconciliation_logs alter column vault_owner set statistics 0;
alter table public.reconciliation_logs alter column expected_balance set statistics 0;
alter table public.reconciliation_logs alter column actual_balance set statistics 0;
alter table public.reconciliation_logs alter column difference set statistics 0;
alter table public.reconciliation_logs alter column auto_fixed set statistics 0;
alter table public.reconciliation_logs alter column notes set statistics 0;
alter table public.reconciliation_logs enable row level security;
revoke all on public.reconciliation_logs from public, anon, authenticated, service_role;

create trigger reconciliation_logs_append_only before insert or update or delete or truncate on public.reconciliation_logs
  for each statement execute function vaultbook.tg_append_only();
alter table public.reconciliation_logs enable always trigger reconciliation_logs_append_only;
comment on trigger reconciliation_logs_append_only on public.reconciliation_logs is 'Invariant I15: findings stay.';
