-- Authorities: what a key signed that is not on the list is told of, once a key, and of what nobody could know nothing.
begin;
set local role postgres;
select plan(27);

set local role service_role;
create function pg_temp.address(name text) returns text
language sql immutable as $$ select repeat(name, 43) $$;
create function pg_temp.take(signature text, slot bigint, event jsonb, failed boolean default false) returns text
language sql as $$
  select s.outcome from vaultbook.ingest('webhook', '', jsonb_build_array(jsonb_build_object(
           'position', 1, 'signature', signature, 'slot', slot, 'transaction_index', 0, 'outcome', 'new',
           'vaults', jsonb_build_array(event ->> 'vault'), 'content_sha256', md5(signature),
           'content', jsonb_build_object('failed', failed, 'events', jsonb_build_array(event || '{"ordinal": 0}'))
         ))) as s
$$;
create function pg_temp.sign(signature text, slot bigint, kind text, owner text, authority text, failed boolean default false) returns text
language sql as $$
  select pg_temp.take(signature, slot, jsonb_build_object(
    'kind', kind, 'owner', pg_temp.address(owner), 'vault', pg_temp.address(translate(owner, 'AB', 'VW')), 'amount', '12345670000',
    'to_vault', case when kind = 'transfer' then pg_temp.address('W') end, 'authority', authority), failed)
$$;
create function pg_temp.told() returns table (subject text, count bigint, is_open boolean)
language sql as $$
  select a.subject::text, (a.data ->> 'count')::bigint, a.resolved_at is null
    from public.alerts as a where a.alert_type = 'unknown_authority' order by a.subject
$$;
select is(
    pg_temp.take('open ' || o, 1, jsonb_build_object('kind', 'initialise', 'owner', pg_temp.address(o),
                 'vault', pg_temp.address(translate(o, 'AB', 'VW')), 'token_account', pg_temp.address(translate(o, 'AB', 'TU')))),
    'applied', 'The vault of ' || o
  )
  from unnest('{A, B}'::text[]) as o;
select is(
    pg_temp.take('fill', 2, jsonb_build_object('kind', 'deposit', 'owner', pg_temp.address('A'), 'vault', pg_temp.address('V'),
                 'amount', '900000000000')),
    'applied', 'is filled'
  );

select is(pg_temp.sign('early', 3, 'lock', 'A', 'stranger'), 'applied', 'While no list is known');
select is_empty('select * from pg_temp.told()', 'nothing is judged');

-- Learnt
select is(vaultbook.list_authorities('learnt', '{keeper}', 10), 0::bigint, 'The chain shows a list');
select is(pg_temp.sign('right', 11, 'lock', 'A', 'keeper'), 'applied', 'Who is on it');
select is_empty('select * from pg_temp.told()', 'may lock');
select is(pg_temp.sign('no key', 12, 'lock', 'A', null), 'applied', 'Of what names no key');
select is(pg_temp.sign('refused', 13, 'lock', 'A', 'stranger', true), 'failed', 'and of what the program refused');
select is_empty('select * from pg_temp.told()', 'nothing is told');
select is(pg_temp.sign('wrong', 14, 'unlock', 'A', 'stranger'), 'applied', 'What another key signed is kept');
select results_eq(
    $$select a.severity::text collate "default", a.vault_owner::text collate "default", a.message, a.data
        from public.alerts as a where a.alert_type = 'unknown_authority'$$,
    $$values ('critical', null::text,
              'Unlock of 12,345.67 USDT in vault of ' || repeat('A', 43) || ' was signed by stranger, which is not on the list of authorities',
              jsonb_build_object('authority', 'stranger', 'signature', 'wrong', 'event_index', 0, 'slot', 14, 'transaction_type', 'unlock',
                                 'amount', '12345670000', 'vault_address', repeat('V', 43), 'vault_owner', repeat('A', 43),
                                 'counterparty', null, 'count', 1))$$,
    'as it is, and told to operators with all there is to know'
  );
select is(pg_temp.sign('wrong again', 15, 'transfer', 'A', 'stranger'), 'applied', 'Another one');
select is(pg_temp.sign('wrong again', 15, 'transfer', 'A', 'stranger'), 'duplicate', 'that comes twice');
select is(pg_temp.sign('other', 16, 'lock', 'A', 'another stranger'), 'applied', 'and one of another key');
select results_eq('select * from pg_temp.told()', $$values ('another stranger', 1::bigint, true), ('stranger', 2, true)$$,
                  'One alert is open for each key, and counts');
select is(vaultbook.list_authorities('learnt', '{keeper, stranger}', 9), 0::bigint, 'What a node shows that is behind changes nothing');
select is(vaultbook.list_authorities('learnt', '{keeper, stranger}', 20), 1::bigint, 'A key that was added before anybody heard of it');
select results_eq('select * from pg_temp.told()', $$values ('another stranger', 1::bigint, true), ('stranger', 2, false)$$,
                  'is made good');

-- Configured
select is(vaultbook.list_authorities('configured', '{another stranger}'), 1::bigint, 'What is configured goes before what is learnt');
select is(pg_temp.sign('now wrong', 21, 'lock', 'A', 'keeper'), 'applied', 'Who is on the chain''s list alone');
select results_eq('select * from pg_temp.told()',
                  $$values ('another stranger', 1::bigint, false), ('keeper', 1, true), ('stranger', 2, false)$$, 'is not known');
select is(vaultbook.list_authorities('configured', '{}'), 1::bigint, 'Without any configured, those of the chain count again');
select is(vaultbook.list_authorities('learnt', '{}', 30), 0::bigint, 'The chain may list nobody');
select is(pg_temp.sign('last', 31, 'unlock', 'A', 'keeper'), 'applied', 'Then nobody');
select is((select count(*) from pg_temp.told() as t where t.is_open), 1::bigint, 'may');

select * from finish();
rollback;
