-- Receiving: a delivery's bytes are kept, and its items entered into the inbox.

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
  vaults text[],
  finalized boolean
);
comment on type vaultbook.item is
  'One element of a delivery as lib/chain read it. outcome: new (has events to apply), ignored, quarantined or parked; block_time in seconds '
  'since 1970; content_sha256 in hexadecimal; finalized: it was read at finalized commitment.';

create type vaultbook.settlement as (
  signature text,
  outcome text,
  code text
);
comment on type vaultbook.settlement is
  'What became of one element: applied, duplicate, ignored, failed, parked, quarantined or conflict (invariant I2).';

create function vaultbook.receive(p_source text, p_body bytea, p_items vaultbook.item[], out fresh integer[], out conflicts integer[])
language plpgsql
set search_path = ''
as $$
declare
  delivery bigint;
  completed integer[];
begin
  insert into vaultbook.deliveries as d (source, body, finalized)
  values (p_source, p_body, coalesce((select bool_and(i.finalized) from unnest(p_items) as i), false))
  on conflict on constraint deliveries_are_kept_once
  do update set times_received = d.times_received + 1, last_received_at = clock_timestamp(), finalized = d.finalized or excluded.finalized
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
  conflicts := '{}';
  if cardinality(fresh) = cardinality(p_items) then
    return; -- Nearly always: nobody has heard of any of it before.
  end if;

  -- Rows that are there already are locked in the same order as rows are made.
  perform 1
     from vaultbook.inbox as known
    where known.signature in (select i.signature from unnest(p_items) as i where i.position <> all (fresh)) and known.outcome <> 'conflict'
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
       and (known.proven_at is null or item.finalized)
    returning item.position
  )
  select coalesce(array_agg(d.position), '{}') into completed from done as d;
  fresh := fresh || completed;

  with item as (
    select i.*, decode(i.content_sha256, 'hex') as digest from unnest(p_items) as i where i.position <> all (fresh)
  ), other as (
    select item.* from item
      join vaultbook.inbox as known on known.signature = item.signature and known.outcome <> 'conflict'
     where known.content_sha256 <> item.digest or (known.content is null and known.proven_at is not null and item.digest is not null)
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
