-- Finality: what was sighted on the finalized chain becomes final in the ledger, and what is not there is taken back.

create view vaultbook.final_where_they_lie as
select s.signature, s.slot, s.transaction_index as sighted_index, i.id as inbox_id, i.transaction_index, i.vaults
  from vaultbook.sightings as s
  join vaultbook.inbox as i
    on i.signature = s.signature and i.outcome <> 'conflict'
   and i.slot = s.slot and i.content is not null and i.transaction_index is not null
   -- That a delivery shows nothing of ours, and the chain lists it, wants another look.
   and i.outcome in ('applied', 'failed', 'parked')
   and (s.transaction_index = i.transaction_index) is not false
   and s.failed = (i.content -> 'failed')::boolean
 where s.settled_at is null
   -- Of a signature with two contents the chain has to say which is true.
   and not exists (select from vaultbook.inbox as other where other.signature = s.signature and other.outcome = 'conflict');
comment on view vaultbook.final_where_they_lie is 'What the finalized chain was seen to hold at the very place where the ledger has it.';
comment on column vaultbook.final_where_they_lie.signature is 'The Solana transaction';
comment on column vaultbook.final_where_they_lie.slot is 'Slot of its block';
comment on column vaultbook.final_where_they_lie.sighted_index is 'Place in its block, where the chain''s list says it';
comment on column vaultbook.final_where_they_lie.inbox_id is 'Its row in the inbox';
comment on column vaultbook.final_where_they_lie.transaction_index is 'Place in its block, as it was delivered';
comment on column vaultbook.final_where_they_lie.vaults is 'Addresses of the vaults it touches';

create function vaultbook.finalize_sighted(p_limit integer) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  known record;
  due_ids bigint[];
  addresses text[];
begin
  select array_agg(distinct d.inbox_id), coalesce(array_agg(distinct a.address) filter (where a.address is not null), '{}')
    into due_ids, addresses
    from (
      select f.inbox_id, f.vaults from vaultbook.final_where_they_lie as f
       order by f.slot, f.sighted_index, f.signature
       limit p_limit
    ) as d
    left join lateral unnest(d.vaults) as a (address) on true;
  if due_ids is null then
    return 0;
  end if;
  -- As ingest() does: or a row that is being written would not be seen, and stay unfinal.
  perform vaultbook.lock_vaults(addresses, false);
  with due as materialized (
    select f.signature, f.slot, f.inbox_id, f.transaction_index
      from vaultbook.final_where_they_lie as f
     where f.inbox_id = any (due_ids)
  ), final as (
    update vaultbook.inbox as i set finalized_at = now() from due as d where i.id = d.inbox_id and i.finalized_at is null
  ), landed as (
    update vaultbook.landings as l set finalized = true
      from due as d
     where l.signature = d.signature and l.slot = d.slot and l.transaction_index = d.transaction_index and not l.finalized
  ), confirmed as (
    update public.transactions as t set finalized_at = now(), updated_at = now()
      from due as d
     where t.signature = d.signature and t.rolled_back_at is null and t.slot is not null and t.finalized_at is null
  ), settled as (
    update vaultbook.sightings as s set settled_at = clock_timestamp() from due as d where s.signature = d.signature and s.slot = d.slot
    returning 1
  )
  select count(*)::integer as sightings into known from settled as s;
  return known.sightings;
end
$$;
comment on function vaultbook.finalize_sighted(integer) is
  'Makes final what the ledger has at the very place where the finalized chain shows it, the oldest first, and settles those sightings. '
  'Returns how many; all others have to be fetched.';
alter function vaultbook.finalize_sighted(integer) owner to vaultbook_ledger;

create function vaultbook.next_sightings(p_since timestamptz, p_limit integer) returns setof vaultbook.sightings
language plpgsql
security definer
set search_path = ''
as $$
begin
  return query
    select s.*
      from vaultbook.sightings as s
     where s.settled_at is null
       -- All of a scan first, so that a history is applied from its beginning.
       and not exists (select from vaultbook.scans as open where open.id = s.scan_id and open.finished_at is null)
       and (s.tried_at is null or s.tried_at < p_since)
       -- What several runs could not fetch is tried more and more seldom: a minute, two, four, up to a day.
       and (
         s.attempts < 5
         or s.tried_at < clock_timestamp() - least(interval '1 day', interval '1 minute' * 2 ^ least(s.attempts - 5, 11))
       )
     order by s.slot, s.transaction_index, s.signature
     limit p_limit;
end
$$;
comment on function vaultbook.next_sightings(timestamptz, integer) is
  'What is to be fetched, oldest first: sighted by a scan that has ended or asked for, and not tried since p_since.';
alter function vaultbook.next_sightings(timestamptz, integer) owner to vaultbook_ledger;

create function vaultbook.settle_sightings(p_sightings jsonb) returns void
language sql
security definer
set search_path = ''
as $$
  update vaultbook.sightings as s
     set tried_at = clock_timestamp(),
         settled_at = case when t.problem is null then clock_timestamp() end,
         attempts = s.attempts + (t.problem is not null)::integer,
         problem = t.problem
    from jsonb_to_recordset(p_sightings) as t (signature text, slot bigint, problem text)
   where s.signature = t.signature and s.slot = t.slot and s.settled_at is null
$$;
comment on function vaultbook.settle_sightings(jsonb) is
  'Takes a JSON array of {"signature", "slot", "problem"}: what the ledger has now, and what could not be fetched and why.';
alter function vaultbook.settle_sightings(jsonb) owner to vaultbook_ledger;

create function vaultbook.ask_for(p_rows jsonb, p_source integer) returns integer
language sql
security definer
set search_path = ''
as $$
  select vaultbook.sight(array(select r from jsonb_populate_recordset(null::vaultbook.history_row, p_rows) as r), p_source, null)
$$;
comment on function vaultbook.ask_for(jsonb, integer) is
  'Keeps transactions to be fetched that no scan showed, as a JSON array of vaultbook.history_row. Returns how many are new or known better.';
alter function vaultbook.ask_for(jsonb, integer) owner to vaultbook_ledger;

create function vaultbook.ask_for_unread(p_tip_slot bigint, p_limit integer) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  asked integer;
begin
  insert into vaultbook.sightings (signature, slot, source)
  select i.signature, coalesce(i.slot, 0), 1
    from vaultbook.inbox as i
   where i.outcome = 'parked' and i.content is null and i.signature is not null and coalesce(i.slot, 0) <= p_tip_slot
     -- By slot or not: what the chain had no more to say about is not asked again.
     and not exists (select from vaultbook.sightings as s where s.signature = i.signature)
   order by i.id
   limit p_limit
  on conflict do nothing;
  get diagnostics asked = row_count;
  -- Of two contents the chain has to say which is true, also where only its place was seen.
  insert into vaultbook.sightings as s (signature, slot, source)
  select distinct known.signature, known.slot, 1
    from vaultbook.inbox as other
    join vaultbook.inbox as known on known.signature = other.signature and known.outcome <> 'conflict'
   where other.outcome = 'conflict' and known.proven_at is null and known.slot <= p_tip_slot
   limit p_limit
  on conflict (signature, slot) do update set settled_at = null where s.settled_at is not null;
  return asked;
end
$$;
comment on function vaultbook.ask_for_unread(bigint, integer) is
  'Asks for the transactions up to a finalized slot whose delivery did not carry all that is needed to read them. Returns how many.';
alter function vaultbook.ask_for_unread(bigint, integer) owner to vaultbook_ledger;
