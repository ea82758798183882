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

create function vaultbook.settle(p_signatures text[]) returns void
language plpgsql
set search_path = ''
as $$
declare
  verdict text := 'quarantined';
  why text;
  broken text;
  message text;
  middle integer := cardinality(p_signatures) / 2;
begin
  if coalesce(cardinality(p_signatures), 0) = 0 then
    return;
  end if;
  begin
    perform vaultbook.apply(p_signatures);
    update vaultbook.inbox as i
       set outcome = case when (i.content -> 'failed')::boolean then 'failed' else 'applied' end,
           code = case when (i.content -> 'failed')::boolean and exists (
                         select from vaultbook.legs as l where l.signature = i.signature and l.owner is null
                       ) then 'vault_unknown' end,
           reason = null,
           decided_at = clock_timestamp()
     where i.signature = any (p_signatures) and i.outcome <> 'conflict';
    return;
  exception
    -- Only what the content itself causes. Deadlocks, timeouts, a full disk and the like end the whole call: it is repeated.
    when sqlstate 'VB101' then
      verdict := 'parked';
      why := 'vault_unknown';
      message := sqlerrm;
    when sqlstate 'VB102' then
      why := 'vault_of_another_owner';
      message := sqlerrm;
    when check_violation or unique_violation then
      get stacked diagnostics broken = constraint_name, message = message_text;
      if broken in ('transactions_balances_are_not_negative', 'vaults_balances_are_not_negative') then
        verdict := 'parked';
        why := 'balance_would_be_negative';
      else
        why := 'breaks_' || broken;
      end if;
    when numeric_value_out_of_range then
      why := 'amount_out_of_range';
      message := sqlerrm;
  end;
  if middle > 0 then
    -- One poisoned signature never takes another with it: the halves are tried apart, the earlier one first.
    perform vaultbook.settle(p_signatures[1:middle]);
    perform vaultbook.settle(p_signatures[middle + 1:]);
    return;
  end if;
  update vaultbook.inbox as i
     set outcome = verdict, code = why, reason = message, decided_at = clock_timestamp()
   where i.signature = any (p_signatures) and i.outcome <> 'conflict';
end
$$;
comment on function vaultbook.settle(text[]) is
  'Applies these signatures, given in chain order, and writes each one''s outcome. What cannot be applied is parked where a later event '
  'may make it possible, and quarantined where none can.';
alter function vaultbook.settle(text[]) owner to vaultbook_ledger;

create function vaultbook.settle_waiting(p_signatures text[]) returns text[]
language plpgsql
set search_path = ''
as $$
declare
  news text[] := p_signatures;
  waiting text[];
  settled text[] := '{}';
begin
  loop
    select array_agg(w.signature order by w.slot, w.transaction_index) into waiting
      from vaultbook.inbox as w
     where (w.outcome = 'parked' or (w.outcome = 'failed' and w.code is not null))
       and w.code in ('vault_unknown', 'balance_would_be_negative')
       and w.vaults && (
         select coalesce(array_agg(distinct touched.vault), '{}')
           from vaultbook.inbox as i
          cross join lateral unnest(i.vaults) as touched (vault)
          where i.signature = any (news) and i.outcome = 'applied'
       );
    exit when waiting is null;
    perform vaultbook.settle(waiting);
    select array_agg(i.signature) into news
      from vaultbook.inbox as i
     where i.signature = any (waiting) and i.outcome in ('applied', 'failed') and i.code is null;
    exit when news is null;
    settled := settled || news;
  end loop;
  return settled;
end
$$;
comment on function vaultbook.settle_waiting(text[]) is
  'After these signatures were settled, tries what waited for their vaults, and then what waited for those, until nothing moves. Returns '
  'the signatures settled by it.';
alter function vaultbook.settle_waiting(text[]) owner to vaultbook_ledger;

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
     where known.signature = item.signature and known.outcome in ('parked', 'quarantined') and known.content is null
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
      delivery_id, delivery_position, decided_at
    )
    select distinct on (o.signature, o.digest)
           o.signature, o.slot, o.transaction_index, to_timestamp(o.block_time), 'conflict', 'signature_has_other_content',
           'This signature was received before with another content, which stays', o.content, o.digest, coalesce(o.vaults, '{}'),
           delivery, o.position, clock_timestamp()
      from other as o
     order by o.signature, o.digest, o.position
    on conflict (signature, content_sha256) where outcome = 'conflict'
    do update set times_seen = known.times_seen + 1, last_seen_at = clock_timestamp()
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

create function vaultbook.ingest(p_source text, p_body bytea, p_items jsonb) returns setof vaultbook.settlement
language plpgsql
security definer
set search_path = ''
as $$
declare
  items vaultbook.item[];
  received record;
  arrived text[];
  settled text[];
begin
  select array_agg(i) into items from jsonb_populate_recordset(null::vaultbook.item, p_items) as i;
  select * into received from vaultbook.receive(p_source, p_body, items);

  select array_agg(i.signature order by i.slot, i.transaction_index) into arrived
    from vaultbook.inbox as i
   where i.outcome = 'new' and i.signature in (select s.signature from unnest(items) as s where s.position = any (received.fresh));
  perform vaultbook.settle(arrived);
  settled := arrived || vaultbook.settle_waiting(arrived);
  perform vaultbook.snapshot_after(settled);
  perform vaultbook.alert_after(
    settled,
    (select array_agg(i.signature) from unnest(items) as i where i.position = any (received.conflicts)),
    (select count(*) from unnest(items) as i
      left join vaultbook.inbox as k on k.signature = i.signature and k.outcome <> 'conflict'
     where i.position = any (received.fresh) and coalesce(k.outcome, i.outcome) = 'quarantined')
  );

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
comment on function vaultbook.ingest(text, bytea, jsonb) is
  'Takes one delivery: its source, its bytes, and a JSON array of vaultbook.item. Answers one settlement per item, in the delivery''s '
  'order. Everything or nothing of it is committed; repeating it is harmless. Deadlocks (40P01) are left to the caller to repeat.';
alter function vaultbook.ingest(text, bytea, jsonb) owner to vaultbook_ledger;
