-- Access: who sees which rows, who writes, and whose wallet the access token names.
begin;
set local role postgres;
select plan(224);

-- Two owners with one row of everything, and rows of nobody.
set local role vaultbook_ledger;
insert into public.vaults (owner, vault_address, token_account)
select owner, 'V' || owner, repeat('C', 43) from unnest(array[repeat('A', 43), repeat('B', 43)]) as owner;
insert into public.transactions (vault_owner, transaction_type, amount, balance_before, balance_after)
select owner, 'deposit', 5, 0, 0 from public.vaults;
insert into public.balance_snapshots (vault_owner, total_balance, locked_balance, available_balance)
select owner, 0, 0, 0 from public.vaults;
insert into public.alerts (severity, alert_type, message, vault_owner, subject)
select 'info', 'large_tx', 'Large', owner, owner from public.vaults;
insert into public.alerts (severity, alert_type, message) values ('critical', 'ingest_stalled', 'Silence');
insert into public.job_runs (job, status, finished_at) values ('tvl', 'done', clock_timestamp());
set local role postgres;
insert into public.tvl_snapshots (total_value_locked, active_vaults, total_locked, total_available) values (0, 2, 0, 0);
alter table public.reconciliation_logs disable trigger reconciliation_logs_append_only;
insert into public.reconciliation_logs (vault_owner, expected_balance, actual_balance, difference)
values (repeat('A', 43), 0, 0, 0), (repeat('B', 43), 0, 0, 0), (null, 0, 0, 0);
alter table public.reconciliation_logs enable always trigger reconciliation_logs_append_only;

create temporary table owned as
select * from (values
  ('public.vaults', 'owner', false),
  ('public.vault_balances', 'owner', false),
  ('public.transactions', 'vault_owner', false),
  ('public.vault_ledger', 'vault_owner', false),
  ('public.balance_snapshots', 'vault_owner', false),
  ('public.reconciliation_logs', 'vault_owner', true),
  ('public.alerts', 'vault_owner', true)
) as relation (name, owner_column, has_rows_of_nobody);
create temporary table for_operators as
select unnest(array['public.alert_rules', 'public.snapshot_rules', 'public.retention_rules', 'public.job_runs', 'public.job_schedules', 'public.rate_limits']) as name;
create temporary table hidden as
select unnest(array['vaultbook.deliveries', 'vaultbook.inbox', 'vaultbook.status_changes', 'vaultbook.landings', 'vaultbook.lost_landings', 'vaultbook.compensations',
                    'vaultbook.scans', 'vaultbook.watermarks', 'vaultbook.sightings', 'vaultbook.doubts', 'vaultbook.wanted_vaults', 'vaultbook.movements', 'vaultbook.events',
                    'vaultbook.legs', 'vaultbook.thread', 'auth.users', 'auth.identities', 'supabase_migrations.schema_migrations'])
  as name;
create temporary table written as
select relation.name, statement.verb, format(statement.form, relation.name, relation.some_column) as sql
  from (values
    ('public.vaults', 'status'),
    ('public.transactions', 'note'),
    ('public.balance_snapshots', 'timestamp'),
    ('public.reconciliation_logs', 'notes'),
    ('public.tvl_snapshots', 'timestamp'),
    ('public.alerts', 'acknowledged'),
    ('public.vault_balances', 'status'),
    ('public.vault_ledger', 'note'),
    ('public.tvl_history', 'timestamp')
  ) as relation (name, some_column)
 cross join (values
    ('insert into', 'insert into %s default values'),
    ('update', 'update %1$s set %2$I = %2$I'),
    ('delete from', 'delete from %s')
  ) as statement (verb, form);
grant select on owned, for_operators, hidden, written to public;
create function pg_temp.sees(claims text, relation text) returns boolean
language plpgsql
as $$
declare
  any_row boolean;
begin
  perform set_config('request.jwt.claims', claims, true);
  execute format('select exists (select from %s)', relation) into any_row;
  return any_row;
end
$$;
grant execute on function pg_temp.sees(text, text) to public;

select is_empty(
    $$select c.oid::regclass from pg_catalog.pg_class as c
       where c.relnamespace in ('public'::regnamespace, 'vaultbook'::regnamespace) and c.relkind = 'r' and not c.relrowsecurity$$,
    'Every table has row security'
  );

-- anon
set local role anon;
set local request.jwt.claims = '{"role": "anon"}';
select throws_ok('select from ' || name, '42501', null, format('anon does not see %s', name))
  from (select name from owned union all select name from hidden union all select name from for_operators) as everything (name);
select isnt_empty('select from public.tvl_snapshots', 'anon sees the TVL');
select isnt_empty('select from public.tvl_history', 'anon sees the history of the TVL');
select throws_ok(sql, '42501', null, format('anon cannot %s %s', verb, name)) from written;

-- An owner
set local role authenticated;
select set_config('request.jwt.claims', jsonb_build_object('role', 'authenticated', 'wallet_address', repeat('A', 43))::text, true);
select results_eq(
    format('select %s::text collate "default" from %s', owner_column, name), array[repeat('A', 43)],
    format('An owner sees the own rows of %s alone', name)
  )
  from owned;
select is_empty('select from ' || name, format('An owner sees nothing of %s', name)) from for_operators;
select isnt_empty('select from public.tvl_snapshots', 'An owner sees the TVL');
select throws_ok('select * from ' || name, '42501', null, format('An owner does not see all of %s', name)) from hidden;
select throws_ok(sql, '42501', null, format('An owner cannot %s %s', verb, name)) from written;
select is_empty('update public.alert_rules set enabled = false returning 1', 'An owner changes no rule');

