-- Ingest: one call takes a delivery, keeps its bytes, and settles every Solana transaction in it.

create type vaultbook.item as (
  "position" integer,
  signature text,
  slot bigint,
  transaction_index integer,
  block_time bigint,
  outcome text,
  code text,
  reason text,
  content jsonb,
  content_sha256 text,
  vaults text[]
);
comment on type vaultbook.item is
  'One element of a delivery as lib/chain read it. outcome: new (has events to apply), ignored, quarantined or parked; block_time in seconds '
  'since 1970; content_sha256 in hexadecimal.';

create type vaultbook.settlement as (
  signature text,
  outcome text,
  code text
);
comment on type vaultbook.settlement is
  'What became of one element: applied, duplicate, ignored, failed, parked, quarantined or conflict (invariant I2).';

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

create function vaultbook.settle(p_signatures text[], p_locked integer[]) returns text[]
language plpgsql
set search_path = ''
as $$
declare
  candidates text[] := vaultbook.with_waiting(p_signatures);
  legs vaultbook.leg[];
  folded vaultbook.folded_row[];
  out_of_place text[];
begin
  if exists (
    select from vaultbook.inbox as i cross join lateral unnest(i.vaults) as a (address)
     where i.signature = any (candidates) and i.outcome <> 'conflict' and vaultbook.bucket(a.address) <> all (p_locked)
  ) then
    -- To lock more now would be out of order.
    raise exception 'Something that waits for these vaults arrived while they were being locked' using errcode = '40001';
  end if;

  perform vaultbook.open_vaults(candidates);
  candidates := vaultbook.admit(candidates);
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
    candidates := array(select c.signature from unnest(candidates) as c (signature) where c.signature <> all (out_of_place));
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
comment on function vaultbook.settle(text[], integer[]) is
  'Settles these new signatures together with what waited for them: applies all that make a possible history, parks what a later event may '
  'make possible, quarantines what none can. One never takes another with it. Returns what was applied, or recorded as failed. Raises '
  '40001 where it would need vaults that are not locked.';
alter function vaultbook.settle(text[], integer[]) owner to vaultbook_ledger;

create function vaultbook.receive(p_source text, p_body bytea, p_items vaultbook.item[], out fresh integer[], out conflicts integer[])
language plpgsql
set search_path = ''
as $$
declare
  delivery bigint;
  completed integer[];
begin
  insert into vaultbook.deliveries as d (source, body) values (p_source, p_body)
  on conflict on constraint deliveries_are_kept_once
  do update set times_received = d.times_received + 1, last_received_at = clock_timestamp()
  returning d.id into delivery;

  with first_of_each as (
    select distinct on (i.signature, case when i.signature is null then i.position end) i.*
      from unnest(p_items) as i
     order by i.signature, case when i.signature is null then i.position end, i.position
  ), kept as (
    insert into vaultbook.inbox (
      signature, slot, transaction_index, block_time, outcome, code, reason, content, content_sha256, vaults,
      delivery_id, delivery_position, decided_at
    )
    select f.signature, f.slot, f.transaction_index, to_timestamp(f.block_time), f.outcome, f.code, f.reason, f.content,
           decode(f.content_sha256, 'hex'), coalesce(f.vaults, '{}'), delivery, f.position,
           case when f.outcome <> 'new' then clock_timestamp() end
      from first_of_each as f
     -- In one order for every writer, so that two batches with the same signatures never wait for each other.
     order by f.signature, f.position
    on conflict do nothing
    returning delivery_position
  )
  select coalesce(array_agg(k.delivery_position), '{}') into fresh from kept as k;

  -- Rows that are there already are locked in the same order as rows are made.
  perform 1
     from vaultbook.inbox as known
    where known.signature in (select i.signature from unnest(p_items) as i where i.position <> all (fresh))
    order by known.signature, known.id
      for no key update;
  -- What was heard of before without anything readable in it can be completed; what was read stays.
  with item as (
    select distinct on (i.signature) i.* from unnest(p_items) as i
     where i.position <> all (fresh) and i.content is not null
     order by i.signature, i.position
  ), done as (
    update vaultbook.inbox as known
       set slot = item.slot, transaction_index = item.transaction_index, block_time = to_timestamp(item.block_time),
           outcome = item.outcome, code = item.code, reason = item.reason, content = item.content,
           content_sha256 = decode(item.content_sha256, 'hex'), vaults = coalesce(item.vaults, '{}'),
           delivery_id = delivery, delivery_position = item.position,
           times_seen = known.times_seen + 1, last_seen_at = clock_timestamp(),
           decided_at = case when item.outcome <> 'new' then clock_timestamp() end
      from item
     where known.signature = item.signature and known.outcome in ('ignored', 'parked', 'quarantined') and known.content is null
    returning item.position
  )
  select coalesce(array_agg(d.position), '{}') into completed from done as d;
  fresh := fresh || completed;

  with item as (
    select i.*, decode(i.content_sha256, 'hex') as digest from unnest(p_items) as i where i.position <> all (fresh)
  ), other as (
    select item.* from item
      join vaultbook.inbox as known on known.signature = item.signature and known.outcome <> 'conflict'
     where known.content_sha256 <> item.digest
  ), kept as (
    insert into vaultbook.inbox as known (
      signature, slot, transaction_index, block_time, outcome, code, reason, content, content_sha256, vaults,
      delivery_id, delivery_position, decided_at, times_seen
    )
    select distinct on (o.signature, o.digest)
           o.signature, o.slot, o.transaction_index, to_timestamp(o.block_time), 'conflict', 'signature_has_other_content',
           'This signature was received before with another content, which stays', o.content, o.digest, coalesce(o.vaults, '{}'),
           delivery, o.position, clock_timestamp(), count(*) over (partition by o.signature, o.digest)
      from other as o
     order by o.signature, o.digest, o.position
    on conflict (signature, content_sha256) where outcome = 'conflict'
    do update set times_seen = known.times_seen + excluded.times_seen, last_seen_at = clock_timestamp()
  ), repeated as (
    update vaultbook.inbox as known
       set times_seen = known.times_seen + r.times, last_seen_at = clock_timestamp()
      from (
        select coalesce(k.id, nameless.id) as id, count(*) as times
          from item
          left join vaultbook.inbox as k on k.signature = item.signature and k.outcome <> 'conflict'
          left join vaultbook.inbox as nameless
            on item.signature is null and nameless.signature is null
           and nameless.delivery_id = delivery and nameless.delivery_position = item.position
         where item.position not in (select o.position from other as o)
         group by 1
      ) as r
     where known.id = r.id
  )
  select coalesce(array_agg(o.position), '{}') into conflicts from other as o;
