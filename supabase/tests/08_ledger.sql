-- The ledger: its functions belong to its role, and nobody else runs them one by one. What they do is tested through ingest.
begin;
set local role postgres;
select plan(4);

select is_empty(
    $$select p.oid::regprocedure from pg_catalog.pg_proc as p
       where p.pronamespace = 'vaultbook'::regnamespace
         and p.prosrc ~* '(insert into|update|delete from) (public\.(vaults|transactions)|vaultbook\.(inbox|deliveries|status_changes|landings|lost_landings|compensations))'
         and p.proowner <> 'vaultbook_ledger'::regrole$$,
    'Every function that writes the ledger belongs to vaultbook_ledger'
  );
select is_empty(
    $$select p.oid::regprocedure from pg_catalog.pg_proc as p
       where p.proowner = 'vaultbook_ledger'::regrole and p.prosecdef
         and p.oid not in ('vaultbook.ingest'::regproc, 'vaultbook.roll_back'::regproc, 'vaultbook.open_pending'::regproc,
                           'vaultbook.attach_signature'::regproc, 'vaultbook.expire_pending'::regproc, 'vaultbook.raise_alerts'::regproc,
                           'vaultbook.acknowledge_alert'::regproc, 'vaultbook.close_quarantine_alerts'::regproc,
                           'vaultbook.resolve_item'::regproc, 'vaultbook.item_to_replay'::regproc, 'vaultbook.note_replay'::regproc,
                           'vaultbook.start_job'::regproc, 'vaultbook.hold_job'::regproc,
                           'vaultbook.finish_job'::regproc, 'vaultbook.begin_scan'::regproc, 'vaultbook.note_page'::regproc,
                           'vaultbook.finalize_sighted'::regproc, 'vaultbook.next_sightings'::regproc,
                           'vaultbook.settle_sightings'::regproc, 'vaultbook.ask_for'::regproc, 'vaultbook.ask_for_unread'::regproc,
                           'vaultbook.unproven_landings'::regproc, 'vaultbook.doubt'::regproc, 'vaultbook.believe'::regproc,
                           'vaultbook.judge_silence'::regproc, 'vaultbook.want_vault'::regproc, 'vaultbook.want_unknown_vaults'::regproc,
                           'vaultbook.want_new_vaults'::regproc,
                           'vaultbook.vault_is_swept'::regproc, 'vaultbook.forget_sightings'::regproc,
                           'vaultbook.begin_reconciliation'::regproc, 'vaultbook.next_vaults'::regproc, 'vaultbook.note_vaults'::regproc,
                           'vaultbook.next_suspects'::regproc, 'vaultbook.judge_suspects'::regproc, 'vaultbook.note_repair'::regproc,
                           'vaultbook.unread_of'::regproc, 'vaultbook.is_understood'::regproc, 'vaultbook.end_reconciliation'::regproc,
                           'vaultbook.take_snapshots'::regproc, 'vaultbook.take_tvl'::regproc,
                           'vaultbook.balance_as_of'::regproc, 'vaultbook.retain'::regproc, 'vaultbook.recount_totals'::regproc)$$,
    'The ledger is entered by ingest(), roll_back(), what concerns pending rows, jobs, sweep, reconciliation and snapshots, alerts, and what a person decides only'
  );
select set_eq(
    $$select p.oid::regprocedure::text, r.rolname::text
        from pg_catalog.pg_proc as p
       cross join pg_catalog.pg_roles as r
       where p.pronamespace = 'vaultbook'::regnamespace and r.rolname in ('anon', 'authenticated')
         and has_function_privilege(r.oid, p.oid, 'execute')$$,
    $$values ('vaultbook.first_visible_owner()', 'authenticated'), ('vaultbook.last_visible_owner()', 'authenticated')$$,
    'anon and authenticated run nothing in vaultbook but what the policies ask'
  );
select results_eq(
    $$select p.oid::regproc::text
        from pg_catalog.pg_proc as p
       where p.proowner = 'vaultbook_ledger'::regrole and has_function_privilege('service_role', p.oid, 'execute')
       order by 1$$,
    $$values ('vaultbook.acknowledge_alert'), ('vaultbook.ask_for'), ('vaultbook.ask_for_unread'), ('vaultbook.attach_signature'),
             ('vaultbook.balance_as_of'), ('vaultbook.begin_reconciliation'), ('vaultbook.begin_scan'), ('vaultbook.believe'), ('vaultbook.close_quarantine_alerts'), ('vaultbook.doubt'),
             ('vaultbook.end_reconciliation'), ('vaultbook.expire_pending'), ('vaultbook.finalize_sighted'),
             ('vaultbook.finish_job'), ('vaultbook.forget_sightings'), ('vaultbook.hold_job'), ('vaultbook.ingest'),
             ('vaultbook.is_understood'), ('vaultbook.item_to_replay'), ('vaultbook.judge_silence'), ('vaultbook.judge_suspects'), ('vaultbook.next_sightings'),
             ('vaultbook.next_suspects'), ('vaultbook.next_vaults'), ('vaultbook.note_page'), ('vaultbook.note_repair'), ('vaultbook.note_replay'),
             ('vaultbook.note_vaults'), ('vaultbook.open_pending'), ('vaultbook.resolve_item'), ('vaultbook.retain'), ('vaultbook.roll_back'), ('vaultbook.settle_sightings'),
             ('vaultbook.start_job'), ('vaultbook.take_snapshots'), ('vaultbook.take_tvl'), ('vaultbook.ticks_between'),
             ('vaultbook.unproven_landings'), ('vaultbook.unread_of'),
             ('vaultbook.vault_is_swept'), ('vaultbook.want_new_vaults'), ('vaultbook.want_unknown_vaults'), ('vaultbook.want_vault')$$,
    'The service runs no part of the ledger''s work alone'
  );

select * from finish();
rollback;
