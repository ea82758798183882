-- Settling: which of the transactions that arrived, and of those that waited for them, make a possible history.

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
        on w.vaults @> array[r.address] and (w.outcome = 'parked' or (w.outcome = 'failed' and w.code is not null))
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

create function vaultbook.with_waiting(p_signatures text[]) returns text[]
language sql stable
set search_path = ''
as $$
  with recursive reached as (
    select i.signature, i.slot, i.vaults
      from vaultbook.inbox as i
     where i.signature = any (p_signatures) and i.outcome = 'new'
    union
    select w.signature, w.slot, w.vaults
      from reached as r
      join vaultbook.inbox as w
        on w.vaults && r.vaults
       and (w.outcome = 'parked' or (w.outcome = 'failed' and w.code is not null))
       and (w.waits_until_slot is null or r.slot <= w.waits_until_slot)
  )
  select coalesce(array_agg(r.signature), '{}') from reached as r
$$;
comment on function vaultbook.with_waiting(text[]) is
  'These signatures, and all that wait for something that they, or those waiting for them, may bring.';
alter function vaultbook.with_waiting(text[]) owner to vaultbook_ledger;

create function vaultbook.admit(p_signatures text[]) returns text[]
language sql
set search_path = ''
as $$
  with misfit as (
    select e.*, e.named_owner <> e.owner and not e.failed as is_foreign
      from vaultbook.events as e
     where e.signature = any (p_signatures) and e.kind <> 'pause'
       -- A failed initialisation made no vault, and waits for none.
       and not (e.failed and e.kind = 'initialise')
       and (e.owner is null or (e.kind = 'transfer' and e.to_owner is null) or (e.named_owner <> e.owner and not e.failed))
  ), verdict as (
    select distinct on (m.signature) m.signature,
           case when m.is_foreign then 'quarantined' when m.failed then 'failed' else 'parked' end as outcome,
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
  )
  select coalesce(array_agg(s.signature), '{}')
    from unnest(p_signatures) as s (signature)
   where s.signature not in (select v.signature from verdict as v)
$$;
comment on function vaultbook.admit(text[]) is
  'Lets the signatures wait that touch a vault nobody knows, failed ones without a row until all their vaults are known, and quarantines '
  'those that name another owner than the vault''s. Returns the rest.';
alter function vaultbook.admit(text[]) owner to vaultbook_ledger;

create function vaultbook.without(p_signatures text[], p_others text[]) returns text[]
language sql immutable parallel safe
set search_path = ''
as $$
  select array(select s.signature from unnest(p_signatures) as s (signature) where s.signature <> all (p_others))
$$;
comment on function vaultbook.without(text[], text[]) is 'The first list without what is in the second.';
alter function vaultbook.without(text[], text[]) owner to vaultbook_ledger;

create type vaultbook.refusal as (
  signature text,
  outcome text,
  code text,
  reason text,
  waits_until_slot bigint
);
comment on type vaultbook.refusal is 'Why a signature was not applied, to be written once what it did is undone.';

create function vaultbook.apply_together(p_signatures text[]) returns text[]
language plpgsql
set search_path = ''
as $$
declare
  candidates text[] := vaultbook.admit(p_signatures);
  legs vaultbook.leg[];
  folded vaultbook.folded_row[];
  out_of_place text[];
begin
  loop
    select array_agg(row (l.signature, l.slot, l.transaction_index, l.event_index, l.block_time, l.owner, l.transaction_type,
                          l.status, l.amount, l.counterparty, l.note)::vaultbook.leg)
      into legs
      from vaultbook.legs as l
     where l.signature = any (candidates);
    select array_agg(f) into folded from vaultbook.fold(legs) as f;

    with misfit as (
      update vaultbook.inbox as i
         set outcome = m.outcome, code = m.code, reason = m.reason, waits_until_slot = m.waits_until_slot, decided_at = clock_timestamp()
        from vaultbook.misfits(folded) as m
       where i.signature = m.signature and i.outcome <> 'conflict'
      returning i.signature
    )
    select array_agg(m.signature) into out_of_place from misfit as m;
    exit when out_of_place is null;
    candidates := vaultbook.without(candidates, out_of_place);
  end loop;

  perform vaultbook.post(folded);
  insert into vaultbook.protocol_pauses (signature, event_index, slot, transaction_index, is_paused, admin, block_time)
  select e.signature, e.event_index, e.slot, e.transaction_index, e.paused, e.authority, e.block_time
    from vaultbook.events as e
   where e.signature = any (candidates) and e.kind = 'pause' and not e.failed;
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
comment on function vaultbook.apply_together(text[]) is
  'Applies those of these signatures that make a possible history with what is applied, and writes for the others why not. The vaults '
  'they initialise must be open. Returns what was applied, or recorded as failed.';
alter function vaultbook.apply_together(text[]) owner to vaultbook_ledger;

create function vaultbook.apply_possible(p_signatures text[]) returns text[]
language plpgsql
set search_path = ''
as $$
declare
  candidates text[] := p_signatures;
  applied text[];
  openers text[];
  refusals vaultbook.refusal[] := '{}';
