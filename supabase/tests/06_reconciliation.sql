-- Reconciliation: the user's design to the letter, and what its constraints refuse.
begin;
set local role postgres;
select plan(13);

select results_eq(
    $$select a.attname::text collate "default", format_type(a.atttypid, a.atttypmod), a.attnotnull,
             pg_get_expr(d.adbin, d.adrelid) collate "default", col_description(a.attrelid, a.attnum)
        from pg_catalog.pg_attribute as a
        left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
       where a.attrelid = 'public.reconciliation_logs'::regclass and a.attnum > 0
       order by a.attnum$$,
    $$values
      ('id', 'uuid', true, 'gen_random_uuid()', 'Unique log ID'),
      ('vault_owner', 'character varying(64)', false, null, 'Foreign key to vaults (NULL for system-wide reconciliation)'),
      ('expected_balance', 'bigint', true, null, 'Balance we expected from database'),
      ('actual_balance', 'bigint', true, null, 'Balance found on-chain'),
      ('difference', 'bigint', true, null, 'Difference (actual - expected)'),
      ('auto_fixed', 'boolean', true, 'false', 'Whether discrepancy was auto-fixed'),
      ('notes', 'text', false, null, 'Notes about the reconciliation'),
      ('created_at', 'timestamp with time zone', true, 'now()', 'When reconciliation was performed')$$,
    'reconciliation_logs has the design''s columns: names, types, not null, defaults, order, notes'
  );
select is(obj_description('public.reconciliation_logs'::regclass, 'pg_class'),
          'Records of balance reconciliation between on-chain and database. Used for auditing and detecting discrepancies.',
          'The table carries the design''s note');
select col_is_pk('public', 'reconciliation_logs', 'id', 'A finding is known by its id');
select fk_ok('public', 'reconciliation_logs', 'vault_owner', 'public', 'vaults', 'owner', 'A finding belongs to a vault');
select has_index('public', 'reconciliation_logs', 'idx_reconciliation_difference', '{difference}'::name[],
                 'idx_reconciliation_difference(difference)');
select has_index('public', 'reconciliation_logs', 'idx_reconciliation_vault', array['vault_owner', 'COALESCE(vault_owner, ''~''::character varying)', 'created_at']::name[],
                 'idx_reconciliation_vault(vault_owner, …)');

-- The constraints are looked at without the guard, which is tested in the foundation.
alter table public.reconciliation_logs disable trigger reconciliation_logs_append_only;
prepare find (text, bigint, bigint, bigint) as
insert into public.reconciliation_logs (vault_owner, expected_balance, actual_balance, difference) values ($1, $2, $3, $4);

set local role vaultbook_ledger;
insert into public.vaults (owner, vault_address, token_account) values (repeat('A', 43), repeat('B', 43), repeat('C', 43));
set local role postgres;
select lives_ok($$execute find(repeat('A', 43), 5, 7, 2)$$, 'A vault may have a finding');
select lives_ok($$execute find(repeat('A', 43), 7, 5, -2)$$, 'And a further one: the difference is actual minus expected');
select lives_ok($$execute find(null, 9, 9, 0)$$, 'A system-wide finding has no vault');
select throws_ok(
    statement, '23514', format('new row for relation "reconciliation_logs" violates check constraint "%s"', broken),
    format('%s breaks %s', statement, broken)
  )
  from (values
    ('execute find(null, 5, 7, -2)', 'reconciliation_logs_difference_is_actual_minus_expected'),
    ('execute find(null, -1, 0, 1)', 'reconciliation_logs_balances_are_not_negative'),
    ('execute find(null, 0, -1, -1)', 'reconciliation_logs_balances_are_not_negative')
  ) as refused (statement, broken);
select throws_ok($$execute find(repeat('Z', 43), 0, 0, 0)$$, '23503', null, 'A finding of an unknown vault is refused');

select * from finish();
rollback;
