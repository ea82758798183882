-- Reconciling: a vault beside the chain at a slot, what two nodes say of it, and what goes on record.
begin;
set local role postgres;
select plan(36);

create function pg_temp.key(name text) returns text
language sql immutable as $$ select repeat(name, 43) $$;

grant execute on function pg_temp.key(text) to public;

-- One vault: opened in slot 10, 100 deposited in slot 20, 30 locked in slot 30, all of it final; and another one, empty.
set local role vaultbook_ledger;
insert into public.vaults (owner, vault_address, token_account, total_balance, locked_balance, available_balance, total_deposited)
values (pg_temp.key('A'), pg_temp.key('B'), pg_temp.key('C'), 100, 30, 70, 100), (pg_temp.key('X'), pg_temp.key('Y'), pg_temp.key('Z'), 0, 0, 0, 0);
insert into vaultbook.status_changes (signature, event_index, slot, transaction_index, vault_address, change, owner)
values ('open', 0, 10, 0, pg_temp.key('B'), 'initialise', pg_temp.key('A')), ('open X', 0, 10, 1, pg_temp.key('Y'), 'initialise', pg_temp.key('X'));
insert into public.transactions (
  vault_owner, transaction_type, amount, signature, status, balance_before, balance_after, slot, transaction_index, event_index,
  total_after, locked_after, confirmed_at, finalized_at
)
values
  (pg_temp.key('A'), 'deposit', 100, 'deposit', 'confirmed', 0, 100, 20, 0, 0, 100, 0, now(), now()),
  (pg_temp.key('A'), 'lock', 30, 'lock', 'confirmed', 100, 70, 30, 0, 0, 100, 30, now(), now());

set local role service_role;
create function pg_temp.reading(total bigint, locked bigint, changes jsonb default '{}') returns jsonb
language sql as $$
  select jsonb_build_object(
           'owner', pg_temp.key('A'), 'has_vault', true, 'vault_owner', pg_temp.key('A'), 'token_account', pg_temp.key('C'),
           'total', total, 'locked', locked, 'available', total - locked, 'deposited', total, 'withdrawn', 0, 'tokens', total
         ) || changes
$$;
create function pg_temp.nothing() returns jsonb
language sql as $$
  select jsonb_build_object('owner', pg_temp.key('A'), 'has_vault', false, 'tokens', 0)
$$;
grant execute on function pg_temp.reading(bigint, bigint, jsonb), pg_temp.nothing() to public;
set local role vaultbook_ledger;
create function pg_temp.verdict(slot bigint, reading jsonb) returns text
language sql as $$
  select concat_ws(' ', c.verdict, c.expected, c.actual, nullif(c.surplus, 0))
    from vaultbook.compare_vaults(slot, array[jsonb_populate_record(null::vaultbook.vault_reading, reading)]) as c
$$;

-- One vault at one slot
select is(pg_temp.verdict(40, pg_temp.reading(100, 30)), 'match 100 100', 'It is as the chain says');
select is(pg_temp.verdict(25, pg_temp.reading(100, 0)), 'match 100 100', 'in an earlier slot as it was then');
select is(pg_temp.verdict(15, pg_temp.reading(0, 0)), 'match 0 0', 'and before anything had happened');
select is(pg_temp.verdict(5, pg_temp.nothing()), 'young 0 0', 'Before it was opened it is young');
select is(pg_temp.verdict(40, pg_temp.reading(101, 30)), 'mismatch 100 101', 'One base unit more is a mismatch');
select is(pg_temp.verdict(40, pg_temp.reading(100, 31)), 'mismatch 100 100', 'so is what is locked');
select is(pg_temp.verdict(40, pg_temp.reading(100, 30, '{"tokens": 99}')), 'mismatch 100 99', 'and tokens that are not there');
select is(pg_temp.verdict(40, pg_temp.reading(100, 30, '{"tokens": 105}')), 'match 100 100 5', 'Tokens above that are a surplus');
select is(pg_temp.verdict(40, pg_temp.nothing()), 'mismatch 100 0', 'A vault that is not there is a mismatch');
select is(pg_temp.verdict(40, pg_temp.reading(100, 30, '{"problem": "torn"}')), 'behind 100 100', 'One that cannot be read is behind');
select is(
    pg_temp.verdict(40, pg_temp.reading(100, 30, '{"locked": null, "available": null, "deposited": null, "withdrawn": null, "vault_owner": null}')),
    'match 100 100', 'What the program does not keep is not compared'
  );