begin
  loop
    begin
      openers := vaultbook.open_vaults(candidates);
      applied := vaultbook.apply_together(candidates);
      openers := vaultbook.without(openers, applied);
      exit when openers = '{}';
      -- A vault that a refused signature opened has to go again, and all that was applied because of it.
      select refusals || array_agg(row (i.signature, i.outcome, i.code, i.reason, i.waits_until_slot)::vaultbook.refusal)
        into refusals
        from vaultbook.inbox as i
       where i.signature = any (openers) and i.outcome <> 'conflict';
      candidates := vaultbook.without(candidates, openers);
      raise exception 'A refused signature opened a vault' using errcode = 'VB201';
    exception when sqlstate 'VB201' then
      null; -- All of this round is undone; the next one does without them.
    end;
  end loop;
  update vaultbook.inbox as i
     set outcome = r.outcome, code = r.code, reason = r.reason, waits_until_slot = r.waits_until_slot, decided_at = clock_timestamp()
    from unnest(refusals) as r
   where i.signature = r.signature and i.outcome <> 'conflict';
  return applied;
end
$$;
comment on function vaultbook.apply_possible(text[]) is
  'As apply_together(), for signatures that may initialise vaults: each of them happens wholly or not at all.';
alter function vaultbook.apply_possible(text[]) owner to vaultbook_ledger;

create function vaultbook.short_at(p_signature text) returns bigint
language sql stable
set search_path = ''
as $$
  with need as (
    -- What it takes of each vault beyond what it brings there itself.
    select l.owner, min(l.slot) as slot, min(l.transaction_index) as transaction_index,
           sum(- m.total_sign * l.amount) as amount
      from vaultbook.legs as l
      join vaultbook.movements as m on m.transaction_type = l.transaction_type
     where l.signature = p_signature and l.status = 'confirmed'
     group by l.owner
    having sum(- m.total_sign * l.amount) > 0
  )
  select max(case when coalesce(opening.total_after, 0) < n.amount then n.slot else later.slot end)
    from need as n
    left join lateral (
      select t.total_after from public.transactions as t
       where t.vault_owner = n.owner and (t.slot, t.transaction_index) < (n.slot, n.transaction_index)
       order by t.slot desc, t.transaction_index desc, t.signature desc, t.event_index desc, t.transaction_type = 'transfer_in' desc
       limit 1
    ) as opening on true
    left join lateral (
      select t.slot from public.transactions as t
       where t.vault_owner = n.owner and (t.slot, t.transaction_index) > (n.slot, n.transaction_index) and t.total_after < n.amount
       order by t.slot, t.transaction_index
       limit 1
    ) as later on true
$$;
comment on function vaultbook.short_at(text) is
  'The slot in which a total would not suffice for this signature alone; NULL where totals suffice, and only a fold can tell.';
alter function vaultbook.short_at(text) owner to vaultbook_ledger;

create function vaultbook.settle(p_signatures text[], p_locked integer[]) returns text[]
language plpgsql
set search_path = ''
as $$
declare
  everybody text[] := vaultbook.with_waiting(p_signatures);
  settled text[];
  news text[];
  left_out text[];
  own record;
begin
  if exists (
    select from vaultbook.inbox as i cross join lateral unnest(i.vaults) as a (address)
     where i.signature = any (everybody) and i.outcome <> 'conflict' and vaultbook.bucket(a.address) <> all (p_locked)
  ) then
    -- To lock more now would be out of order.
    raise exception 'Something that waits for these vaults arrived while they were being locked' using errcode = '40001';
  end if;

  settled := vaultbook.apply_possible(everybody);
  -- Those left out may have been so only for the company they were in: together again, and then each alone, until nothing moves.
  loop
    left_out := array(
      select i.signature from vaultbook.inbox as i
       where i.signature = any (everybody) and i.outcome = 'parked' and i.content is not null
    );
    exit when left_out = '{}';
    news := case when cardinality(left_out) > 1 then vaultbook.apply_possible(left_out) else '{}' end;
    for own in
      select i.signature from vaultbook.inbox as i
       where i.signature = any (left_out) and i.outcome = 'parked' and i.code = 'balance_would_be_negative'
       order by i.slot, i.transaction_index, i.signature
    loop
      update vaultbook.inbox as i
         set waits_until_slot = s.slot
        from (select vaultbook.short_at(own.signature) as slot) as s
       where i.signature = own.signature and i.outcome <> 'conflict' and s.slot is not null;
      continue when found;
      news := news || vaultbook.apply_possible(array[own.signature]);
    end loop;
    exit when news = '{}';
    settled := settled || news;
  end loop;
  return settled;
end
$$;
comment on function vaultbook.settle(text[], integer[]) is
  'Settles these new signatures together with what waited for them: applies all that make a possible history, parks what a later event may '
  'make possible, quarantines what none can. One never takes another with it. Returns what was applied, or recorded as failed. Raises '
  '40001 where it would need vaults that are not locked.';
alter function vaultbook.settle(text[], integer[]) owner to vaultbook_ledger;
