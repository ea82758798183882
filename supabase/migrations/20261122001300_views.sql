-- Views for clients: the same rows as the tables, under the same policies, with amounts as text, because a JavaScript client
-- rounds JSON numbers above 2^53.

create view public.vault_balances with (security_invoker = true) as
select v.owner, v.vault_address, v.token_account, v.status,
       v.total_balance::text as total_balance, v.locked_balance::text as locked_balance,
       v.available_balance::text as available_balance, v.total_deposited::text as total_deposited,
       v.total_withdrawn::text as total_withdrawn, v.created_at, v.updated_at
  from public.vaults as v;
comment on view public.vault_balances is 'Vaults with amounts as decimal text, in base units (1 USDT = 1,000,000).';

create view public.vault_ledger with (security_invoker = true) as
select t.id, t.vault_owner, t.transaction_type, t.amount::text as amount, t.signature, t.status,
       t.balance_before::text as balance_before, t.balance_after::text as balance_after, t.counterparty, t.note,
       t.created_at, t.updated_at, t.confirmed_at, t.slot, t.transaction_index, t.event_index, t.finalized_at,
       t.submitted_signature, t.expires_at, t.rolled_back_at
  from public.transactions as t;
comment on view public.vault_ledger is 'Transactions with amounts as decimal text, in base units (1 USDT = 1,000,000).';

create view public.tvl_history with (security_invoker = true) as
select s.id, s.total_value_locked::text as total_value_locked, s.active_vaults, s.total_locked::text as total_locked,
       s.total_available::text as total_available, s.timestamp
  from public.tvl_snapshots as s;
comment on view public.tvl_history is 'TVL snapshots with amounts as decimal text, in base units (1 USDT = 1,000,000).';

do $$
declare
  own record;
begin
  -- A column of these views says what its table's column says.
  for own in
    select c.relname, a.attname, coalesce(d.description, '') as description
      from pg_catalog.pg_class as c
      join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0
      join pg_catalog.pg_class as source
        on source.oid = case c.relname
                          when 'vault_balances' then 'public.vaults'::regclass
                          when 'vault_ledger' then 'public.transactions'::regclass
                          else 'public.tvl_snapshots'::regclass
                        end
      join pg_catalog.pg_attribute as b on b.attrelid = source.oid and b.attname = a.attname
      left join pg_catalog.pg_description as d on d.objoid = source.oid and d.objsubid = b.attnum
     where c.oid in ('public.vault_balances'::regclass, 'public.vault_ledger'::regclass, 'public.tvl_history'::regclass)
  loop
    execute format('comment on column public.%I.%I is %L', own.relname, own.attname, own.description);
  end loop;
end
$$;

revoke all on public.vault_balances, public.vault_ledger, public.tvl_history from public, anon, authenticated, service_role;
grant select on public.vault_balances, public.vault_ledger, public.tvl_history to authenticated, service_role;
grant select on public.tvl_history to anon;
