-- Correcting: what a correction would say, what it may not, and what counts as understood.
begin;
set local role postgres;
select plan(20);

create function pg_temp.key(name text) returns text
language sql immutable as $$ select repeat(name, 43) $$;
grant execute on function pg_temp.key(text) to public;

-- One vault: opened in slot 10, 100 deposited in slot 20, 30 locked in slot 30.
set local role vaultbook_ledger;
insert into public.vaults (owner, vault_address, token_account, total_balance, locked_balance, available_balance, total_deposited)
values (pg_temp.key('A'), pg_temp.key('B'), pg_temp.key('C'), 100, 30, 70, 100);
insert into public.transactions (
  vault_owner, transaction_type, amount, signature, status, balance_before, balance_after, slot, transaction_index, event_index,
  total_after, locked_after, confirmed_at, finalized_at
)
values
  (pg_temp.key('A'), 'deposit', 100, 'deposit', 'confirmed', 0, 100, 20, 0, 0, 100, 0, now(), now()),
  (pg_temp.key('A'), 'lock', 30, 'lock', 'confirmed', 100, 70, 30, 0, 0, 100, 30, now(), now());

-- In a few words: what each event does, and the total and locked balance after it.
create function pg_temp.correction(total numeric, locked numeric, deposited numeric, withdrawn numeric, bound bigint default 1000, slot bigint default 40)
returns text
language sql as $$
  select string_agg(concat_ws(' ', e ->> 'kind', e ->> 'amount', e ->> 'total_after', e ->> 'locked_after', e ->> 'available_after'), ', ')
    from vaultbook.correction_for(
           row (pg_temp.key('A'), slot, 0, 0, 0, 'mismatch', 'so it is', total, locked, deposited, withdrawn)::vaultbook.comparison, bound
         ) as body
   cross join lateral jsonb_array_elements(convert_from(body, 'UTF8')::jsonb -> 'events') as e
$$;

select is(pg_temp.correction(5, 0, 5, 0), 'deposit 5 105 30 75', 'What came in and is not known is a deposit');
select is(pg_temp.correction(-5, 0, 0, 5), 'withdrawal 5 95 30 65', 'What went out is a withdrawal');
select is(pg_temp.correction(0, 7, 0, 0), 'lock 7 100 37 63', 'What is locked is a lock');
select is(pg_temp.correction(0, -7, 0, 0), 'unlock 7 100 23 77', 'and what is not an unlock');
select is(
    pg_temp.correction(-60, -25, 20, 80), 'deposit 20 120 30 90, unlock 25 120 5 115, withdrawal 80 40 5 35', 'What makes room goes first'
  );
select is(pg_temp.correction(-60, 5, 20, 80), 'deposit 20 120 30 90, withdrawal 80 40 30 10, lock 5 40 35 5', 'and what takes it last');
select is(pg_temp.correction(5, 0, 5, 0, slot => 25), 'deposit 5 105 0 105', 'It goes on from the balances of its slot');
select is(pg_temp.correction(5, null, null, null), 'deposit 5 105 30 75', 'Where the program keeps no sums the total says which it was');
select is(pg_temp.correction(-5, null, null, null), 'withdrawal 5 95 30 65', 'either way');
select is(pg_temp.correction(-5, null, null, 8), 'deposit 3 103 30 73, withdrawal 8 95 30 65', 'and with one of the sums the other one');
select is(pg_temp.correction(5, 0, 0, 0), null, 'What came in by no deposit was a transfer, which has another end');
select is(pg_temp.correction(-5, 0, 0, 0), null, 'so was what went out by no withdrawal');
select is(pg_temp.correction(-5, 0, -5, 0), null, 'A deposit too many is none that was missed');
select is(pg_temp.correction(0, 0, 0, 0), null, 'Where no figure differs there is nothing to correct');
select is(pg_temp.correction(0, 3, 5, 5, 13), 'deposit 5 105 30 75, withdrawal 5 100 30 70, lock 3 100 33 67', 'Up to the bound it is written');
select is(pg_temp.correction(0, 3, 5, 5, 12), null, 'and not above, whatever of it would cancel out');

-- What is understood
insert into vaultbook.deliveries (source, body) values ('sweep', 'body');
insert into vaultbook.inbox (signature, slot, outcome, code, delivery_id, delivery_position, decided_at)
select o.signature, 20, o.outcome, 'a code', d.id, o.position, now()
  from vaultbook.deliveries as d
 cross join (values ('deposit', 'ignored', 0), ('lock', 'ignored', 1), ('torn', 'quarantined', 2)) as o (signature, outcome, position);
set local role service_role;
create function pg_temp.understood(since bigint, nodes integer, variadic listed text[]) returns boolean
language sql as $$
  select vaultbook.is_understood(
           pg_temp.key('A'), since, 40, nodes,
           (select jsonb_agg(jsonb_build_object('source', split_part(l, ' ', 1)::integer, 'signature', split_part(l, ' ', 2))) from unnest(listed) as l)
         )
$$;
select is(pg_temp.understood(-1, 2, '1 deposit', '1 lock', '2 lock', '2 deposit'), true, 'All that is known, by each node');
select is(pg_temp.understood(-1, 2, '1 deposit', '1 lock', '2 lock'), false, 'what one of them does not list');
select is(pg_temp.understood(20, 2, '1 lock', '2 lock'), true, 'unless the vault was right since');
select is(pg_temp.understood(35, 1, '1 lock', '1 torn'), false, 'and what nobody could read');

select * from finish();
rollback;
