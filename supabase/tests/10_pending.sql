-- Pending: the service's way to announce, sign and expire. What the chain makes of it is tested beside lib/ledger.
begin;
set local role postgres;
select plan(53);

-- Who may
select results_eq(
    format('select p.proowner::regrole::text, p.prosecdef from pg_catalog.pg_proc as p where p.oid = %L::regproc', name),
    $$values ('vaultbook_ledger', true)$$,
    format('%s() works as the ledger', name)
  )
  from unnest('{vaultbook.open_pending, vaultbook.attach_signature, vaultbook.expire_pending}'::text[]) as name;
select is(
    has_function_privilege(role, name::regproc, 'execute'), role = 'service_role',
    format('%s may%s run %s()', role, case when role = 'service_role' then '' else ' not' end, name)
  )
  from unnest('{vaultbook.open_pending, vaultbook.attach_signature, vaultbook.expire_pending}'::text[]) as name
 cross join unnest('{anon, authenticated, service_role}'::text[]) as role;
select ok(
    not has_function_privilege('service_role', name::regproc, 'execute'), format('The service may not run %s()', name)
  )
  from unnest('{vaultbook.pending_id, vaultbook.locked_vault, vaultbook.pending_for, vaultbook.post}'::text[]) as name;

-- One key, one row
select matches(
    vaultbook.pending_id(repeat('A', 43), 'key')::text, '^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
    'The id is a UUID of version 8'
  );
select is(count(distinct vaultbook.pending_id(owner, key)), 4::bigint, 'Another owner or another key has another id')
  from unnest(array[repeat('A', 43), repeat('B', 43)]) as owner
 cross join unnest('{key, "key "}'::text[]) as key;
select is(vaultbook.pending_id(repeat('A', 43), null), null, 'No key, no id');

set local role vaultbook_ledger;
insert into public.vaults (owner, vault_address, token_account, total_balance, locked_balance, available_balance, status)
values (repeat('A', 43), repeat('B', 43), repeat('C', 43), 100, 40, 60, 'active'),
       (repeat('E', 43), repeat('F', 43), repeat('G', 43), 0, 0, 0, 'active'),
       (repeat('P', 43), repeat('Q', 43), repeat('R', 43), 0, 0, 0, 'paused'),
       (repeat('X', 43), repeat('Y', 43), repeat('Z', 43), 0, 0, 0, 'closed');
set local role vaultbook_ledger;
select vaultbook.recount_totals();
set local role service_role;
prepare announce (text, text, bigint, text) as
select id from vaultbook.open_pending($1, $2, $3, $4, '10 minutes');

-- Announcing
select results_eq(
    $$select status::text, amount, balance_before, balance_after, num_nulls(signature, slot, confirmed_at), created_at = now(),
             expires_at - now()
        from vaultbook.open_pending(repeat('A', 43), 'withdrawal', 60, 'all of it', '10 minutes')$$,
    $$values ('pending', 60::bigint, 100::bigint, 100::bigint, 3, true, interval '10 minutes')$$,
    'A withdrawal is announced with the balance of the moment, and waits as long as was asked'
  );
select results_eq(
    $$select id, amount from vaultbook.open_pending(repeat('A', 43), 'withdrawal', 60, 'all of it', '10 minutes')$$,
    $$select id, amount from public.transactions$$,
    'The same again is the same row'
  );
select throws_ok(
    format('execute announce(repeat(%L, 43), %L, %s, %L)', owner, type, amount, key), code, null,
    format('%s of %s by %s under ''%s'' is refused with %s', type, amount, owner, key, code)
  )
  from (values
    ('N', 'deposit', 1, 'key', 'VB401'),
    ('X', 'deposit', 1, 'key', 'VB402'),
    ('P', 'deposit', 1, 'key', 'VB403'),
    ('A', 'deposit', 0, 'key', 'VB405'),
    ('A', 'deposit', -1, 'key', 'VB405'),
    ('A', 'withdrawal', 61, 'key', 'VB406'),
    ('E', 'withdrawal', 1, 'key', 'VB406'),
    ('A', 'withdrawal', 59, 'all of it', 'VB407'),
    ('A', 'deposit', 60, 'all of it', 'VB407'),
    ('A', 'lock', 1, 'key', '23514'),
    ('A', 'transfer_out', 1, 'key', '23514')
  ) as refused (owner, type, amount, key, code);
select throws_ok(
    $$select vaultbook.open_pending(repeat('A', 43), 'deposit', 1, null, '10 minutes')$$, '23502', null, 'An announcement needs a key'
  );
