-- What stays parked is told of, until it is settled.
begin;
set local role postgres;
select plan(6);

create function pg_temp.deliver(p_kind text) returns text
language sql as $$
  select s.outcome from vaultbook.ingest('webhook', convert_to(p_kind, 'UTF8'), jsonb_build_array(jsonb_build_object(
           'position', 1, 'signature', 's' || p_kind, 'slot', case p_kind when 'initialise' then 1 else 2 end, 'transaction_index', 0, 'outcome', 'new',
           'vaults', jsonb_build_array(repeat('V', 43)), 'content_sha256', '00',
           'content', jsonb_build_object('failed', false, 'events', jsonb_build_array(
             jsonb_build_object('ordinal', 0, 'kind', p_kind, 'owner', repeat('A', 43), 'vault', repeat('V', 43),
                                'token_account', repeat('T', 43), 'amount', '5')))
         ))) as s
$$;
select is(pg_temp.deliver('deposit'), 'parked', 'A deposit into a vault that nobody knows');
set local role service_role;
create function pg_temp.told() returns table (subject text, parked text, signature text, is_open boolean)
language sql as $$
  select a.subject, a.data ->> 'parked', a.data ->> 'signature', a.resolved_at is null from public.alerts as a where a.alert_type = 'gap_detected'
$$;
select vaultbook.judge_parked(clock_timestamp() + interval '9 minutes');
select is_empty('select * from pg_temp.told()', 'waits for ten minutes in silence');
select vaultbook.judge_parked(clock_timestamp() + interval '11 minutes');
select vaultbook.judge_parked(clock_timestamp() + interval '12 minutes');
select results_eq('select * from pg_temp.told()', $$values ('inbox', '1', 'sdeposit', true)$$, 'and is told of then, once');
set local role postgres;
select is(pg_temp.deliver('initialise'), 'applied', 'The vault comes to be');
set local role service_role;
select vaultbook.judge_parked(clock_timestamp() + interval '13 minutes');
select results_eq('select is_open from pg_temp.told()', 'values (false)', 'and it is over');
select is((select total_balance from public.vaults), 5::bigint, 'Nothing was lost');

select * from finish();
rollback;
