-- Transactions: the user's design to the letter, what its constraints refuse, and what each type of movement does.
begin;
set local role postgres;
select plan(59);

select results_eq(
    $$select a.attname::text collate "default", format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid) collate "default"
        from pg_catalog.pg_attribute as a
        left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
       where a.attrelid = 'public.transactions'::regclass and a.attnum between 1 and 13
       order by a.attnum$$,
    $$values
      ('id', 'uuid', true, 'gen_random_uuid()'),
      ('vault_owner', 'character varying(64)', true, null),
      ('transaction_type', 'character varying(20)', true, null),
      ('amount', 'bigint', true, null),
      ('signature', 'character varying(128)', false, null),
      ('status', 'character varying(20)', true, '''pending''::character varying'),
      ('balance_before', 'bigint', true, null),
      ('balance_after', 'bigint', true, null),
      ('counterparty', 'character varying(64)', false, null),
      ('note', 'text', false, null),
      ('created_at', 'timestamp with time zone', true, 'now()'),
      ('updated_at', 'timestamp with time zone', true, 'now()'),
      ('confirmed_at', 'timestamp with time zone', false, null)$$,
    'transactions begins with the design''s columns: names, types, not null, defaults, order'
  );
select is_empty(
    $$select attname from pg_catalog.pg_attribute
       where attrelid = 'public.transactions'::regclass and attnum > 13 and attnotnull$$,
    'A row of the design''s columns alone can be written: what the ledger adds may be null'
  );
select has_column('public', 'transactions', name, format('The ledger adds %s', name))
  from unnest('{slot, transaction_index, event_index, finalized_at, submitted_signature, expires_at, rolled_back_at}'::name[]) as name;
select col_is_pk('public', 'transactions', 'id', 'A row is known by its id');
select fk_ok('public', 'transactions', 'vault_owner', 'public', 'vaults', 'owner', 'A row belongs to a vault');
select is(
    (select (regexp_match(pg_get_indexdef(i.indexrelid), '\((\w+)'))[1]
       from pg_catalog.pg_index as i where i.indexrelid = ('public.' || name)::regclass),
    first_column,
    format('%s begins with %s', name, first_column)
  )
  from (values
    ('idx_transactions_vault_owner', 'vault_owner'),
    ('idx_transactions_type', 'transaction_type'),
    ('idx_transactions_status', 'status'),
    ('idx_transactions_created_at', 'created_at'),
    ('idx_transactions_signature', 'signature')
  ) as designed (name, first_column);
select is(
    obj_description('public.transactions'::regclass, 'pg_class'),
    'Records every vault operation for auditing and history. Every deposit, withdrawal, lock, unlock, and transfer creates a record here.',
    'The table carries the design''s note'
  );
select is_empty(
    $$select note.column_name
        from (values
          ('id', 'Unique transaction ID'),
          ('vault_owner', 'Foreign key to vaults table'),
          ('transaction_type', 'Type: deposit, withdrawal, lock, unlock, transfer_in, transfer_out, fee'),
          ('amount', 'Transaction amount in smallest units'),
          ('signature', 'Solana transaction signature (base58), NULL if pending'),
          ('status', 'Status: pending, confirmed, failed'),
          ('balance_before', 'Vault balance before this transaction'),
          ('balance_after', 'Vault balance after this transaction'),
          ('counterparty', 'For transfers: other party vault owner'),
          ('note', 'Optional note or reason for transaction'),
          ('created_at', 'When transaction was initiated'),
          ('updated_at', 'Last update timestamp'),
          ('confirmed_at', 'When transaction was confirmed on-chain, NULL if pending/failed')
        ) as note (column_name, words)
        join pg_catalog.pg_attribute as a on a.attrelid = 'public.transactions'::regclass and a.attname = note.column_name
       where not coalesce(starts_with(col_description(a.attrelid, a.attnum), note.words), false)$$,
    'Every column carries the design''s note'
  );
select is_empty(
    $$select attname from pg_catalog.pg_attribute
       where attrelid = 'public.transactions'::regclass and attstattarget is distinct from 0
         and attname in ('vault_owner', 'transaction_type', 'status', 'counterparty')$$,
    'Planner statistics tell nobody another vault''s owner, types or counterparties'
  );

-- What the constraints refuse
set local role vaultbook_ledger;
insert into public.vaults (owner, vault_address, token_account) values (repeat('A', 43), repeat('B', 43), repeat('C', 43));
select lives_ok(
    $$insert into public.transactions (vault_owner, transaction_type, amount, balance_before, balance_after)
      values (repeat('A', 43), 'deposit', 5, 0, 0)$$,
    'A pending row needs no signature and no place on the chain'
  );
select results_eq(
    $$select status::text, signature is null, created_at = now(), updated_at = now(), confirmed_at is null from public.transactions$$,
    $$values ('pending', true, true, true, true)$$,
    'It begins pending, now'
  );
select throws_ok(
    'update public.transactions set ' || change, '23514',
    format('new row for relation "transactions" violates check constraint "%s"', broken),
    format('%s breaks %s', change, broken)
  )
  from (values
    ($$amount = -1$$, 'transactions_amount_is_not_negative'),
    ($$balance_before = -1$$, 'transactions_balances_are_not_negative'),
    ($$balance_after = -1$$, 'transactions_balances_are_not_negative'),
    ($$total_after = -1, locked_after = -1$$, 'transactions_balances_are_not_negative'),
    ($$total_after = 1, locked_after = 2$$, 'transactions_balances_are_not_negative'),
    ($$transaction_type = 'lock'$$, 'transactions_off_the_chain_are_deposits_or_withdrawals'),
    ($$signature = 's'$$, 'transactions_on_the_chain_have_a_position'),
    ('transaction_index = 0, event_index = 0', 'transactions_on_the_chain_have_a_position'),
    ($$signature = 's', slot = 1, transaction_index = 0, event_index = 0, total_after = 0, locked_after = 0$$,
     'transactions_are_pending_only_until_on_the_chain'),
    ($$status = 'failed'$$, 'transactions_off_the_chain_are_pending_or_say_why_not'),
    ($$status = 'confirmed', confirmed_at = now()$$, 'transactions_off_the_chain_are_pending_or_say_why_not'),
    ($$submitted_signature = 's'$$, 'transactions_submitted_signature_is_a_signature'),
    ($$balance_after = 5$$, 'transactions_unconfirmed_move_nothing'),
    ($$confirmed_at = now()$$, 'transactions_are_confirmed_at_a_time'),
    ($$status = 'confirmed', signature = 's', slot = 1, transaction_index = 0, event_index = 0, total_after = 5, locked_after = 0$$,
     'transactions_are_confirmed_at_a_time')
  ) as refused (change, broken);
select lives_ok(
    $$update public.transactions set submitted_signature = repeat('S', 88), expires_at = now()$$,
    'It can wait for a signature, and not for ever'
  );
select lives_ok($$update public.transactions set status = 'failed', note = 'expired'$$, 'It can fail without a place, and says why');
select lives_ok(
    $$update public.transactions
         set note = null, submitted_signature = null, expires_at = null,
             signature = 's', slot = 1, transaction_index = 0, event_index = 9, total_after = 0, locked_after = 0$$,
    'A failed row has a place on the chain, but no time of confirmation'
  );
select throws_ok(
    'update public.transactions set ' || change, '23514',
    format('new row for relation "transactions" violates check constraint "%s"', broken),
    format('%s breaks %s on the chain', change, broken)
  )
  from (values
    ('signature = null', 'transactions_on_the_chain_have_a_position'),
    ($$slot = null, note = 'lost'$$, 'transactions_on_the_chain_have_a_position'),
    ('transaction_index = null', 'transactions_on_the_chain_have_a_position'),
    ('event_index = null', 'transactions_on_the_chain_have_a_position'),
    ('total_after = null', 'transactions_on_the_chain_have_a_position'),
    ('locked_after = null', 'transactions_on_the_chain_have_a_position'),
    ('confirmed_at = now()', 'transactions_are_confirmed_at_a_time'),
    ('balance_after = 5', 'transactions_unconfirmed_move_nothing'),
    ($$status = 'pending'$$, 'transactions_are_pending_only_until_on_the_chain'),
    ($$submitted_signature = repeat('S', 88)$$, 'transactions_on_the_chain_wait_for_nothing'),
    ('expires_at = now()', 'transactions_on_the_chain_wait_for_nothing'),
    ($$transaction_type = 'gift'$$, 'transactions_type_is_known'),
    ($$status = 'lost'$$, 'transactions_status_is_known')
  ) as refused (change, broken);
select throws_ok(
    $$update public.transactions set vault_owner = repeat('Z', 43)$$, '23503', null, 'A row of no vault is refused'
  );
select throws_ok(
    $$update public.vaults set owner = repeat('Z', 43)$$, '23503', null, 'A vault with history keeps its owner'
  );

-- One effect per signature, event and leg
prepare record (text, integer, text) as
insert into public.transactions (vault_owner, transaction_type, amount, balance_before, balance_after, status, signature, slot,
                                 transaction_index, event_index, total_after, locked_after, confirmed_at)
values (repeat('A', 43), $3, 5, 0, 5, 'confirmed', $1, 1, 0, $2, 5, 0, now());
select lives_ok($$execute record('s', 0, 'transfer_out')$$, 'A first effect is recorded');
select lives_ok($$execute record('s', 0, 'transfer_in')$$, 'The other leg of the same event too');
select lives_ok($$execute record('s', 1, 'transfer_out')$$, 'Another event of the same signature too');
select throws_ok(
    $$execute record('s', 0, 'transfer_out')$$, '23505',
    'duplicate key value violates unique constraint "idx_transactions_signature"', 'The same effect twice is refused'
  );

-- Movements
set local role postgres;
select results_eq(
    'select * from vaultbook.movements order by transaction_type',
    $$values
      ('deposit', 1, 0, false, 'total'),
      ('fee', -1, -1, true, 'total'),
      ('lock', 0, 1, false, 'available'),
      ('transfer_in', 1, 0, false, 'total'),
      ('transfer_out', -1, -1, true, 'total'),
      ('unlock', 0, -1, false, 'available'),
      ('withdrawal', -1, 0, false, 'total')$$,
    'Each type moves what the design says'
  );

select * from finish();
rollback;
