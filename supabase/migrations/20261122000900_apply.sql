-- Applying: which signatures may be applied, and which of those make a possible history together.

create function vaultbook.bucket(p_address text) returns integer
language sql immutable parallel safe
set search_path = ''
as $$
  select hashtext(p_address) & 1023
$$;
comment on function vaultbook.bucket(text) is
  'The lock that a vault''s address falls under. Few, because each lock held takes a place in a table of fixed size.';
alter function vaultbook.bucket(text) owner to vaultbook_ledger;

create function vaultbook.lock_vaults(p_addresses text[], p_alone boolean) returns integer[]
language plpgsql
set search_path = ''
as $$
declare
  locked integer[];
begin
  if p_alone then
    perform pg_advisory_xact_lock(hashtext('vaultbook.ingest'));
    return array(select generate_series(0, 1023));
  end if;
  perform pg_advisory_xact_lock_shared(hashtext('vaultbook.ingest'));
  -- By address and not by row: a vault that nobody knows yet has to be locked too, or its initialisation and its first event could pass
  -- each other unseen. With those that waiting transactions may draw in.
  with recursive reached (address) as (
    select a.address collate "C" from unnest(p_addresses) as a (address)
    union
    select drawn.address
      from reached as r
      join vaultbook.inbox as w
        on w.vaults @> array[r.address] and w.outcome in ('parked', 'failed') and (w.outcome = 'parked' or w.code is not null)
     cross join lateral unnest(w.vaults) as drawn (address)
  )
  select coalesce(array_agg(distinct vaultbook.bucket(r.address)), '{}') into locked from reached as r;
  -- In the order of the keys, so that two writers never wait for each other.
  perform pg_advisory_xact_lock(hashtext('vaultbook.vaults'), key.bucket)
     from (select l.bucket from unnest(locked) as l (bucket) order by l.bucket) as key;
  return locked;
end
$$;
comment on function vaultbook.lock_vaults(text[], boolean) is
  'Makes this transaction the only one that settles events of these vaults until it ends; alone: of any vault. Returns the buckets it holds.';
alter function vaultbook.lock_vaults(text[], boolean) owner to vaultbook_ledger;

create function vaultbook.require_alone(p_locked integer[]) returns void
language plpgsql immutable
set search_path = ''
as $$
begin
  if cardinality(p_locked) < 1024 then
    raise exception 'What the chain took back is taken back with no other writer beside it' using errcode = '40001';
  end if;
end
$$;
comment on function vaultbook.require_alone(integer[]) is
  'Raises 40001 unless every vault is locked: taking back can reach vaults that nobody can foresee.';
alter function vaultbook.require_alone(integer[]) owner to vaultbook_ledger;

create function vaultbook.with_waiting(p_signatures text[], p_withdrawn text[]) returns text[]
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    with recursive reached as (
      select i.signature, i.slot, i.vaults
        from vaultbook.inbox as i
       where i.signature = any (p_signatures) and i.outcome = 'new'
      union
      -- What is taken back makes room wherever it lay.
      select i.signature, 0::bigint, i.vaults
        from vaultbook.inbox as i
       where i.signature = any (p_withdrawn) and i.outcome <> 'conflict'
      union
      select w.signature, case when r.slot = 0 then 0 else w.slot end, w.vaults
        from reached as r
        join vaultbook.inbox as w
          on w.vaults && r.vaults
         and w.outcome in ('parked', 'failed') and (w.outcome = 'parked' or w.code is not null)
         and (w.waits_until_slot is null or r.slot <= w.waits_until_slot)
    )
    select coalesce(array_agg(distinct i.signature::text), '{}')
      from reached as r
      join vaultbook.inbox as i on i.signature = r.signature and i.outcome <> 'conflict'
     where i.outcome = 'new' or (i.outcome = 'parked' and i.content is not null) or (i.outcome = 'failed' and i.code is not null)
  );
end
$$;
comment on function vaultbook.with_waiting(text[], text[]) is
  'The new ones of these signatures, and all that wait for something that they, or those waiting for them, may bring; or for the room that '
  'the withdrawn ones left.';
alter function vaultbook.with_waiting(text[], text[]) owner to vaultbook_ledger;

create function vaultbook.admit(p_signatures text[]) returns text[]
language plpgsql
set search_path = ''
as $$
declare
  refused text[];