end
$$;
comment on function vaultbook.receive(text, bytea, vaultbook.item[]) is
  'Keeps a delivery''s bytes and enters its items into the inbox. fresh: positions of the items heard of for the first time (or for the '
  'first time with a readable content); conflicts: positions whose signature has another content already; all others are duplicates.';
alter function vaultbook.receive(text, bytea, vaultbook.item[]) owner to vaultbook_ledger;

create function vaultbook.ingest(p_source text, p_body bytea, p_items jsonb, p_alone boolean default false)
returns setof vaultbook.settlement
language plpgsql
security definer
set search_path = ''
as $$
declare
  items vaultbook.item[];
  received record;
  locked integer[];
  arrived text[];
  settled text[];
begin
  select array_agg(i) into items from jsonb_populate_recordset(null::vaultbook.item, p_items) as i;
  -- Before anything is written: locks in one order, rows in another would be a deadlock.
  locked := vaultbook.lock_vaults(
    array(select distinct a.address from unnest(items) as i cross join lateral unnest(i.vaults) as a (address)), p_alone
  );
  select * into received from vaultbook.receive(p_source, p_body, items);

  select array_agg(i.signature) into arrived
    from vaultbook.inbox as i
   where i.outcome = 'new' and i.signature in (select s.signature from unnest(items) as s where s.position = any (received.fresh));
  settled := vaultbook.settle(arrived, locked);
  perform vaultbook.snapshot_after(settled);
  begin
    perform vaultbook.alert_after(
      settled,
      (select array_agg(i.signature) from unnest(items) as i where i.position = any (received.conflicts)),
      (select count(*) from unnest(items) as i
        left join vaultbook.inbox as k on k.signature = i.signature and k.outcome <> 'conflict'
       where i.position = any (received.fresh) and coalesce(k.outcome, i.outcome) = 'quarantined')
    );
  exception
    -- These concern the whole call, which is repeated.
    when transaction_rollback or insufficient_resources or operator_intervention or system_error then
      raise;
    when others then
      -- No alert is worth an event.
      insert into vaultbook.alert_failures (code, message) values (sqlstate, sqlerrm);
  end;

  return query
    select i.signature,
           case
             when i.position = any (received.conflicts) then 'conflict'
             when i.position = any (received.fresh) then coalesce(k.outcome, i.outcome)
             else 'duplicate'
           end,
           case
             when i.position = any (received.conflicts) then 'signature_has_other_content'
             when i.position = any (received.fresh) then coalesce(k.code, i.code)
           end
      from unnest(items) as i
      left join vaultbook.inbox as k on k.signature = i.signature and k.outcome <> 'conflict'
     order by i.position;
end
$$;
comment on function vaultbook.ingest(text, bytea, jsonb, boolean) is
  'Takes one delivery: its source, its bytes, and a JSON array of vaultbook.item. Answers one settlement per item, in the delivery''s '
  'order. Everything or nothing of it is committed; repeating it is harmless. 40001 and 40P01 are left to the caller to repeat, in the end '
  'alone: with no other writer beside it.';
alter function vaultbook.ingest(text, bytea, jsonb, boolean) owner to vaultbook_ledger;
