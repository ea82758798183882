-- Applying: which signatures may be applied, and which of those make a possible history together.

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
      -- What is taken back makes room wherever it lay; what was overruled, in the vaults of the content that is a conflict now.
      select i.signature, 0::bigint, i.vaults
        from vaultbook.inbox as i
       where i.signature = any (p_withdrawn) and i.outcome <> 'conflict'
      union
      select i.signature, 0::bigint, i.vaults
        from vaultbook.inbox as i
       where i.signature = any (p_withdrawn) and i.outcome = 'conflict'
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
  verdicts vaultbook.refusal[];
begin
  verdicts := array(
    select distinct on (m.signature)
           row (
             m.signature,
             case when m.failed then 'failed' else 'parked' end,
             -- It may wait for the initialisation that gives the vault to the owner it names.
             case when m.is_foreign then 'vault_of_another_owner' else 'vault_unknown' end,
             case when m.is_foreign then format('Vault %s belongs to %s, not to %s', m.vault, m.owner, m.named_owner)
                  else format('No vault is known at %s', case when m.owner is null then m.vault else m.to_vault end) end,
             null
           )::vaultbook.refusal
      from (
        select e.*, e.named_owner <> e.owner and not e.failed as is_foreign
          from vaultbook.events as e
         where e.signature = any (p_signatures) and e.vault is not null
           -- What failed to change a vault's status changed nothing, and waits for none.
           and not (e.failed and e.kind in ('initialise', 'close', 'pause'))
           and (e.owner is null or (e.kind = 'transfer' and e.to_owner is null) or (e.named_owner <> e.owner and not e.failed))
      ) as m
     order by m.signature, m.is_foreign desc nulls last, m.event_index
  );
  if verdicts = '{}' then
    return p_signatures;
  end if;
  update vaultbook.inbox as i
     set outcome = v.outcome, code = v.code, reason = v.reason, waits_until_slot = null, decided_at = clock_timestamp()
    from unnest(verdicts) as v
   where i.signature = v.signature and i.outcome <> 'conflict';
  return vaultbook.without(p_signatures, array(select v.signature from unnest(verdicts) as v));
end
$$;
comment on function vaultbook.admit(text[]) is
  'Lets the signatures wait that touch a vault nobody knows, or that name another owner than the vault''s; failed ones without a row until '
  'all their vaults are known. Returns the rest.';
alter function vaultbook.admit(text[]) owner to vaultbook_ledger;

create function vaultbook.without(p_signatures text[], p_others text[]) returns text[]
language plpgsql immutable parallel safe
set search_path = ''
as $$
begin
  if p_others = '{}' then
    return p_signatures;
  end if;
  return array(
    select s.signature from unnest(p_signatures) with ordinality as s (signature, place)
      left join (select distinct o.signature from unnest(p_others) as o (signature)) as other on other.signature = s.signature
     where other.signature is null
     order by s.place
  );
end
$$;
comment on function vaultbook.without(text[], text[]) is 'The first list without what is in the second.';
alter function vaultbook.without(text[], text[]) owner to vaultbook_ledger;

create function vaultbook.apply_together(
  p_signatures text[], p_taken_back text[], p_withdrawn vaultbook.withdrawn_row[], p_locked integer[]
) returns text[]
language plpgsql
set search_path = ''
as $$
declare
  candidates text[] := p_signatures;
  openers text[] := array[]::text[];
  withdrawn vaultbook.withdrawn_row[] := p_withdrawn;
  -- Whose initialisations came or went; what is written, but belongs to another owner for that; and what cannot stand.
  shifted text[];
  astray text[];
  fallen text[];
  admitted text[];
  fitting vaultbook.fitting;
  misfits vaultbook.refusal[];
begin
  if exists (
    select from vaultbook.inbox as i
     where i.signature = any (candidates) and i.outcome <> 'conflict' and i.content @? '$.events[*] ? (@.kind == "initialise")'
  ) then
    openers := vaultbook.open_vaults(candidates);
  end if;
  shifted := openers || p_taken_back;
  loop
    if shifted <> '{}' then
      -- An initialisation goes before what happened in its address.
      astray := vaultbook.without(vaultbook.misattributed(shifted), candidates);
      if astray <> '{}' then
        perform vaultbook.require_alone(p_locked);
        withdrawn := withdrawn || vaultbook.withdraw(astray, 'vault_of_another_owner');
        update vaultbook.inbox as i set outcome = 'new' where i.signature = any (astray) and i.outcome <> 'conflict';
        perform vaultbook.open_vaults(astray);
        candidates := candidates || astray;
      end if;
    end if;

    admitted := vaultbook.admit(candidates);
    fitting := vaultbook.fold_fitting(admitted, withdrawn, p_locked);
    withdrawn := fitting.withdrawn;
    -- As one of these it is looked at again when another one falls.
    candidates := vaultbook.without(candidates, fitting.outdated) || fitting.outdated;
    admitted := admitted || fitting.outdated;
    -- Where something was taken back, what is written already may be impossible without it.
    misfits := array(select m from vaultbook.misfits(fitting.folded, withdrawn <> '{}') as m);
    if misfits <> '{}' then
      update vaultbook.inbox as i
         set outcome = m.outcome, code = m.code, reason = m.reason, decided_at = clock_timestamp(),
             -- In other company, or alone, it may be short earlier: with each of them it can become possible.
             waits_until_slot = case when m.outcome = 'parked' then greatest(m.waits_until_slot, i.waits_until_slot) end
        from unnest(misfits) as m
       where i.signature = m.signature and i.outcome <> 'conflict';
    end if;
    fallen := vaultbook.without(candidates, admitted) || array(select m.signature from unnest(misfits) as m);
    exit when fallen = '{}';
    perform vaultbook.refuse_openers(openers, fallen);
    candidates := vaultbook.without(candidates, fallen);
    continue when withdrawn = '{}' and shifted = '{}';
    shifted := array(
      select distinct c.signature::text from vaultbook.status_changes as c
       where c.signature = any (fallen) and c.change = 'initialise' and c.rolled_back_at is null
    );
    withdrawn := withdrawn || vaultbook.withdraw(fallen, 'depended_on_it');
  end loop;

  perform vaultbook.post(fitting.folded, withdrawn);
  if fitting.outdated <> '{}' then
    update vaultbook.inbox as i
       set outcome = 'parked', code = 'correction_outdated', reason = 'The vault held other balances than it was written for',
           waits_until_slot = i.slot, decided_at = clock_timestamp()
     where i.signature = any (fitting.outdated) and i.outcome <> 'conflict';
    candidates := vaultbook.without(candidates, fitting.outdated);
  end if;
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
comment on function vaultbook.apply_together(text[], text[], vaultbook.withdrawn_row[], integer[]) is
  'Applies those of these signatures that make a possible history with what is applied, after others were taken back, and writes for the '
  'rest why not. What was applied and is impossible without the withdrawn is taken back too; what turns out to be another owner''s is '
  'taken back and applied anew. Returns what was applied, or recorded as failed. Raises VB201 where one that opens a vault cannot stand: '
  'all of it has to be undone, and tried without those that the detail names. Raises 40001 where something has to be taken back and not '
  'all is locked.';
alter function vaultbook.apply_together(text[], text[], vaultbook.withdrawn_row[], integer[]) owner to vaultbook_ledger;