begin
  with misfit as (
    select e.*, e.named_owner <> e.owner and not e.failed as is_foreign
      from vaultbook.events as e
     where e.signature = any (p_signatures) and e.vault is not null
       -- What failed to change a vault's status changed nothing, and waits for none.
       and not (e.failed and e.kind in ('initialise', 'close', 'pause'))
       and (e.owner is null or (e.kind = 'transfer' and e.to_owner is null) or (e.named_owner <> e.owner and not e.failed))
  ), verdict as (
    select distinct on (m.signature) m.signature,
           case when m.failed then 'failed' else 'parked' end as outcome,
           -- It may wait for the initialisation that gives the vault to the owner it names.
           case when m.is_foreign then 'vault_of_another_owner' else 'vault_unknown' end as code,
           case when m.is_foreign then format('Vault %s belongs to %s, not to %s', m.vault, m.owner, m.named_owner)
                else format('No vault is known at %s', case when m.owner is null then m.vault else m.to_vault end) end as reason
      from misfit as m
     order by m.signature, m.is_foreign desc nulls last, m.event_index
  ), refused as (
    update vaultbook.inbox as i
       set outcome = v.outcome, code = v.code, reason = v.reason, waits_until_slot = null, decided_at = clock_timestamp()
      from verdict as v
     where i.signature = v.signature and i.outcome <> 'conflict'
    returning i.signature
  )
  select array_agg(r.signature::text) into refused from refused as r;
  return vaultbook.without(p_signatures, coalesce(refused, '{}'));
end
$$;
comment on function vaultbook.admit(text[]) is
  'Lets the signatures wait that touch a vault nobody knows, or that name another owner than the vault''s; failed ones without a row until '
  'all their vaults are known. Returns the rest.';
alter function vaultbook.admit(text[]) owner to vaultbook_ledger;

create function vaultbook.without(p_signatures text[], p_others text[]) returns text[]
language sql immutable parallel safe
set search_path = ''
as $$
  select array(select s.signature from unnest(p_signatures) as s (signature) where s.signature <> all (p_others))
$$;
comment on function vaultbook.without(text[], text[]) is 'The first list without what is in the second.';
alter function vaultbook.without(text[], text[]) owner to vaultbook_ledger;

create function vaultbook.apply_together(p_signatures text[], p_withdrawn vaultbook.withdrawn_row[]) returns text[]
language plpgsql
set search_path = ''
as $$
declare
  candidates text[] := vaultbook.admit(p_signatures);
  legs vaultbook.leg[];
  withdrawn vaultbook.withdrawn_row[] := p_withdrawn;
  folded vaultbook.folded_row[];
  out_of_place text[];
begin
  loop
    select array_agg(row (l.signature, l.slot, l.transaction_index, l.event_index, l.block_time, l.finalized_at, l.owner,
                          l.transaction_type, l.status, l.amount, l.counterparty, l.note)::vaultbook.leg)
      into legs
      from vaultbook.legs as l
     where l.signature = any (candidates);
    select array_agg(f) into folded from vaultbook.fold(legs, withdrawn) as f;

    with misfit as (
      update vaultbook.inbox as i
         set outcome = m.outcome, code = m.code, reason = m.reason, waits_until_slot = m.waits_until_slot, decided_at = clock_timestamp()
        from vaultbook.misfits(folded, withdrawn <> '{}') as m
       where i.signature = m.signature and i.outcome <> 'conflict'
      returning i.signature
    )
    select array_agg(m.signature::text) into out_of_place from misfit as m;
    exit when out_of_place is null;
    -- Where something was taken back, what is written already may be impossible without it.
    withdrawn := withdrawn || vaultbook.withdraw(vaultbook.without(out_of_place, candidates), 'depended_on_it');
    candidates := vaultbook.without(candidates, out_of_place);
  end loop;

  perform vaultbook.post(folded, withdrawn);
  if exists (
    select from vaultbook.inbox as i
     where i.signature = any (candidates) and i.outcome <> 'conflict'
       and i.content @? '$.events[*] ? (@.kind == "close" || @.kind == "pause")'
  ) then
    perform vaultbook.change_status(candidates);
  end if;
  update vaultbook.inbox as i
     set outcome = case when (i.content -> 'failed')::boolean then 'failed' else 'applied' end,
         code = null,
         reason = null,
         waits_until_slot = null,
         decided_at = clock_timestamp()
   where i.signature = any (candidates) and i.outcome <> 'conflict';
  return candidates;