-- Somebody who only says so. user_metadata is written by users themselves.
create temporary table nobody as
select claims::text from unnest(array[
  '{"role": "authenticated"}',
  '{"role": "authenticated", "wallet_address": null}',
  '{"role": "authenticated", "wallet_address": ""}',
  '{"role": "authenticated", "user_metadata": {"wallet_address": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}',
  '{"role": "authenticated", "user_metadata": {"role": "ops", "app_metadata": {"role": "ops"}}}',
  '{"role": "authenticated", "user_role": "ops", "app_metadata": {"roles": ["ops"]}}'
]::jsonb[]) as claims;
select is_empty(
    format('select claims from nobody where pg_temp.sees(claims, %L)', name),
    format('Nobody without a wallet sees a row of %s', name)
  )
  from (select name from owned union all select name from for_operators) as everything (name);

-- An operator
set local request.jwt.claims = '{"role": "authenticated", "app_metadata": {"role": "ops"}}';
select results_eq(
    format('select %s::text collate "default" from %s order by 1 nulls last', owner_column, name),
    array[repeat('A', 43), repeat('B', 43)] || case when has_rows_of_nobody then array[null] else '{}' end,
    format('An operator sees all rows of %s', name)
  )
  from owned;
select throws_ok('select * from ' || name, '42501', null, format('An operator does not see all of %s', name)) from hidden;
select throws_ok(sql, '42501', null, format('An operator cannot %s %s', verb, name)) from written;
select isnt_empty('select from ' || name, format('An operator sees %s', name)) from for_operators;
select results_eq(
    $$update public.alert_rules set threshold = 1, severity = 'critical', enabled = false, cooldown = '1 hour'
       where alert_type = 'low_balance' returning 1$$,
    array[1],
    'An operator changes a rule'
  );
select throws_ok(
    $$update public.alert_rules set alert_type = 'other'$$, '42501', null, 'But not which type it is for'
  );
select throws_ok('delete from public.alert_rules', '42501', null, 'An operator deletes no rule');

-- The service
set local role service_role;
set local request.jwt.claims = '{"role": "service_role"}';
select results_eq(
    format('select %s::text collate "default" from %s order by 1 nulls last', owner_column, name),
    array[repeat('A', 43), repeat('B', 43)] || case when has_rows_of_nobody then array[null] else '{}' end,
    format('The service sees all rows of %s', name)
  )
  from owned;
select throws_ok(sql, '42501', null, format('The service cannot %s %s', verb, name))
  from written
 where name in ('public.vaults', 'public.transactions', 'public.reconciliation_logs') or verb = 'delete from';

-- The access-token hook
set local role postgres;
insert into auth.users (id, aud, role) select id::uuid, 'authenticated', 'authenticated' from unnest(array[
  '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000003'
]) as id;
insert into auth.identities (user_id, provider, provider_id, identity_data, created_at)
select user_id::uuid, provider, provider_id, '{}', created_at::timestamptz
  from (values
    ('00000000-0000-4000-8000-000000000001', 'web3', 'web3:solana:' || repeat('L', 43), '2026-02-01'),
    ('00000000-0000-4000-8000-000000000001', 'web3', 'web3:solana:' || repeat('F', 43), '2026-01-01'),
    ('00000000-0000-4000-8000-000000000002', 'web3', 'web3:ethereum:0x00', '2026-01-01'),
    ('00000000-0000-4000-8000-000000000002', 'custom', 'web3:solana:' || repeat('X', 43), '2026-01-01')
  ) as identity (user_id, provider, provider_id, created_at);

select function_privs_are('vaultbook', 'custom_access_token_hook', '{jsonb}', role, privileges,
                          format('%s has %s on the hook', role, privileges))
  from (values
    ('anon'::name, '{}'::name[]), ('authenticated', '{}'), ('service_role', '{}'), ('supabase_auth_admin', '{EXECUTE}')
  ) as holder (role, privileges);
set local role supabase_auth_admin;
prepare token (uuid, jsonb) as
select vaultbook.custom_access_token_hook(jsonb_build_object('user_id', $1, 'claims', $2, 'authentication_method', 'web3'));
select results_eq(
    $$execute token('00000000-0000-4000-8000-000000000001', '{"role": "authenticated"}')$$,
    $$select jsonb_build_object('user_id', '00000000-0000-4000-8000-000000000001', 'authentication_method', 'web3',
                                'claims', jsonb_build_object('role', 'authenticated', 'wallet_address', repeat('F', 43)))$$,
    'The token names the wallet that was linked first, and is otherwise as it was'
  );
select results_eq(
    format('execute token(%L, %L)', user_id, '{"role": "authenticated", "wallet_address": "claimed"}'),
    format('select jsonb_build_object(''user_id'', %L, ''authentication_method'', ''web3'', ''claims'', %L::jsonb)',
           user_id, '{"role": "authenticated"}'),
    description
  )
  from (values
    ('00000000-0000-4000-8000-000000000002', 'Neither a wallet of another chain nor another provider''s word is a wallet'),
    ('00000000-0000-4000-8000-000000000003', 'A wallet that nobody proved is taken out of the token')
  ) as walletless (user_id, description);

select * from finish();
rollback;
