-- Views for clients: exact amounts, same rows, same policies.
begin;
set local role postgres;
select plan(8);

select has_view('public', name, format('%s is there', name))
  from unnest('{vault_balances, vault_ledger, tvl_history}'::name[]) as name;
select is_empty(
    $$select a.attrelid::regclass, a.attname
        from pg_catalog.pg_attribute as a
       where a.attrelid in ('public.vault_balances'::regclass, 'public.vault_ledger'::regclass, 'public.tvl_history'::regclass)
         and a.attnum > 0 and a.atttypid in ('bigint'::regtype, 'numeric'::regtype)
         and a.attname not in ('active_vaults', 'slot')$$,
    'No amount leaves as a number'
  );
select is_empty(
    $$select c.relname from pg_catalog.pg_class as c
       where c.oid in ('public.vault_balances'::regclass, 'public.vault_ledger'::regclass, 'public.tvl_history'::regclass)
         and not c.reloptions @> '{security_invoker=true}'$$,
    'Each shows the caller what the caller may see'
  );

set local role vaultbook_ledger;
insert into public.vaults (owner, vault_address, token_account, total_balance, locked_balance, available_balance, total_deposited)
values (repeat('A', 43), repeat('B', 43), repeat('C', 43), 9223372036854775807, 1, 9223372036854775806, 9223372036854775807);
insert into public.transactions (vault_owner, transaction_type, amount, balance_before, balance_after)
values (repeat('A', 43), 'deposit', 9223372036854775807, 9223372036854775807, 9223372036854775807);
set local role service_role;
insert into public.tvl_snapshots (total_value_locked, active_vaults, total_locked, total_available)
values (9223372036854775807, 1, 1, 9223372036854775806);
select results_eq(
    $$select total_balance, locked_balance, available_balance, total_deposited, total_withdrawn from public.vault_balances$$,
    $$values ('9223372036854775807', '1', '9223372036854775806', '9223372036854775807', '0')$$,
    'vault_balances is exact'
  );
select results_eq(
    $$select amount, balance_before, balance_after from public.vault_ledger$$,
    $$values ('9223372036854775807', '9223372036854775807', '9223372036854775807')$$,
    'vault_ledger is exact'
  );
select results_eq(
    $$select total_value_locked, active_vaults, total_locked, total_available from public.tvl_history$$,
    $$values ('9223372036854775807', 1::bigint, '1', '9223372036854775806')$$,
    'tvl_history is exact'
  );

select * from finish();
rollback;
