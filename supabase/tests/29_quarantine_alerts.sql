-- Quarantine: events that the IDL does not know have an alert of their own, and each alert ends with what it is about.
begin;
set local role postgres;
select plan(9);

create function pg_temp.deliver(codes text[]) returns void
language plpgsql as $$
begin
  set local role service_role;
  perform vaultbook.ingest('webhook', convert_to(codes::text, 'UTF8'), (
    select jsonb_agg(jsonb_build_object(
             'position', c.position, 'signature', 's' || c.code || c.position, 'slot', c.position, 'transaction_index', 0,
             'outcome', 'quarantined', 'code', c.code, 'reason', 'cut', 'vaults', '[]'::jsonb))
      from unnest(codes) with ordinality as c (code, position)));
  set local role postgres;
end
$$;
create function pg_temp.open() returns table (alert_type text, severity text, subject text, count bigint, code text)
language sql as $$
  select a.alert_type::text, a.severity::text, a.subject::text, (a.data ->> 'count')::bigint, a.data ->> 'code'
    from public.alerts as a where not a.acknowledged and a.resolved_at is null
$$;
create function pg_temp.resolve(wanted text) returns void
language plpgsql as $$
begin
  set local role service_role;
  perform vaultbook.resolve_item(i.id, 'ops', 'looked at') from vaultbook.inbox as i where i.code = wanted;
  set local role postgres;
end
$$;

select pg_temp.deliver('{undecodable_event}');
select results_eq(
    'select * from pg_temp.open()', $$values ('undecodable_event', 'critical', 'inbox', 1::bigint, 'undecodable_event')$$,
    'An event that is not in the IDL is critical, and nothing else is told'
  );
select is(
    (select a.message from public.alerts as a where a.alert_type = 'undecodable_event'),
    'The vault program logged an event that is not in its IDL, which may have changed', 'It says what may be wrong'
  );
select pg_temp.deliver('{undecodable_event}');
select is((select o.count from pg_temp.open() as o), 1::bigint, 'The same again is no news');
select pg_temp.deliver('{malformed,undecodable_event,malformed}');
select set_eq(
    'select * from pg_temp.open()',
    $$values ('undecodable_event', 'critical', 'inbox', 2::bigint, 'undecodable_event'), ('quarantined', 'warning', 'inbox', 2, 'malformed')$$,
    'Of a mixed delivery each is counted where it belongs'
  );
select pg_temp.resolve('malformed');
select results_eq(
    'select o.alert_type from pg_temp.open() as o', $$values ('undecodable_event')$$, 'What was malformed is seen to; that alert alone is over'
  );
select pg_temp.resolve('undecodable_event');
select is_empty('select * from pg_temp.open()', 'and so is the other one after its own');
select is((select count(*) from public.alerts), 2::bigint, 'Two alerts in all');

-- What comes again, and can be read then.
select pg_temp.deliver('{no_log}');
set local role service_role;
select vaultbook.close_quarantine_alerts();
select is((select count(*) from public.alerts where resolved_at is null), 1::bigint, 'It is told of while it cannot be read');
select vaultbook.ingest('webhook', 'again', jsonb_build_array(jsonb_build_object(
         'position', 1, 'signature', 'sno_log1', 'slot', 1, 'transaction_index', 0, 'outcome', 'new', 'vaults', '[]'::jsonb,
         'content_sha256', '00', 'content', jsonb_build_object('failed', false, 'events', '[]'::jsonb))));
select vaultbook.close_quarantine_alerts();
select is((select count(*) from public.alerts where resolved_at is null), 0::bigint, 'and no longer once it can');
set local role postgres;

select * from finish();
rollback;
