-- Vaults: the user's design to the letter, and what its constraints refuse.
begin;
set local role postgres;
select plan(27);

select results_eq(
    $$select a.attname::text collate "default", format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid) collate "default"
        from pg_catalog.pg_attribute as a
        left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
       where a.attrelid = 'public.vaults'::regclass and a.attnum > 0
       order by a.attnum$$,
    $$values
      ('owner', 'character varying(64)', true, null),
      ('vault_address', 'character varying(64)', true, null),
      ('token_account', 'character varying(64)', true, null),
      ('total_balance', 'bigint', true, '0'),
      ('locked_balance', 'bigint', true, '0'),
      ('available_balance', 'bigint', true, '0'),
      ('total_deposited', 'bigint', true, '0'),
      ('total_withdrawn', 'bigint', true, '0'),
      ('created_at', 'timestamp with time zone', true, 'now()'),
      ('updated_at', 'timestamp with time zone', true, 'now()'),
      ('status', 'character varying(20)', true, '''active''::character varying')$$,
    'vaults has the design''s columns: names, types, not null, defaults, order'
  );
select col_is_pk('public', 'vaults', 'owner', 'A vault is known by its owner');
select has_index('public', 'vaults', 'idx_vaults_status', '{status}'::name[], 'idx_vaults_status(status)');
select has_index('public', 'vaults', 'idx_vaults_updated_at', '{updated_at}'::name[], 'idx_vaults_updated_at(updated_at)');
select is(
    obj_description('public.vaults'::regclass, 'pg_class'),
    'Primary table storing cached vault data from blockchain. All balances in smallest units (1 USDT = 1,000,000).',
    'The table carries the design''s note'
  );
select is_empty(
    $$select note.column_name
        from (values
          ('owner', 'User wallet public key (base58), Primary Key'),
          ('vault_address', 'Vault PDA address on Solana'),
          ('token_account', 'Associated token account for USDT'),
          ('total_balance', 'Total USDT balance in smallest units (6 decimals)'),
          ('locked_balance', 'Balance locked for trading positions'),
          ('available_balance', 'Balance available for withdrawal'),
          ('total_deposited', 'Lifetime total deposits'),
          ('total_withdrawn', 'Lifetime total withdrawals'),
          ('created_at', 'When vault was created on-chain'),
          ('updated_at', 'Last database update timestamp'),
          ('status', 'Vault status: active, paused, closed')
        ) as note (column_name, words)
        join pg_catalog.pg_attribute as a on a.attrelid = 'public.vaults'::regclass and a.attname = note.column_name
       where not coalesce(starts_with(col_description(a.attrelid, a.attnum), note.words), false)$$,
    'Every column carries the design''s note'
  );
select is_empty(
    $$select attname from pg_catalog.pg_attribute
       where attrelid = 'public.vaults'::regclass and attname in ('owner', 'status') and attstattarget is distinct from 0$$,
    'Planner statistics tell nobody another vault''s owner or status'
  );

-- What the constraints refuse
set local role vaultbook_ledger;
select lives_ok(
    $$insert into public.vaults (owner, vault_address, token_account) values (repeat('A', 43), repeat('B', 44), repeat('C', 32))$$,
    'A vault needs nothing but its three keys'
  );
select results_eq(
    $$select total_balance, locked_balance, available_balance, total_deposited, total_withdrawn, status::text,
             created_at = now(), updated_at = now()
        from public.vaults$$,
    $$values (0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 'active', true, true)$$,
    'It begins empty and active, now'
  );
select throws_ok(
    'update public.vaults set ' || change, '23514',
    format('new row for relation "vaults" violates check constraint "%s"', broken),
    format('%s breaks %s', change, broken)
  )
  from (values
    ($$owner = repeat('A', 31)$$, 'vaults_owner_is_a_public_key'),
    ($$owner = repeat('A', 45)$$, 'vaults_owner_is_a_public_key'),
    ($$owner = repeat('A', 42) || '0'$$, 'vaults_owner_is_a_public_key'),
    ($$vault_address = repeat('l', 43)$$, 'vaults_vault_address_is_a_public_key'),
    ($$token_account = ''$$, 'vaults_token_account_is_a_public_key'),
    ($$total_balance = -1, available_balance = -1$$, 'vaults_balances_are_not_negative'),
    ($$locked_balance = -1, available_balance = 1$$, 'vaults_balances_are_not_negative'),
    ($$locked_balance = 1, available_balance = -1$$, 'vaults_balances_are_not_negative'),
    ($$total_deposited = -1$$, 'vaults_balances_are_not_negative'),
    ($$total_withdrawn = -1$$, 'vaults_balances_are_not_negative'),
    ($$total_balance = 1$$, 'vaults_total_is_locked_plus_available'),
    ($$available_balance = 9223372036854775807, locked_balance = 9223372036854775807, total_balance = 9223372036854775807$$,
     'vaults_total_is_locked_plus_available'),
    ($$status = 'frozen'$$, 'vaults_status_is_known')
  ) as refused (change, broken);
select lives_ok('update public.vaults set ' || change, format('%s is accepted', change))
  from (values
    ($$total_balance = 9223372036854775807, available_balance = 9223372036854775806, locked_balance = 1$$),
    ($$status = 'paused'$$),
    ($$status = 'closed'$$),
    ($$status = 'active'$$)
  ) as accepted (change);

-- An address can have several owners, one after the other
update public.vaults set status = 'closed';
select lives_ok(
    $$insert into public.vaults (owner, vault_address, token_account) values (repeat('D', 43), repeat('B', 44), repeat('C', 32))$$,
    'The address of a closed vault may be opened again, by another owner'
  );

select * from finish();
rollback;
