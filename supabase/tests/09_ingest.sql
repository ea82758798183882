-- Ingest: the service's one way in. What comes of every kind of event is tested beside lib/ledger.
begin;
set local role postgres;
select plan(10);

select results_eq(
    $$select p.proowner::regrole::text, p.prosecdef, has_function_privilege('service_role', p.oid, 'execute')
        from pg_catalog.pg_proc as p where p.oid = 'vaultbook.ingest'::regproc$$,
    $$values ('vaultbook_ledger', true, true)$$,
    'ingest() works as the ledger, for the service'
  );
select ok(
    not has_function_privilege('service_role', 'vaultbook.receive'::regproc, 'execute'),
    'The service does not receive without settling'
  );

set local role service_role;
select is_empty($$select * from vaultbook.ingest('webhook', '\x5b5d', '[]')$$, 'A delivery of nothing has no settlements');
select is_empty($$select * from vaultbook.ingest('webhook', '\x5b5d', '[]')$$, 'Neither has its repetition');
select results_eq(
    'select source, body, times_received from vaultbook.deliveries',
    $$values ('webhook', '\x5b5d'::bytea, 2)$$,
    'Its bytes are kept once, and counted'
  );
prepare deliver (bytea, text) as
select outcome, code
  from vaultbook.ingest('webhook', $1, jsonb_build_array(jsonb_build_object(
         'position', 0, 'signature', 'one', 'slot', 1, 'transaction_index', 0, 'outcome', 'new', 'vaults', jsonb_build_array($2),
         'content_sha256', encode(sha256($2::bytea), 'hex'),
         'content', jsonb_build_object('failed', false, 'events', jsonb_build_array(jsonb_build_object(
           'ordinal', 0, 'kind', 'initialise', 'owner', repeat('A', 43), 'vault', $2, 'token_account', repeat('C', 43)
         )))
       )));
select results_eq($$execute deliver('1', repeat('B', 43))$$, $$values ('applied', null::text)$$, 'What is new is applied');
select results_eq($$execute deliver('2', repeat('B', 43))$$, $$values ('duplicate', null::text)$$, 'What is known is a duplicate');
select results_eq(
    $$execute deliver('3', repeat('D', 43))$$, $$values ('conflict', 'signature_has_other_content')$$,
    'The same signature with another content is a conflict'
  );
select results_eq(
    'select outcome, times_seen from vaultbook.inbox order by id', $$values ('applied', 2), ('conflict', 1)$$,
    'The inbox holds both contents'
  );
select throws_ok(
    $$select vaultbook.ingest('rumour', '', '[]')$$, '23514', null, 'A delivery from nowhere is refused'
  );

select * from finish();
rollback;