update public.vaults set total_balance = 101, available_balance = 71 where owner = pg_temp.key('A');
select is(pg_temp.verdict(40, pg_temp.reading(100, 30)), 'mismatch 101 100', 'What vaults holds is compared too');
update public.vaults set total_balance = 100, available_balance = 70 where owner = pg_temp.key('A');
update public.transactions set finalized_at = null where signature = 'lock';
select is(pg_temp.verdict(40, pg_temp.reading(100, 0)), 'behind 100 100', 'What is not final may still go');
update public.transactions set finalized_at = now() where signature = 'lock';

insert into vaultbook.status_changes (signature, event_index, slot, transaction_index, vault_address, change)
values ('close', 0, 50, 0, pg_temp.key('B'), 'close');
select is(pg_temp.verdict(60, pg_temp.reading(100, 30)), 'mismatch 100 100', 'A closed vault that is there is a mismatch');
insert into vaultbook.status_changes (signature, event_index, slot, transaction_index, vault_address, change, owner)
values ('open again', 0, 70, 0, pg_temp.key('B'), 'initialise', pg_temp.key('X'));
select is(pg_temp.verdict(80, pg_temp.reading(100, 30)), 'former 100 100', 'What is another owner''s now is not compared');
update vaultbook.status_changes set rolled_back_at = now() where signature in ('close', 'open again');

-- A round, and what two nodes say
set local role service_role;
create function pg_temp.round() returns bigint
language sql as $$ select max(id) from vaultbook.reconciliations $$;
create function pg_temp.judge(nodes integer, is_final boolean, variadic readings jsonb[]) returns text
language sql as $$
  select array_to_string(vaultbook.judge_suspects(
           pg_temp.round(), (select jsonb_agg(jsonb_build_object('slot', 40, 'readings', jsonb_build_array(r))) from unnest(readings) as r),
           nodes, is_final
         ), ' ')
$$;
create function pg_temp.counts() returns text
language sql as $$
  select concat_ws(' ', r.matched, r.fixed, r.mismatched, r.behind) from vaultbook.reconciliations as r where r.id = pg_temp.round()
$$;
-- Puts the vault under suspicion in a round of its own.
create function pg_temp.suspect() returns text
language plpgsql as $$
begin
  perform vaultbook.begin_reconciliation(array[pg_temp.key('A')]);
  perform vaultbook.note_vaults(pg_temp.round(), 40, jsonb_build_array(pg_temp.reading(107, 30)));
  return (select n.owner from vaultbook.next_suspects(pg_temp.round(), 9) as n);
end
$$;
select is(pg_temp.suspect(), pg_temp.key('A'), 'What differs is suspected');
select is((select count(*) from public.reconciliation_logs), 0::bigint, 'and not on record yet');
select is(pg_temp.judge(2, false, pg_temp.reading(107, 30), pg_temp.reading(107, 30)), pg_temp.key('A'), 'It has to be looked for first');
select is(pg_temp.judge(2, true, pg_temp.reading(107, 30), pg_temp.reading(107, 30)), '', 'Without the whole history');
select is(pg_temp.counts(), '0 0 0 1', 'it is behind');

