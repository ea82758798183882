-- Ingest: one call takes a delivery and settles every Solana transaction in it; another takes back what a fork dropped.

create function vaultbook.follow(
  p_settled text[], p_taken_back text[], p_conflicts text[], p_quarantined text[]
) returns void
language plpgsql
set search_path = ''
as $$
declare
  -- With what depended on them, or went to another owner.
  taken_back text[] := p_taken_back || vaultbook.taken_back_since('-infinity');
begin
  perform vaultbook.snapshot_after(p_settled || taken_back);
  perform vaultbook.alert_after(p_settled, taken_back, p_conflicts, p_quarantined);
end
$$;
comment on function vaultbook.follow(text[], text[], text[], text[]) is
  'Snapshots and alerts of what this transaction settled, took back, found in conflict or quarantined. Either that fails is noted, and stops '
  'nothing.';
alter function vaultbook.follow(text[], text[], text[], text[]) owner to vaultbook_ledger;

create function vaultbook.ingest(p_source text, p_body bytea, p_items jsonb, p_alone boolean default false)
returns setof vaultbook.settlement
language plpgsql
security definer
set search_path = ''
-- By index, with plans made once: planning again costs more than the work on a few rows, and what a book held when its session began
-- says nothing of what it holds later.
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
declare
  items vaultbook.item[];
  received record;
  overruled vaultbook.relocation;
  relocated vaultbook.relocation;
  taken_back text[];
  locked integer[];
  arrived text[];
  settled text[] := array[]::text[];
begin
  select array_agg(i) into items from jsonb_populate_recordset(null::vaultbook.item, p_items) as i;
  -- Before anything is written: locks in one order, rows in another would be a deadlock.
  locked := vaultbook.lock_vaults(
    array(select distinct a.address from unnest(items) as i cross join lateral unnest(i.vaults) as a (address)), p_alone
  );
  overruled := vaultbook.overrule(items, locked);
  select * into received from vaultbook.receive(p_source, p_body, items);
  if exists (select from unnest(items) as i where i.finalized) then
    perform vaultbook.finalize(items);
  end if;
  if cardinality(received.fresh) < cardinality(items) then
    perform vaultbook.note_landings(items);
  end if;
  relocated := vaultbook.relocate(array(select i.signature from unnest(items) as i where i.signature is not null), locked);
  taken_back := overruled.moved || relocated.moved;
  if relocated.moved <> '{}' then
    perform vaultbook.finalize(items); -- Also what lies only now where it was read.
  end if;

  select array_agg(i.signature::text) into arrived
    from vaultbook.inbox as i
   where i.outcome = 'new' and i.signature in (select s.signature from unnest(items) as s);
  if arrived is not null or taken_back <> '{}' then
    settled := vaultbook.settle(arrived, taken_back, overruled.withdrawn || relocated.withdrawn, locked);
  end if;
  perform vaultbook.follow(
    settled,
    taken_back,
    overruled.moved || array(select i.signature from unnest(items) as i where i.position = any (received.conflicts)),
    array(select case when k.outcome is null then i.code else k.code end
            from unnest(items) as i
            left join vaultbook.inbox as k on k.signature = i.signature and k.outcome <> 'conflict'
           where i.position = any (received.fresh) and coalesce(k.outcome, i.outcome) = 'quarantined'
           order by i.position)
  );

  return query
    with item as (
      select i.*, i.position = any (received.conflicts) as is_conflict, i.position = any (received.fresh) as is_fresh,
             i.signature = any (taken_back) as is_moved,
             k.outcome as held_outcome, k.code as held_code,
             (k.slot, k.transaction_index) = (i.slot, i.transaction_index) as is_there
        from unnest(items) as i
        left join vaultbook.inbox as k on k.signature = i.signature and k.outcome <> 'conflict'
    ), spoken as (
      -- Of several with one signature that change something, the one speaks that lies where the signature lies now.
      select i.*,
             not i.is_conflict and (
               (i.is_fresh and (i.is_moved is not true or i.held_code is not distinct from 'rolled_back'))
               or (
                 i.is_moved and i.is_there
                 and i.position = min(i.position) filter (where i.is_there and not i.is_conflict) over (partition by i.signature)
               )
             ) as speaks
        from item as i
    )
    select s.signature,
           case when s.is_conflict then 'conflict' when s.speaks then coalesce(s.held_outcome, s.outcome) else 'duplicate' end,
           case when s.is_conflict then 'signature_has_other_content'
                when s.speaks then case when s.held_outcome is null then s.code else s.held_code end end
      from spoken as s
     order by s.position;
end
$$;
comment on function vaultbook.ingest(text, bytea, jsonb, boolean) is
  'Takes one delivery: its source, its bytes, and a JSON array of vaultbook.item. Answers one settlement per item, in the delivery''s '
  'order. Everything or nothing of it is committed; repeating it is harmless. 40001 and 40P01 are left to the caller to repeat, in the end '
  'alone: with no other writer beside it.';
alter function vaultbook.ingest(text, bytea, jsonb, boolean) owner to vaultbook_ledger;

create function vaultbook.roll_back(p_landings jsonb) returns text[]
language plpgsql
security definer
set search_path = ''
-- By index, with plans made once: planning again costs more than the work on a few rows, and what a book held when its session began
-- says nothing of what it holds later.
set plan_cache_mode = 'force_generic_plan'
set enable_seqscan = off
as $$
declare
  locked integer[] := vaultbook.lock_vaults('{}', true);
  lost text[];
  relocated vaultbook.relocation;
  settled text[];
begin
  insert into vaultbook.lost_landings (signature, slot)
  select distinct l.signature, l.slot from jsonb_to_recordset(p_landings) as l (signature text, slot bigint)
  on conflict on constraint lost_landings_pkey do nothing;
  lost := array(select distinct l.signature from jsonb_to_recordset(p_landings) as l (signature text));
  relocated := vaultbook.relocate(lost, locked);
  settled := vaultbook.settle(
    array(select i.signature::text from vaultbook.inbox as i where i.signature = any (relocated.moved) and i.outcome = 'new'),
    relocated.moved, relocated.withdrawn, locked
  );
  perform vaultbook.follow(settled, relocated.moved, '{}', '{}');
  return array(
    select i.signature::text from vaultbook.inbox as i
     where i.signature = any (relocated.moved) and i.outcome <> 'conflict' and i.code = 'rolled_back'
     order by i.signature
  );
end
$$;
comment on function vaultbook.roll_back(jsonb) is
  'Takes a JSON array of {"signature", "slot"}: slots that a fork took these Solana transactions out of. What they did there is taken back, '
  'with all that is impossible without it, unless it is finalized; what is known to lie elsewhere takes effect there. Returns the '
  'signatures that lie nowhere now because of this call. Repeating it is harmless. 40001 and 40P01 are left to the caller to repeat.';
alter function vaultbook.roll_back(jsonb) owner to vaultbook_ledger;
