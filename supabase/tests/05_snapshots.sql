-- Snapshots: the user's design to the letter, and what its constraints refuse.
begin;
set local role postgres;
select plan(26);

create temporary view designed_column as
select c.relname::text collate "default" as table_name, a.attname::text collate "default" as column_name,
       format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid) collate "default" as default_value,
       a.attnum, col_description(a.attrelid, a.attnum) as note
  from pg_catalog.pg_attribute as a
  join pg_catalog.pg_class as c on c.oid = a.attrelid and c.relnamespace = 'public'::regnamespace
  left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
 where a.attnum > 0;

select results_eq(
    $$select column_name, format_type, attnotnull, default_value, note
        from designed_column where table_name = 'balance_snapshots' order by attnum$$,
    $$values
      ('id', 'uuid', true, 'gen_random_uuid()', 'Unique snapshot ID'),
      ('vault_owner', 'character varying(64)', true, null, 'Foreign key to vaults table'),
      ('total_balance', 'bigint', true, null, 'Total balance at snapshot time'),
      ('locked_balance', 'bigint', true, null, 'Locked balance at snapshot time'),
      ('available_balance', 'bigint', true, null, 'Available balance at snapshot time'),
      ('timestamp', 'timestamp with time zone', true, 'now()', 'When snapshot was taken'),
      ('snapshot_type', 'character varying(20)', true, '''periodic''::character varying', 'Type: periodic, event, daily_summary')$$,
    'balance_snapshots has the design''s columns: names, types, not null, defaults, order, notes'
  );
select results_eq(
    $$select column_name, format_type, attnotnull, default_value, note
        from designed_column where table_name = 'tvl_snapshots' order by attnum$$,
    $$values
      ('id', 'uuid', true, 'gen_random_uuid()', 'Unique snapshot ID'),
      ('total_value_locked', 'bigint', true, null, 'Total USDT across all vaults'),
      ('active_vaults', 'bigint', true, null, 'Number of active vaults'),
      ('total_locked', 'bigint', true, null, 'Total locked for positions'),
      ('total_available', 'bigint', true, null, 'Total available for withdrawal'),
      ('timestamp', 'timestamp with time zone', true, 'now()', 'When snapshot was taken')$$,
    'tvl_snapshots has the design''s columns: names, types, not null, defaults, order, notes'
  );
select is(obj_description('public.balance_snapshots'::regclass, 'pg_class'),
          'Periodic recordings of vault balances for analytics. Snapshots are taken at regular intervals and on significant events.',
          'balance_snapshots carries the design''s note');
select is(obj_description('public.tvl_snapshots'::regclass, 'pg_class'),
          'Total Value Locked snapshots for protocol analytics. System-wide metrics across all vaults.',
          'tvl_snapshots carries the design''s note');
select col_is_pk('public', 'balance_snapshots', 'id', 'A balance snapshot is known by its id');
select col_is_pk('public', 'tvl_snapshots', 'id', 'A TVL snapshot is known by its id');
select fk_ok('public', 'balance_snapshots', 'vault_owner', 'public', 'vaults', 'owner', 'A balance snapshot belongs to a vault');
select has_index('public', 'balance_snapshots', 'idx_snapshots_vault_time', array['vault_owner', '"timestamp"']::name[],
                 'idx_snapshots_vault_time(vault_owner, timestamp)');
select has_index('public', 'balance_snapshots', 'idx_snapshots_timestamp', array['"timestamp"']::name[],
                 'idx_snapshots_timestamp(timestamp)');
select has_index('public', 'tvl_snapshots', 'idx_tvl_timestamp', array['"timestamp"']::name[], 'idx_tvl_timestamp(timestamp)');

-- What the constraints refuse
set local role vaultbook_ledger;
insert into public.vaults (owner, vault_address, token_account) values (repeat('A', 43), repeat('B', 43), repeat('C', 43));
set local role service_role;
select lives_ok(
    $$insert into public.balance_snapshots (vault_owner, total_balance, locked_balance, available_balance)
      values (repeat('A', 43), 5, 2, 3)$$,
    'A balance snapshot is taken'
  );
select lives_ok(
    $$insert into public.tvl_snapshots (total_value_locked, active_vaults, total_locked, total_available) values (5, 1, 2, 3)$$,
    'A TVL snapshot is taken'
  );
select results_eq(
    $$select snapshot_type::text, timestamp = now() from public.balance_snapshots$$,
    $$values ('periodic', true)$$,
    'It is periodic and of now unless it says else'
  );
set local role postgres;
select throws_ok(
    format('update public.%I set %s', name, change), '23514',
    format('new row for relation "%s" violates check constraint "%s"', name, broken),
    format('%s breaks %s', change, broken)
  )
  from (values
    ('balance_snapshots', $$snapshot_type = 'hourly'$$, 'balance_snapshots_type_is_known'),
    ('balance_snapshots', 'total_balance = -1, available_balance = -3', 'balance_snapshots_balances_are_not_negative'),
    ('balance_snapshots', 'locked_balance = -1, available_balance = 6', 'balance_snapshots_balances_are_not_negative'),
    ('balance_snapshots', 'locked_balance = 6, available_balance = -1', 'balance_snapshots_balances_are_not_negative'),
    ('balance_snapshots', 'total_balance = 6', 'balance_snapshots_total_is_locked_plus_available'),
    ('tvl_snapshots', 'total_value_locked = -1, total_available = -3', 'tvl_snapshots_amounts_are_not_negative'),
    ('tvl_snapshots', 'active_vaults = -1', 'tvl_snapshots_amounts_are_not_negative'),
    ('tvl_snapshots', 'total_locked = -1, total_available = 6', 'tvl_snapshots_amounts_are_not_negative'),
    ('tvl_snapshots', 'total_value_locked = 6', 'tvl_snapshots_total_is_locked_plus_available')
  ) as refused (name, change, broken);
select lives_ok(
    format('update public.balance_snapshots set snapshot_type = %L', type), format('A snapshot may be of type %s', type)
  )
  from unnest('{event, daily_summary, periodic}'::text[]) as type;
select throws_ok(
    $$update public.balance_snapshots set vault_owner = repeat('Z', 43)$$, '23503', null, 'A snapshot of no vault is refused'
  );

select * from finish();
rollback;