end
$$;
comment on function vaultbook.apply_together(text[], vaultbook.withdrawn_row[]) is
  'Applies those of these signatures that make a possible history with what is applied and not withdrawn, and writes for the others why '
  'not; what was applied and is impossible without the withdrawn is taken back too. The vaults they initialise must be open. Returns what was '
  'applied, or recorded as failed.';
alter function vaultbook.apply_together(text[], vaultbook.withdrawn_row[]) owner to vaultbook_ledger;

create function vaultbook.apply_possible(
  p_signatures text[], p_taken_back text[], p_withdrawn vaultbook.withdrawn_row[], p_locked integer[]
) returns text[]
language plpgsql
set search_path = ''
as $$
declare
  fresh text[] := p_signatures;
  -- What is written, but belongs to another owner then; and what of it has to wait.
  astray text[] := array[]::text[];
  homeless text[] := array[]::text[];
  withdrawn vaultbook.withdrawn_row[];
  candidates text[];
  applied text[];
  openers text[];
  refused text[];
  more text[];
  refusals vaultbook.refusal[] := array[]::vaultbook.refusal[];
begin
  loop
    begin
      withdrawn := p_withdrawn;
      candidates := fresh;
      if astray <> '{}' then
        withdrawn := withdrawn || vaultbook.withdraw(astray, 'vault_of_another_owner');
        update vaultbook.inbox as i set outcome = 'new' where i.signature = any (astray) and i.outcome <> 'conflict';
        candidates := fresh || vaultbook.without(astray, homeless);
      end if;
      openers := array[]::text[];
      if exists (
        select from vaultbook.inbox as i
         where i.signature = any (candidates) and i.outcome <> 'conflict' and i.content @? '$.events[*] ? (@.kind == "initialise")'
      ) then
        openers := vaultbook.open_vaults(candidates);
      end if;
      applied := vaultbook.apply_together(candidates, withdrawn);
      refused := vaultbook.without(openers, applied);
      more := array[]::text[];
      if refused = '{}' and openers || p_taken_back || astray <> '{}' then
        more := vaultbook.misattributed(openers || p_taken_back || astray);
        refused := array(select m.signature from unnest(more) as m (signature) where m.signature = any (candidates));
      end if;
      exit when refused = '{}' and more = '{}';
      refusals := refusals || array(
        select row (
                 i.signature,
                 case when (i.content -> 'failed')::boolean then 'failed' when i.outcome = 'quarantined' then 'quarantined' else 'parked' end,
                 coalesce(i.code, 'vault_unknown'),
                 coalesce(i.reason, 'The vault that it names came to be by something that was taken back'),
                 i.waits_until_slot
               )::vaultbook.refusal
          from vaultbook.inbox as i
         where i.signature = any (refused) and i.outcome <> 'conflict'
      );
      raise exception 'A refused signature opened a vault, or what is written belongs to another owner' using errcode = 'VB201';
    exception when sqlstate 'VB201' then
      null; -- All of this round is undone.
    end;
    if refused = '{}' then
      perform vaultbook.require_alone(p_locked);
      astray := astray || more;
    elsif vaultbook.without(fresh, refused) <> fresh then
      -- Without these all may be different: what is written was perhaps astray for their sake alone.
      fresh := vaultbook.without(fresh, refused);
      astray := array[]::text[];
      homeless := array[]::text[];
    else
      homeless := homeless || refused;
    end if;
  end loop;
  update vaultbook.inbox as i
     set outcome = r.outcome, code = r.code, reason = r.reason, waits_until_slot = r.waits_until_slot, decided_at = clock_timestamp()
    from unnest(refusals) as r
   where i.signature = r.signature and i.outcome <> 'conflict'
     and (r.signature = any (p_signatures) or r.signature = any (homeless));
  return applied;
end
$$;
comment on function vaultbook.apply_possible(text[], text[], vaultbook.withdrawn_row[], integer[]) is
  'As apply_together(), for signatures that may initialise vaults, after others were taken back: each of them happens wholly or not at all, '
  'and what is written and turns out to be another owner''s is taken back and applied anew with them. Raises 40001 where something has to be '
  'taken back and not all is locked.';
alter function vaultbook.apply_possible(text[], text[], vaultbook.withdrawn_row[], integer[]) owner to vaultbook_ledger;
