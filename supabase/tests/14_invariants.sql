-- Invariants: a sound book breaks none, and each way of spoiling it is found.
begin;
set local role postgres;
select plan(50);

select results_eq(
    'select invariant, violations, example from vaultbook.verify()',
    $$select 'I' || number, 0::bigint, null::text from unnest(array[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]) as number$$,
    'An empty book breaks none of the invariants that the database holds'
  );
select is_empty(
    $$select invariant from vaultbook.verify() where coalesce(promise, '') = '' or promise ~ '^I[0-9]'$$,
    'Each invariant says what it promises'
  );

-- A small book: two vaults, a deposit, a lock, a fee that takes what is locked first, and a transaction that failed.
set local role service_role;
select is(
    (select array_agg(s.outcome) from vaultbook.ingest('webhook', '', (
       select jsonb_agg(jsonb_build_object(
                'position', place, 'signature', 'signature ' || place, 'slot', place, 'transaction_index', 0, 'outcome', 'new',
                'vaults', jsonb_build_array(repeat('V', 43), repeat('W', 43)), 'content_sha256', '00',
                'content', jsonb_build_object('failed', failed, 'events', jsonb_build_array(event || '{"ordinal": 0}'))
                  || case when moved is null then '{}' else jsonb_build_object('token_balances', jsonb_build_array(
                       jsonb_build_object('account', repeat('T', 43), 'before', '0', 'after', moved))) end
              ) order by place)
         from (values
           (1, false, null, jsonb_build_object('kind', 'initialise', 'owner', repeat('A', 43), 'vault', repeat('V', 43),
                                               'token_account', repeat('T', 43))),
           (2, false, null, jsonb_build_object('kind', 'initialise', 'owner', repeat('B', 43), 'vault', repeat('W', 43),
                                               'token_account', repeat('U', 43))),
           (3, false, '10', jsonb_build_object('kind', 'deposit', 'owner', repeat('A', 43), 'vault', repeat('V', 43), 'amount', '10')),
           (4, false, null, jsonb_build_object('kind', 'lock', 'owner', repeat('A', 43), 'vault', repeat('V', 43), 'amount', '4')),
           (5, false, null, jsonb_build_object('kind', 'transfer', 'vault', repeat('V', 43), 'to_vault', repeat('W', 43),
                                               'amount', '5', 'reason', 'FeeCollection')),
           (6, true, null, jsonb_build_object('kind', 'withdrawal', 'owner', repeat('A', 43), 'vault', repeat('V', 43), 'amount', '9'))
         ) as made (place, failed, moved, event)
     )) as s),
    '{applied, applied, applied, applied, applied, failed}'::text[],
    'A small book is written'
  );
set local role postgres;
select is_empty('select invariant, example from vaultbook.verify() where violations > 0', 'It breaks no invariant');
select results_eq(
    'select total_balance, locked_balance, available_balance from public.vaults order by owner',
    $$values (5::bigint, 0::bigint, 5::bigint), (5, 0, 5)$$,
    'and holds what the events say'
  );

-- Spoiling it, past the guard and the constraints, and undoing that again.
create function pg_temp.broken_by(spoil text) returns text[]
language plpgsql
as $$
declare
  broken text[];
begin
  begin
    alter table public.vaults disable trigger user;
    alter table public.transactions disable trigger user;
    alter table vaultbook.inbox disable trigger user;
    alter table vaultbook.compensations disable trigger user;
    alter table vaultbook.lost_landings disable trigger user;
    alter table public.reconciliation_logs disable trigger user;
    execute spoil;
    select array_agg(v.invariant order by length(v.invariant), v.invariant) into broken
      from vaultbook.verify() as v where v.violations > 0 and v.invariant <> 'I15' and v.example is not null;
    raise exception 'undo';
  exception when raise_exception then
    return broken;
  end;
