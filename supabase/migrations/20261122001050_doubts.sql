-- Doubts: what was delivered and is not on the finalized chain. One look is no proof, and no answer is no look.

create index inbox_unfinalized_idx on vaultbook.inbox (slot, id)
  where finalized_at is null and content is not null and outcome in ('applied', 'failed', 'parked');
comment on index vaultbook.inbox_unfinalized_idx is 'What the chain has still to confirm for good, oldest first.';

create index inbox_finalized_idx on vaultbook.inbox (slot) where finalized_at is not null and outcome in ('applied', 'failed');
comment on index vaultbook.inbox_finalized_idx is 'What is final around a slot.';

create table vaultbook.doubts (
  signature varchar(128) collate "C" not null,
  slot bigint not null,
  run_id uuid not null,
  runs integer not null default 1,
  first_doubted_at timestamptz not null default clock_timestamp(),
  last_doubted_at timestamptz not null default clock_timestamp(),
  constraint doubts_pkey primary key (signature, slot),
  constraint doubts_run_id_is_a_run foreign key (run_id) references public.job_runs (id) on delete restrict
);
create index doubts_run_id_idx on vaultbook.doubts (run_id);
comment on index vaultbook.doubts_run_id_idx is 'What a run did not find.';
comment on table vaultbook.doubts is
  'Landings that a sweep did not find on the finalized chain, although their slot is final. When the next one does not find them either they '
  'are rolled back.';
comment on column vaultbook.doubts.signature is 'The Solana transaction';
comment on column vaultbook.doubts.slot is 'The slot that it was delivered in';
comment on column vaultbook.doubts.run_id is 'The last sweep that did not find it';
comment on column vaultbook.doubts.runs is 'How many sweeps in a row did not find it';
comment on column vaultbook.doubts.first_doubted_at is 'When the first of them looked';
comment on column vaultbook.doubts.last_doubted_at is 'When the last of them looked';
alter table vaultbook.doubts enable row level security;
revoke all on vaultbook.doubts from public, anon, authenticated, service_role;

create function vaultbook.unproven_landings(
  p_final_slot bigint, p_future_slot bigint, p_after text, p_limit integer, p_nodes integer default 0, p_program text default null
)
returns table (signature text, slot bigint, newer_known text, older_slot bigint, seen_vault text)
language plpgsql stable
security definer
set search_path = ''
as $$
begin
  return query
    select i.signature::text, i.slot, above.signature::text, below.slot, seen.address
      from vaultbook.inbox as i
      left join lateral (
        select k.signature from vaultbook.inbox as k
         where k.slot > i.slot and k.finalized_at is not null and k.content -> 'events' <> '[]' and k.outcome in ('applied', 'failed')
           and not vaultbook.is_correction(k.signature)
         order by k.slot limit 1
      ) as above on true
      left join lateral (
        select k.slot from vaultbook.inbox as k
         where k.slot < i.slot and k.finalized_at is not null and k.content -> 'events' <> '[]' and k.outcome in ('applied', 'failed')
           and not vaultbook.is_correction(k.signature)
         order by k.slot desc limit 1
      ) as below on true
      left join lateral (
        select a.address from unnest(i.vaults) as a (address)
         where p_nodes > 0
           and p_nodes = (
             select count(distinct w.source) from vaultbook.watermarks as w
              where w.address in (a.address, p_program) and w.slot >= least(i.slot, p_final_slot)
           )
         limit 1
      ) as seen on true
     where i.finalized_at is null and i.content is not null and i.outcome in ('applied', 'failed', 'parked')
       and i.content -> 'events' <> '[]'
       and (i.slot <= p_final_slot or i.slot > p_future_slot)
       and i.signature > p_after
       and (p_nodes = 0 or seen.address is not null)
       and not exists (
         select from vaultbook.sightings as s where s.signature = i.signature and s.settled_at is null and s.attempts < 5
       )
     order by i.signature
     limit p_limit;
end
$$;
comment on function vaultbook.unproven_landings(bigint, bigint, text, integer, integer, text) is
  'What the ledger has in slots that are final, or in ones that are not to come for long, and no sweep has found there; by signature, behind '
  'p_after. With each the next finalized signature above it, and the slot of the next one below. With p_nodes only what concerns a vault whose '
  'own history, or the program''s, so many nodes have shown up to there, and that vault.';
alter function vaultbook.unproven_landings(bigint, bigint, text, integer, integer, text) owner to vaultbook_ledger;

create function vaultbook.doubt(p_run_id uuid, p_landings jsonb) returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- Together with the run that begins to doubt.
  runs_needed constant integer := 2;
  lost jsonb;
begin
  with doubted as (
    insert into vaultbook.doubts as d (signature, slot, run_id)
    select distinct l.signature, l.slot, p_run_id from jsonb_to_recordset(p_landings) as l (signature text, slot bigint)
    on conflict on constraint doubts_pkey
    do update set
      runs = case when d.run_id = excluded.run_id then d.runs else d.runs + 1 end,
      run_id = excluded.run_id,
      last_doubted_at = clock_timestamp()
    returning d.signature, d.slot, d.runs
  )
  select coalesce(jsonb_agg(jsonb_build_object('signature', d.signature, 'slot', d.slot) order by d.slot, d.signature), '[]') into lost
    from doubted as d
   where d.runs >= runs_needed;
  return lost;
end
$$;
comment on function vaultbook.doubt(uuid, jsonb) is
  'Takes a JSON array of {"signature", "slot"}: landings that this run did not find where they should be. Returns those that the run before '
  'did not find either.';
alter function vaultbook.doubt(uuid, jsonb) owner to vaultbook_ledger;

create function vaultbook.believe(p_signatures text[]) returns void
language sql
security definer
set search_path = ''
as $$
  delete from vaultbook.doubts as d where d.signature = any (p_signatures)
$$;
comment on function vaultbook.believe(text[]) is 'Forgets the doubts on these signatures: a node knows them.';
alter function vaultbook.believe(text[]) owner to vaultbook_ledger;
