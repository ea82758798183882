-- Alerts: the user's design to the letter, the rules' defaults, and one open alert per type and subject.
begin;
set local role postgres;
select plan(41);

select results_eq(
    $$select a.attname::text collate "default", format_type(a.atttypid, a.atttypmod), a.attnotnull,
             pg_get_expr(d.adbin, d.adrelid) collate "default"
        from pg_catalog.pg_attribute as a
        left join pg_catalog.pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
       where a.attrelid = 'public.alerts'::regclass and a.attnum between 1 and 9
       order by a.attnum$$,
    $$values
      ('id', 'uuid', true, 'gen_random_uuid()'),
      ('severity', 'character varying(20)', true, null),
      ('alert_type', 'character varying(50)', true, null),
      ('vault_owner', 'character varying(64)', false, null),
      ('message', 'text', true, null),
      ('data', 'jsonb', false, null),
      ('acknowledged', 'boolean', true, 'false'),
      ('created_at', 'timestamp with time zone', true, 'now()'),
      ('acknowledged_at', 'timestamp with time zone', false, null)$$,
    'alerts begins with the design''s columns: names, types, not null, defaults, order'
  );
select is_empty(
    $$select note.column_name
        from (values
          ('id', 'Unique alert ID'),
          ('severity', 'Severity: info, warning, critical'),
          ('alert_type', 'Type: low_balance, large_tx, failed_tx, etc.'),
          ('vault_owner', 'Related vault owner (NULL for system alerts)'),
          ('message', 'Human-readable alert message'),
          ('data', 'Additional data as JSON'),
          ('acknowledged', 'Whether alert has been acknowledged'),
          ('created_at', 'When alert was created'),
          ('acknowledged_at', 'When alert was acknowledged')
        ) as note (column_name, words)
        join pg_catalog.pg_attribute as a on a.attrelid = 'public.alerts'::regclass and a.attname = note.column_name
       where not coalesce(starts_with(col_description(a.attrelid, a.attnum), note.words), false)$$,
    'Every column carries the design''s note'
  );
select is(obj_description('public.alerts'::regclass, 'pg_class'),
          'System alerts for monitoring and notifications. Can be vault-specific or system-wide.',
          'The table carries the design''s note');
select is_empty(
    $$select attname from pg_catalog.pg_attribute
       where attrelid = 'public.alerts'::regclass and attnum > 9 and attnotnull and not atthasdef$$,
    'A row of the design''s columns alone can be written'
  );
select col_is_pk('public', 'alerts', 'id', 'An alert is known by its id');
select fk_ok('public', 'alerts', 'vault_owner', 'public', 'vaults', 'owner', 'An alert belongs to a vault');
select has_index('public', 'alerts', 'idx_alerts_unacknowledged', '{acknowledged, created_at}'::name[],
                 'idx_alerts_unacknowledged(acknowledged, created_at)');
select has_index('public', 'alerts', 'idx_alerts_severity', '{severity, created_at}'::name[],
                 'idx_alerts_severity(severity, created_at)');

-- The rules
select results_eq(
    $$select alert_type::text, severity::text, enabled, threshold, cooldown from public.alert_rules order by alert_type$$,
    $$values
      ('conflict', 'critical', true, null::bigint, interval '0'),
      ('failed_tx', 'warning', true, null, '0'),
      ('gap_detected', 'warning', true, null, '0'),
      ('ingest_stalled', 'critical', true, 300, '0'),
      ('invariant_violation', 'critical', true, null, '0'),
      ('job_failed', 'warning', true, 3600, '0'),
      ('large_tx', 'info', true, 10000000000, '0'),
      ('low_balance', 'warning', true, 100000000, '0'),
      ('quarantined', 'warning', true, null, '0'),
      ('reconcile_mismatch', 'critical', true, 0, '0'),
      ('rolled_back', 'critical', true, null, '0'),
      ('token_surplus', 'info', true, null, '0'),
      ('undecodable_event', 'critical', true, null, '0'),
      ('unknown_authority', 'critical', true, null, '0'),
      ('vault_closed', 'info', true, null, '0'),
      ('vault_paused', 'warning', true, null, '0'),
      ('webhook_unauthorized', 'warning', true, null, '0')$$,
    'Every type has a rule; low_balance is below 100 USDT, large_tx from 10 000 USDT'
  );
select throws_ok(
    format('update public.alert_rules set %s where alert_type = ''low_balance''', change), '23514',
    format('new row for relation "alert_rules" violates check constraint "%s"', broken), format('%s breaks %s', change, broken)
  )
  from (values
    ($$severity = 'loud'$$, 'alert_rules_severity_is_known'),
    ('threshold = -1', 'alert_rules_threshold_is_not_negative'),
    ($$cooldown = '-1 second'$$, 'alert_rules_cooldown_is_not_negative')
  ) as refused (change, broken);

-- What the constraints refuse
set local role service_role;
select lives_ok(
    $$insert into public.alerts (severity, alert_type, message) values ('critical', 'ingest_stalled', 'Nothing came in')$$,
    'A system alert has no vault'
  );
select results_eq(
    'select acknowledged, acknowledged_at is null, created_at = now(), subject collate "default", resolved_at is null from public.alerts',
    $$values (false, true, true, 'system', true)$$,
    'It begins open, now'
  );