end
$$;
select is(pg_temp.broken_by(spoil), broken, format('%s breaks %s', spoil, broken))
  from (values
    ('select 1', null),
    ($$delete from public.transactions where transaction_type = 'deposit'$$, '{I1,I3,I4}'::text[]),
    ($$delete from public.transactions where status = 'failed'$$, '{I1}'),
    ($$update public.transactions set signature = 'another' where transaction_type = 'lock'$$, '{I1}'),
    ($$alter table vaultbook.inbox drop constraint inbox_outcome_is_known;
       update vaultbook.inbox set outcome = 'lost', code = 'c' where signature = 'signature 2'$$, '{I2}'),
    ($$update vaultbook.inbox set decided_at = null where signature = 'signature 2'$$, '{I2}'),
    ($$update public.transactions set balance_before = 1 where transaction_type = 'deposit'$$, '{I3}'),
    ($$update public.transactions set total_after = 11 where transaction_type = 'deposit'$$, '{I3}'),
    ($$update public.transactions set locked_after = 1 where transaction_type = 'fee'$$, '{I3}'),
    ($$update public.vaults set total_balance = 6, available_balance = 6$$, '{I4,I10}'),
    ($$update public.vaults set total_deposited = 11$$, '{I4}'),
    ($$update public.vaults set total_withdrawn = 11$$, '{I4}'),
    ($$alter table public.vaults drop constraint vaults_total_is_locked_plus_available;
       update public.vaults set available_balance = 4$$, '{I5}'),
    ($$alter table public.transactions drop constraint transactions_balances_are_not_negative;
       update public.transactions set balance_before = -1 where transaction_type = 'deposit'$$, '{I3,I5}'),
    ($$update vaultbook.inbox set content = jsonb_set(content, '{token_balances,0,after}', '"9"') where signature = 'signature 3'$$,
     '{I6}'),
    ($$update public.transactions set amount = 6 where transaction_type = 'transfer_in'$$, '{I1,I3,I4,I7}'),
    ($$delete from public.transactions where transaction_type = 'transfer_in'$$, '{I1,I4,I7}'),
    ($$update vaultbook.inbox set content = jsonb_set(content, '{failed}', 'true') where signature = 'signature 4'$$, '{I1,I8}'),
    ($$alter table public.transactions drop constraint transactions_are_pending_only_until_on_the_chain;
       alter table public.transactions drop constraint transactions_unconfirmed_move_nothing;
       update public.transactions set status = 'pending', confirmed_at = null, finalized_at = now() where transaction_type = 'deposit'$$,
     '{I1,I3,I4,I9}'),
    ($$update public.transactions set status = 'failed', confirmed_at = null, balance_after = balance_before, rolled_back_at = now()
        where status = 'failed'$$, '{I1,I9}'),
    ($$insert into vaultbook.compensations (transaction_id, reason, status, balance_before, balance_after, total_after, locked_after)
       select id, 'landing_lost', 'failed', 0, 0, 0, 0 from public.transactions where status = 'failed'$$, '{I9}'),
    ($$insert into vaultbook.lost_landings (signature, slot) values ('signature 3', 3)$$, '{I9}'),
    ($$alter table public.tvl_snapshots drop constraint tvl_snapshots_total_is_locked_plus_available;
       insert into public.tvl_snapshots (total_value_locked, active_vaults, total_locked, total_available) values (9, 2, 4, 4)$$, '{I10}'),
    ($$insert into public.tvl_snapshots (total_value_locked, active_vaults, total_locked, total_available) values (8, 0, 4, 4)$$, '{I10}'),
    ($$alter table public.balance_snapshots drop constraint balance_snapshots_total_is_locked_plus_available;
       insert into public.balance_snapshots (vault_owner, total_balance, locked_balance, available_balance)
       values (repeat('A', 43), 77, 0, 5)$$, '{I10}'),
    ($$select vaultbook.take_snapshots('periodic'), vaultbook.take_snapshots('daily_summary'), vaultbook.take_tvl()$$, null),
    ($$update vaultbook.vault_totals set vaults = 3 where vaults > 0$$, '{I10}'),
    ($$update vaultbook.vault_totals set total_balance = total_balance + 1 where bucket = vaultbook.bucket(repeat('V', 43))$$, '{I10}'),
    ($$delete from vaultbook.vault_totals where vaults > 0$$, '{I10}'),
    ($$select vaultbook.take_snapshots('periodic');
       delete from public.balance_snapshots where vault_owner = repeat('A', 43)$$, '{I10}'),
    ($$select vaultbook.take_snapshots('periodic');
       update public.balance_snapshots set vault_owner = repeat('A', 43)$$, '{I10}'),
    ($$select vaultbook.take_snapshots('periodic'), vaultbook.take_tvl();
       update public.tvl_snapshots set total_value_locked = 12, total_available = 12;
       update vaultbook.ticks set total_balance = 12 where series = 'tvl'$$, '{I10}'),
    ($$select vaultbook.take_tvl(); update vaultbook.ticks set tick = tick - interval '5 minutes'$$, '{I10}'),
    ($$insert into public.reconciliation_logs (expected_balance, actual_balance, difference) values (1, 2, 1)$$, '{I11}'),
    ($$alter table public.reconciliation_logs drop constraint reconciliation_logs_difference_is_actual_minus_expected;
       insert into public.reconciliation_logs (expected_balance, actual_balance, difference) values (1, 2, 0)$$, '{I11}'),
    ($$alter table public.vaults disable row level security$$, '{I13}'),
    ($$create policy open on public.vaults for select to authenticated using (true)$$, '{I13}'),
    ($$create policy open on vaultbook.inbox for select to authenticated using (true)$$, '{I13}'),
    ($$alter view public.vault_balances set (security_invoker = false)$$, '{I13}'),
    ($$grant select on public.transactions to anon$$, '{I13}'),
    ($$grant execute on function vaultbook.ingest(text, bytea, jsonb, boolean) to authenticated$$, '{I13}'),
    ($$drop index public.alerts_are_open_once_per_type_and_subject;
       insert into public.alerts (severity, alert_type, message) values ('info', 'conflict', 'a'), ('info', 'conflict', 'b')$$, '{I12}')
  ) as way (spoil, broken);

-- The guards themselves
select is_empty($$select example from vaultbook.verify() where invariant = 'I15' and violations > 0$$, 'All guards are in place');
savepoint guarded;
alter table public.vaults enable trigger vaults_append_only;
select results_eq(
    $$select violations, example from vaultbook.verify() where invariant = 'I15'$$,
    $$values (1::bigint, 'table vaults: its append-only guard is missing or can be switched off')$$,
    'A guard that session_replication_role switches off is found'
  );
rollback to savepoint guarded;
grant update on public.transactions to service_role;
select results_eq(
    $$select violations, example from vaultbook.verify() where invariant = 'I15'$$,
    $$values (1::bigint, 'table transactions: service_role may update')$$,
    'A privilege past the ledger is found'
  );

select * from finish();
rollback;
