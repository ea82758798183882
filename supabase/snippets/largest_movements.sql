-- Largest movements of the last 24 hours.
select vaultbook.usdt(amount::bigint) as amount, transaction_type, vault_owner, counterparty, confirmed_at, signature
  from public.largest_movements;
