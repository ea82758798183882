-- Vaults with drift: the last reconciliation found another balance on the chain. The largest first.
select vault_owner, vaultbook.usdt(expected_balance::bigint) as expected, vaultbook.usdt(actual_balance::bigint) as actual,
       vaultbook.usdt(difference::bigint) as difference, status, notes, reconciled_at
  from public.drifting_vaults
 order by abs(difference::bigint) desc;