select throws_ok(
    'update public.alerts set ' || change, '23514',
    format('new row for relation "alerts" violates check constraint "%s"', broken), format('%s breaks %s', change, broken)
  )
  from (values
    ($$severity = 'loud'$$, 'alerts_severity_is_known'),
    ($$alert_type = 'gossip'$$, 'alerts_type_is_known'),
    ('acknowledged = true', 'alerts_are_acknowledged_at_a_time'),
    ('acknowledged_at = now()', 'alerts_are_acknowledged_at_a_time')
  ) as refused (change, broken);
select lives_ok(format('update public.alerts set severity = %L', severity), format('An alert may be of severity %s', severity))
  from unnest('{info, warning, critical}'::text[]) as severity;
select throws_ok(
    $$insert into public.alerts (severity, alert_type, message) values ('info', 'ingest_stalled', 'Nothing came in')$$, '23505',
    'duplicate key value violates unique constraint "alerts_are_open_once_per_type_and_subject"',
    'A second open alert of one type and subject is refused'
  );
select throws_ok(
    $$update public.alerts set vault_owner = repeat('Z', 43)$$, '23503', null, 'An alert of an unknown vault is refused'
  );
update public.alerts set acknowledged = true, acknowledged_at = now();
select lives_ok(
    $$insert into public.alerts (severity, alert_type, message) values ('info', 'ingest_stalled', 'Nothing came in')$$,
    'Once it is acknowledged, it may be raised anew'
  );

-- Raising
set local role vaultbook_ledger;
prepare happen (text, text) as
select vaultbook.raise_alerts(array[row ($1, $2, null, 'Words', '{"amount": "5"}')]::vaultbook.occurrence[]);
prepare alerts_of (text) as
select severity::text, message, data - 'last_at', acknowledged from public.alerts where subject = $1 order by created_at, data ->> 'count';

select results_eq($$execute happen('conflict', 'a')$$, array[1], 'What happened is raised');
select results_eq(
    $$execute alerts_of('a')$$, $$values ('critical', 'Words', '{"amount": "5", "count": 1}'::jsonb, false)$$,
    'with the severity that its rule says, and counted'
  );
select results_eq($$execute happen('conflict', 'a')$$, array[1], 'What happened again is raised');
select results_eq(
    $$execute alerts_of('a')$$, $$values ('critical', 'Words', '{"amount": "5", "count": 2}'::jsonb, false)$$,
    'in the alert that is open already'
  );
select results_eq($$execute happen('conflict', 'b')$$, array[1], 'On another subject it is another alert');
set local role postgres;
update public.alert_rules set enabled = false where alert_type = 'conflict';
select results_eq($$execute happen('conflict', 'c')$$, array[0], 'What its rule switched off is not raised');
update public.alert_rules set enabled = true, cooldown = '1 hour' where alert_type = 'conflict';
set local role service_role;
update public.alerts set acknowledged = true, acknowledged_at = now() - interval '59 minutes' where subject = 'a';
update public.alerts set acknowledged = true, acknowledged_at = now() - interval '61 minutes' where subject = 'b';
set local role vaultbook_ledger;
select results_eq($$execute happen('conflict', 'a')$$, array[0], 'During the cooldown it is quiet');
select results_eq($$execute happen('conflict', 'b')$$, array[1], 'After the cooldown it is raised anew');
update public.alerts set resolved_at = now() - interval '59 minutes' where subject = 'b' and not acknowledged;
select results_eq($$execute happen('conflict', 'b')$$, array[0], 'What was resolved has its cooldown too');
select results_eq(
    $$select vaultbook.raise_alerts(array[row ('failed_tx', 'd', null, 'Words', null)]::vaultbook.occurrence[])$$, array[1],
    'It may come without data'
  );
select results_eq($$execute alerts_of('d')$$, $$values ('warning', 'Words', '{"count": 1}'::jsonb, false)$$, 'and is counted all the same');

-- Seen to.
prepare seen(text, text) as
  select a.acknowledged_by from vaultbook.acknowledge_alert((select id from public.alerts where subject = 'd'), $1, $2) as a;
select is_empty($$execute seen('somebody', 'somebody')$$, 'Nobody sees to an alert of somebody else');
select results_eq($$execute seen(null, 'first')$$, array['first'], 'Who saw to it is noted');
select results_eq($$execute seen(null, 'second')$$, array['first'], 'and stays');
select is_empty($$select vaultbook.acknowledge_alert(gen_random_uuid(), null, 'first')$$, 'What is not there is not seen to');

-- Whose failing must stop nothing, and whose failing must be repeated.
set local role postgres;
create function pg_temp.refuse() returns trigger language plpgsql as $$ begin raise 'Refused' using errcode = tg_argv[0]; end $$;
create trigger refuse_for_good before insert on public.alerts for each row when (new.subject = 'good') execute function pg_temp.refuse('22000');
create trigger refuse_for_now before insert on public.alerts for each row when (new.subject = 'now') execute function pg_temp.refuse('40001');
set local role vaultbook_ledger;
select vaultbook.try_alert(row ('conflict', 'good', null, 'Words', null)::vaultbook.occurrence);
set local role postgres;
select results_eq(
    $$select code, message from vaultbook.alert_failures$$, $$values ('22000', 'Refused')$$, 'An alert that fails is noted'
  );
set local role vaultbook_ledger;
select throws_ok(
    $$select vaultbook.try_alert(row ('conflict', 'now', null, 'Words', null)::vaultbook.occurrence)$$, '40001', 'Refused',
    'unless the whole call has to be repeated'
  );

select * from finish();
rollback;