set local role vaultbook_ledger;
insert into vaultbook.status_changes (signature, event_index, slot, transaction_index, change, authority)
values ('pause', 0, 2, 0, 'pause', repeat('D', 43)), ('earlier', 0, 1, 0, 'resume', repeat('D', 43));
set local role service_role;
select throws_ok(
    $$execute announce(repeat('A', 43), 'deposit', 1, 'key')$$, 'VB404', null, 'Nothing is announced while the protocol is paused'
  );
select lives_ok(
    $$execute announce(repeat('A', 43), 'withdrawal', 60, 'all of it')$$, 'What was announced before is shown even then'
  );
set local role vaultbook_ledger;
insert into vaultbook.status_changes (signature, event_index, slot, transaction_index, change, authority)
values ('resume', 0, 3, 0, 'resume', repeat('D', 43));
set local role service_role;
select lives_ok(
    $$select vaultbook.open_pending(repeat('E', 43), 'deposit', 1, 'key ' || n, '10 minutes') from generate_series(1, 20) as n$$,
    'Twenty can be pending'
  );
select throws_ok($$execute announce(repeat('E', 43), 'deposit', 1, 'one more')$$, 'VB408', null, 'and no more');

-- Signing
create temporary table own as select id from public.transactions where vault_owner = repeat('A', 43);
prepare attach (uuid, text, text) as
select status::text, submitted_signature::text collate "default" from vaultbook.attach_signature($1, $2, $3);
prepare attach_own (text) as
select status::text, submitted_signature::text collate "default" from own, vaultbook.attach_signature(own.id, repeat('A', 43), $1);
select throws_ok(
    format('execute attach(%L, repeat(%L, 43), repeat(''S'', 88))', id, owner), 'VB411', null, 'Only its owner signs a row that is there'
  )
  from (select id, 'E' as owner from own union all select gen_random_uuid(), 'A') as stranger;
select throws_ok($$execute attach_own('no signature')$$, '23514', null, 'What is no signature is refused');
select results_eq($$execute attach_own(repeat('S', 88))$$, $$values ('pending', repeat('S', 88))$$, 'A signature is attached');
select results_eq($$execute attach_own(repeat('S', 88))$$, $$values ('pending', repeat('S', 88))$$, 'The same again changes nothing');
select throws_ok($$execute attach_own(repeat('T', 88))$$, 'VB412', null, 'Another one is refused');
select throws_ok(
    $$execute announce(repeat('A', 43), 'withdrawal', 1, 'key')$$, 'VB406', null, 'A signed withdrawal is no longer available'
  );
create temporary table next as select id from vaultbook.open_pending(repeat('A', 43), 'deposit', 1, 'next', '0');
select throws_ok(
    format('execute attach(%L, repeat(''A'', 43), repeat(''S'', 88))', id), 'VB413', null, 'A signature signs one row'
  )
  from next;
select throws_ok(
    format('execute attach(%L, repeat(''A'', 43), repeat(''T'', 88))', id), 'VB414', null, 'What nobody waits for is not signed'
  )
  from next;

-- Expiring
select results_eq('select vaultbook.expire_pending(10)', array[1], 'What nobody waits for expires');
select results_eq(
    $$select status::text, note, signature is null and slot is null and confirmed_at is null from public.transactions join next using (id)$$,
    $$values ('failed', 'expired', true)$$,
    'It has failed, and says why'
  );
select results_eq('select vaultbook.expire_pending(10)', array[0], 'It expires once');

-- Never counted
set local role postgres;
select is_empty('select * from vaultbook.thread', 'Nothing of this is in a thread');
select results_eq(
    $$select sum(total_balance), sum(locked_balance), sum(total_deposited), sum(total_withdrawn) from public.vaults$$,
    $$values (100::numeric, 40::numeric, 0::numeric, 0::numeric)$$,
    'Nothing of this is in a balance'
  );
select is_empty(
    $$select * from vaultbook.verify() where violations > 0 and invariant <> 'I4'$$, 'Nothing of this breaks an invariant'
  );

-- Who sees it
set local role authenticated;
select set_config('request.jwt.claims', jsonb_build_object('role', 'authenticated', 'wallet_address', repeat('A', 43))::text, true);
select results_eq(
    $$select distinct vault_owner::text collate "default", count(*) from public.vault_ledger group by 1$$,
    $$values (repeat('A', 43), 2::bigint)$$,
    'Owners see what they announced themselves'
  );

select * from finish();
rollback;
