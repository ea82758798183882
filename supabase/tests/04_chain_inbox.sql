-- The chain inbox: bytes are kept once, a signature is accepted once, every item says what became of it.
begin;
set local role postgres;
select plan(28);

select col_is_pk('vaultbook', 'deliveries', 'id', 'A delivery is known by its id');
select col_is_pk('vaultbook', 'inbox', 'id', 'An item is known by its id');
select col_is_pk('vaultbook', 'status_changes', 'id', 'Changes of status are kept in their order of arrival');
select fk_ok('vaultbook', 'inbox', 'delivery_id', 'vaultbook', 'deliveries', 'id', 'An item lies in a delivery');
select has_index('vaultbook', 'inbox', 'inbox_delivery_id_idx', '{delivery_id}'::name[], 'The items of a delivery are found by index');

-- Deliveries
set local role vaultbook_ledger;
insert into vaultbook.deliveries (source, body) values ('webhook', '\x5b5d');
select is(
    (select encode(body_sha256, 'hex') from vaultbook.deliveries),
    '4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945',
    'A body is known by its SHA-256'
  );
select throws_ok(
    $$insert into vaultbook.deliveries (source, body) values ('webhook', '\x5b5d')$$, '23505',
    'duplicate key value violates unique constraint "deliveries_are_kept_once"', 'The same bytes are kept once'
  );
select lives_ok(
    $$insert into vaultbook.deliveries (source, body) values ('sweep', '\x5b5d'), ('webhook', '\x00ff')$$,
    'Kept are other bytes, which need not be text, and the same ones from another source'
  );
select throws_ok(
    'update vaultbook.deliveries set ' || change, '23514',
    format('new row for relation "deliveries" violates check constraint "%s"', broken),
    format('%s breaks %s', change, broken)
  )
  from (values
    ($$source = 'rumour'$$, 'deliveries_source_is_known'),
    ('times_received = 0', 'deliveries_are_received_at_least_once')
  ) as refused (change, broken);

-- Items
prepare keep (text, text, text, text, integer) as
insert into vaultbook.inbox (signature, outcome, code, content, content_sha256, delivery_id, delivery_position)
values ($1, $2, $3, $4::jsonb, sha256($4::bytea), (select min(id) from vaultbook.deliveries), $5);
select lives_ok($$execute keep('first', 'applied', null, '{"failed": false, "events": []}', 0)$$, 'An item is kept');
select throws_ok(
    'update vaultbook.inbox set ' || change, '23514',
    format('new row for relation "inbox" violates check constraint "%s"', broken),
    format('%s breaks %s', change, broken)
  )
  from (values
    ($$outcome = 'duplicate', code = 'c'$$, 'inbox_outcome_is_known'),
    ($$outcome = 'ignored'$$, 'inbox_unapplied_items_say_why'),
    ($$outcome = 'parked'$$, 'inbox_unapplied_items_say_why'),
    ($$outcome = 'quarantined'$$, 'inbox_unapplied_items_say_why'),
    ($$outcome = 'conflict'$$, 'inbox_unapplied_items_say_why'),
    ('content_sha256 = null', 'inbox_content_has_a_digest'),
    ('content = null, content_sha256 = null', 'inbox_effects_have_content'),
    ('signature = null', 'inbox_effects_have_content'),
    ('times_seen = 0', 'inbox_items_are_seen_at_least_once')
  ) as refused (change, broken);
select throws_ok(
    'update vaultbook.inbox set delivery_id = -1', '23503', null, 'An item that lies in no delivery is refused'
  );
select throws_ok(
    $$execute keep('first', 'parked', 'c', '{"other": 1}', 1)$$, '23505',
    'duplicate key value violates unique constraint "inbox_signature_is_accepted_once"', 'A signature is accepted once'
  );
select lives_ok($$execute keep('first', 'conflict', 'c', '{"other": 1}', 1)$$, 'Another content of it is kept as a conflict');
select lives_ok($$execute keep('first', 'conflict', 'c', '{"other": 2}', 2)$$, 'And so is a third');
select throws_ok(
    $$execute keep('first', 'conflict', 'c', '{"other": 1}', 3)$$, '23505',
    'duplicate key value violates unique constraint "inbox_conflict_is_kept_once"', 'But each other content once'
  );
select lives_ok($$execute keep(null, 'quarantined', 'malformed', null, 4)$$, 'An item without a signature is kept');
select lives_ok($$execute keep(null, 'quarantined', 'malformed', null, 5)$$, 'And so is another one beside it');
select throws_ok(
    $$execute keep(null, 'quarantined', 'malformed', null, 4)$$, '23505',
    'duplicate key value violates unique constraint "inbox_nameless_item_is_kept_once"', 'But each place in a delivery once'
  );

select * from finish();
rollback;
