-- Refusals: one alert of callers without the webhook's secret, counted, and over when they stop.
begin;
set local role postgres;
select plan(7);

set local role service_role;
create function pg_temp.told() returns table (message text, count bigint, is_open boolean)
language sql as $$
  select a.message, (a.data ->> 'count')::bigint, a.resolved_at is null from public.alerts as a where a.alert_type = 'webhook_unauthorized'
$$;
select lives_ok('select vaultbook.note_refusals(3, true)', 'Three were refused');
select lives_ok('select vaultbook.note_refusals(40, true)', 'and forty more');
select results_eq(
    'select * from pg_temp.told()',
    $$values ('Somebody calls the webhook with a wrong secret, and is refused', 43::bigint, true)$$, 'One alert counts them all'
  );
select is(vaultbook.settle_refusals(), 0::bigint, 'It lasts');
update public.alerts set created_at = now() - interval '2 hours', data = data || jsonb_build_object('last_at', now() - interval '59 minutes');
select is(vaultbook.settle_refusals(), 0::bigint, 'for an hour');
update public.alerts set data = data || jsonb_build_object('last_at', now() - interval '61 minutes');
select is(vaultbook.settle_refusals(), 1::bigint, 'after the last');
select vaultbook.note_refusals(1, false);
select set_eq(
    'select * from pg_temp.told()',
    $$values ('Somebody calls the webhook with a wrong secret, and is refused', 43::bigint, false),
             ('The webhook refuses every delivery: HELIUS_WEBHOOK_SECRETS is not set', 1, true)$$, 'The next is another one'
  );

select * from finish();
rollback;
