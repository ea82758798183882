-- Realtime: who may listen to what, and what is sent to whom.
begin;
set local role postgres;
select plan(22);

select results_eq(
    $$select format('%s.%s', schemaname, tablename) collate "default" from pg_catalog.pg_publication_tables where pubname = 'supabase_realtime'$$,
    array['public.alerts'],
    'Only alerts are published to postgres_changes'
  );

-- The server asks by writing a message that holds nothing but topic and extension, and looking whether the caller can read it.
create function pg_temp.may_listen(claims text, name text, kind text default 'broadcast') returns boolean
language plpgsql
as $$
begin
  perform set_config('realtime.topic', name, true), set_config('request.jwt.claims', claims, true);
  return exists (select from realtime.messages as m where m.topic = name and m.extension = kind);
end
$$;
grant execute on function pg_temp.may_listen(text, text, text) to public;
create temporary table topic as
select unnest(array['alerts:' || repeat('A', 43), 'vault:' || repeat('A', 43), 'alerts:' || repeat('B', 43), 'vault:' || repeat('B', 43),
                    'alerts:ops', 'alerts:', 'vault:', 'tvl', 'other']) as name;
grant select on topic to public;
insert into realtime.messages (topic, extension) select name, 'broadcast' from topic;
insert into realtime.messages (topic, extension) select name, 'presence' from topic;

create temporary table caller as
select * from (values
  ('owner', jsonb_build_object('role', 'authenticated', 'wallet_address', repeat('A', 43))::text),
  ('operator', '{"role": "authenticated", "app_metadata": {"role": "ops"}}'),
  ('without a wallet', '{"role": "authenticated"}'),
  ('with a null wallet', '{"role": "authenticated", "wallet_address": null}'),
  -- user_metadata is written by users themselves.
  ('who calls himself the owner', '{"role": "authenticated", "user_metadata": {"wallet_address": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}'),
  ('who calls himself an operator', '{"role": "authenticated", "user_metadata": {"role": "ops"}, "app_metadata": {"role": "OPS"}}')
) as caller (name, claims);
grant select on caller to public;

set local role authenticated;
select results_eq(
    $$select t.name from caller as c, topic as t where c.name = 'owner' and pg_temp.may_listen(c.claims, t.name) order by 1$$,
    array['alerts:' || repeat('A', 43), 'tvl', 'vault:' || repeat('A', 43)],
    'An owner listens to the own alerts, the own vault and the TVL, and to nothing else'
  );
select results_eq(
    $$select t.name from caller as c, topic as t where c.name = 'operator' and pg_temp.may_listen(c.claims, t.name) order by 1$$,
    $$select name from topic where name ~ '^(alerts|vault):' or name = 'tvl' order by 1$$,
    'Operators listen to all alerts and vaults, and the TVL'
  );
select is_empty(
    $$select c.name, t.name from caller as c, topic as t
       where c.name not in ('owner', 'operator') and t.name <> 'tvl' and pg_temp.may_listen(c.claims, t.name)$$,
    'Nobody else listens to anything but the TVL'
  );
select is_empty(
    $$select c.name, t.name from caller as c, topic as t where pg_temp.may_listen(c.claims, t.name, 'presence')$$,
    'Nobody is shown presence'
  );
select throws_ok(
    format('insert into realtime.messages (topic, extension) values (%L, ''broadcast'')', name), '42501', null,
    format('Nobody sends to %s', name)
  )
  from topic;
set local role anon;
select results_eq(
    'select distinct t.name from caller as c, topic as t where pg_temp.may_listen(c.claims, t.name)', array['tvl'],
    'anon listens to no private channel but the TVL'
  );
set local role postgres;
delete from realtime.messages;

-- What is sent
create temporary view sent as
select topic, event, private, payload - 'id' - 'created_at' - 'updated_at' - 'timestamp' as payload from realtime.messages;

set local role vaultbook_ledger;
insert into public.vaults (owner, vault_address, token_account) values (repeat('A', 43), repeat('B', 43), repeat('C', 43));
set local role postgres;
select is_empty('select * from sent', 'A vault that comes to be is not announced');

set local role vaultbook_ledger;
update public.vaults set total_balance = 9007199254740993, locked_balance = 1, available_balance = 9007199254740992;
set local role postgres;
select results_eq(
    'table sent',
    $$values (
        'vault:' || repeat('A', 43), 'vault_updated', true,
        jsonb_build_object(
          'owner', repeat('A', 43), 'vault_address', repeat('B', 43), 'status', 'active', 'total_balance', '9007199254740993',
          'locked_balance', '1', 'available_balance', '9007199254740992', 'total_deposited', '0', 'total_withdrawn', '0'
        )
      )$$,
    'vault_updated goes to the owner, with balances as text'
  );
delete from realtime.messages;

set local role vaultbook_ledger;
insert into public.transactions (vault_owner, transaction_type, amount, balance_before, balance_after)
values (repeat('A', 43), 'deposit', 9007199254740993, 9007199254740993, 9007199254740993);
set local role postgres;
select results_eq(
    $$select topic, event, private, payload ->> 'amount', payload ->> 'balance_after', payload ?| '{total_after, locked_after}'
        from sent$$,
    $$values ('vault:' || repeat('A', 43), 'transaction_recorded', true, '9007199254740993', '9007199254740993', false)$$,
    'transaction_recorded goes to the owner, with amounts as text and without what the ledger keeps for itself'
  );
delete from realtime.messages;

set local role vaultbook_ledger;
update public.transactions set balance_before = 5, balance_after = 5, status = 'pending';
set local role postgres;
select is_empty('table sent', 'A row whose balances follow an earlier one is not announced again');
set local role vaultbook_ledger;
update public.transactions set status = 'failed', note = 'expired';
set local role postgres;
select results_eq(
    $$select topic, event, private, payload ->> 'status', payload ->> 'balance_after' from sent$$,
    $$values ('vault:' || repeat('A', 43), 'transaction_recorded', true, 'failed', '5')$$,
    'A row whose status changes is'
  );
delete from realtime.messages;

set local role service_role;
insert into public.alerts (severity, alert_type, message, vault_owner) values ('info', 'large_tx', 'Large', repeat('A', 43));
insert into public.alerts (severity, alert_type, message) values ('critical', 'ingest_stalled', 'Silence');
set local role postgres;
select results_eq(
    $$select topic, event, private, payload ->> 'message' from sent order by topic, 4$$,
    $$values
      ('alerts:' || repeat('A', 43), 'alert_created', true, 'Large'),
      ('alerts:ops', 'alert_created', true, 'Large'),
      ('alerts:ops', 'alert_created', true, 'Silence')$$,
    'alert_created goes to the owner and to the operators, one of the system to the operators alone'
  );
delete from realtime.messages;

set local role service_role;
insert into public.tvl_snapshots (total_value_locked, active_vaults, total_locked, total_available)
values (9007199254740993, 1, 1, 9007199254740992);
set local role postgres;
select results_eq(
    'table sent',
    $$select 'tvl', 'tvl_updated', is_private,
             '{"total_value_locked": "9007199254740993", "active_vaults": 1, "total_locked": "1", "total_available": "9007199254740992"}'::jsonb
        from unnest(array[false, true]) as is_private order by 3$$,
    'tvl_updated goes to everybody, publicly and where nobody else can speak, with amounts as text'
  );

select * from finish();
rollback;
