-- The webhook's registration: one alert while something is not as it has to be, resolved by a clean check.
begin;
set local role postgres;
select plan(5);

set local role service_role;
create function pg_temp.told() returns table (severity text, message text, problems jsonb, is_open boolean)
language sql as $$
  select a.severity, a.message, a.data -> 'problems', a.resolved_at is null
    from public.alerts as a where a.alert_type = 'gap_detected' and a.subject = 'webhook'
$$;
select lives_ok($$select vaultbook.note_webhook_check('[]')$$, 'All is well');
select is_empty('select * from pg_temp.told()', 'and nothing is told');
select vaultbook.note_webhook_check('["it is turned off", "it misses 2 of 3 vaults"]');
select results_eq(
    'select * from pg_temp.told()',
    $$values ('warning', 'The webhook is not registered as it has to be: it is turned off', '["it is turned off", "it misses 2 of 3 vaults"]'::jsonb, true)$$,
    'What is not well is told, the worst first'
  );
select vaultbook.note_webhook_check('["it misses 2 of 3 vaults"]');
select results_eq(
    'select * from pg_temp.told()',
    $$values ('warning', 'The webhook is not registered as it has to be: it misses 2 of 3 vaults', '["it misses 2 of 3 vaults"]'::jsonb, true)$$,
    'once, as it is now'
  );
select vaultbook.note_webhook_check('[]');
select results_eq('select is_open from pg_temp.told()', 'values (false)', 'until all is well');

select * from finish();
rollback;