select pg_temp.suspect();
select vaultbook.note_repair(pg_temp.round(), pg_temp.key('A'), 'complete', 0);
select pg_temp.judge(2, true, pg_temp.reading(107, 30));
select is(pg_temp.counts(), '0 0 0 1', 'With one node of two too');
select pg_temp.suspect();
select vaultbook.note_repair(pg_temp.round(), pg_temp.key('A'), 'complete', 0);
select pg_temp.judge(2, true, pg_temp.reading(107, 30), pg_temp.reading(108, 30));
select is(pg_temp.counts(), '0 0 0 1', 'and with two that say different things');
select pg_temp.suspect();
select pg_temp.judge(2, false, pg_temp.reading(107, 30), pg_temp.reading(100, 30));
select is(pg_temp.counts(), '0 0 0 1', 'and where one says that all is well');
select is((select count(*) from public.reconciliation_logs), 0::bigint, 'None of that is on record');
select pg_temp.suspect();
select pg_temp.judge(2, false, pg_temp.reading(100, 30), pg_temp.reading(100, 30));
select is(pg_temp.counts(), '1 0 0 0', 'What both see to be right after all matches, without a word of repair');
select results_eq(
    'select difference, auto_fixed from public.reconciliation_logs', 'values (0::bigint, false)', 'and is on record as any other'
  );

select pg_temp.suspect();
select vaultbook.note_repair(pg_temp.round(), pg_temp.key('A'), 'complete', 0);
select pg_temp.judge(2, true, pg_temp.reading(107, 30), pg_temp.reading(107, 30));
select is(pg_temp.counts(), '0 0 1 0', 'Both nodes and the whole history make a mismatch');
select results_eq(
    'select expected_balance, actual_balance, difference, auto_fixed from public.reconciliation_logs where difference <> 0', 'values (100::bigint, 107::bigint, 7::bigint, false)',
    'which is on record'
  );
select is(
    (select concat_ws(' ', a.alert_type, a.subject, a.severity, a.data ->> 'difference') from public.alerts as a where a.resolved_at is null),
    concat_ws(' ', 'reconcile_mismatch', pg_temp.key('A'), 'critical', '7'), 'and told of'
  );
select pg_temp.suspect();
select vaultbook.note_repair(pg_temp.round(), pg_temp.key('A'), 'begun', 2);
select pg_temp.judge(2, false, pg_temp.reading(100, 30), pg_temp.reading(100, 30));
select is(pg_temp.counts(), '0 1 0 0', 'What matches once something was brought is fixed');
select is((select difference from public.reconciliation_logs where auto_fixed), 7::bigint, 'with the difference that there was');
select is_empty('select from public.alerts where resolved_at is null', 'and nothing is told of any more');

select pg_temp.suspect();
set local role vaultbook_ledger;
insert into vaultbook.status_changes (signature, event_index, slot, transaction_index, vault_address, change, owner)
values ('of another', 0, 35, 0, pg_temp.key('B'), 'initialise', pg_temp.key('X'));
set local role service_role;
select pg_temp.judge(2, false, pg_temp.reading(107, 30), pg_temp.reading(107, 30));
select is(pg_temp.counts(), '0 0 0 0', 'What turns out to be another owner''s is no finding at all');
set local role vaultbook_ledger;
update vaultbook.status_changes set rolled_back_at = now() where signature = 'of another';
set local role service_role;

-- All vaults
select vaultbook.begin_reconciliation(null);
select vaultbook.note_vaults(
    pg_temp.round(), 40, jsonb_build_array(pg_temp.reading(100, 30), jsonb_build_object('owner', pg_temp.key('X'), 'has_vault', true, 'total', 0, 'tokens', 0))
  );
select is((vaultbook.end_reconciliation(pg_temp.round())).is_complete, true, 'The round is over when it has looked at all');
select results_eq(
    'select expected_balance, actual_balance, difference from public.reconciliation_logs where vault_owner is null', 'values (100::bigint, 100::bigint, 0::bigint)',
    'and has their sum'
  );
select is((vaultbook.end_reconciliation(pg_temp.round())).is_complete, true, 'once');

select * from finish();
rollback;
