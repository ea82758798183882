-- Landings: where a signature lies on the chain. It can be seen in several places, and lose them to a fork.

create table vaultbook.landings (
  signature varchar(128) collate "C" not null,
  slot bigint not null,
  transaction_index integer not null,
  block_time timestamptz,
  finalized boolean not null,
  content jsonb not null,
  content_sha256 bytea not null,
  first_seen_at timestamptz not null default clock_timestamp(),
  constraint landings_pkey primary key (signature, content_sha256, slot, transaction_index)
);
comment on table vaultbook.landings is
  'Every place that a signature was seen at, for those seen at more than one. Where it is now stands in the inbox.';
comment on column vaultbook.landings.signature is 'The Solana transaction';
comment on column vaultbook.landings.slot is 'Slot of the block';
comment on column vaultbook.landings.transaction_index is 'Place in the block, from 0';
comment on column vaultbook.landings.block_time is 'Time of the block';
comment on column vaultbook.landings.finalized is 'Seen there at finalized commitment: it stays there';
comment on column vaultbook.landings.content is
  'What it said there: it did the same everywhere, but the balances it states after it, and the token balances, are those of this place';
comment on column vaultbook.landings.content_sha256 is
  'Digest of it, as in the inbox: where another content of this signature was seen says nothing of the accepted one';
comment on column vaultbook.landings.first_seen_at is 'When it was first seen there';

create table vaultbook.lost_landings (
  signature varchar(128) collate "C" not null,
  slot bigint not null,
  lost_at timestamptz not null default clock_timestamp(),
  constraint lost_landings_pkey primary key (signature, slot)
);
comment on table vaultbook.lost_landings is 'Slots that a fork took a signature out of: a late delivery from there has no effect.';
comment on column vaultbook.lost_landings.signature is 'The Solana transaction';
comment on column vaultbook.lost_landings.slot is 'The slot that it lost';
comment on column vaultbook.lost_landings.lost_at is 'When that became known';

alter table vaultbook.landings enable row level security;
alter table vaultbook.lost_landings enable row level security;
revoke all on vaultbook.landings, vaultbook.lost_landings from public, anon, authenticated, service_role;
create trigger landings_append_only before insert or update or delete or truncate on vaultbook.landings
  for each statement execute function vaultbook.tg_append_only();
alter table vaultbook.landings enable always trigger landings_append_only;
comment on trigger landings_append_only on vaultbook.landings is 'Written by the ledger''s own functions only.';
create trigger lost_landings_append_only before insert or update or delete or truncate on vaultbook.lost_landings
  for each statement execute function vaultbook.tg_append_only();
alter table vaultbook.lost_landings enable always trigger lost_landings_append_only;
comment on trigger lost_landings_append_only on vaultbook.lost_landings is 'Written by the ledger''s own functions only.';

create function vaultbook.note_landings(p_items vaultbook.item[]) returns void
language plpgsql
set search_path = ''
as $$
begin
  with elsewhere as (
    select i.signature, i.slot, i.transaction_index, to_timestamp(i.block_time) as block_time, i.finalized, i.content,
           known.slot as known_slot, known.transaction_index as known_index, known.block_time as known_time,
           known.finalized_at is not null as known_finalized, known.content as known_content, known.content_sha256
      from unnest(p_items) as i
      join vaultbook.inbox as known
        on known.signature = i.signature and known.outcome <> 'conflict' and known.content_sha256 = decode(i.content_sha256, 'hex')
     where i.slot is not null and i.transaction_index is not null and known.transaction_index is not null
       and (known.slot, known.transaction_index) <> (i.slot, i.transaction_index)
  )
  insert into vaultbook.landings as l (signature, content_sha256, slot, transaction_index, block_time, finalized, content)
  select e.signature, e.content_sha256, e.slot, e.transaction_index, min(e.block_time), coalesce(bool_or(e.finalized), false),
         (array_agg(e.content))[1]
    from elsewhere as e
   group by 1, 2, 3, 4
  union
  select e.signature, e.content_sha256, e.known_slot, e.known_index, e.known_time, e.known_finalized, e.known_content from elsewhere as e
  order by 1, 2, 3, 4
  on conflict on constraint landings_pkey
  do update set finalized = true where excluded.finalized and not l.finalized;
end
$$;
comment on function vaultbook.note_landings(vaultbook.item[]) is
  'Notes the places of those items whose signature is known, with the same content, at another place; and that place too.';
alter function vaultbook.note_landings(vaultbook.item[]) owner to vaultbook_ledger;

create function vaultbook.finalize(p_items vaultbook.item[]) returns void
language sql
set search_path = ''
as $$
  with final as (
    update vaultbook.inbox as known
       set finalized_at = coalesce(known.finalized_at, now()), proven_at = now()
      from unnest(p_items) as i
     where i.finalized and known.signature = i.signature and known.outcome <> 'conflict' and known.proven_at is null
       and (known.slot, known.transaction_index) = (i.slot, i.transaction_index)
       -- Also that the chain's own copy is unreadable is proven then.
       and (known.content_sha256 = decode(i.content_sha256, 'hex') or (known.content is null and i.outcome = 'quarantined' and known.outcome = 'quarantined'))
    returning known.signature
  )
  update public.transactions as t
     set finalized_at = now(), updated_at = now()
    from final as f
   where t.signature = f.signature and t.rolled_back_at is null and t.slot is not null and t.finalized_at is null
$$;
comment on function vaultbook.finalize(vaultbook.item[]) is
  'Marks what these items show at finalized commitment at the very place where the ledger has it: nothing takes it back any more.';
alter function vaultbook.finalize(vaultbook.item[]) owner to vaultbook_ledger;

create type vaultbook.relocation as (
  moved text[],
  withdrawn vaultbook.withdrawn_row[]
);
comment on type vaultbook.relocation is 'The signatures whose place on the chain changed, and the rows that were taken back because of it.';

create function vaultbook.relocate(p_signatures text[], p_locked integer[]) returns vaultbook.relocation
language plpgsql
set search_path = ''
as $$
declare
  result vaultbook.relocation := row (array[]::text[], array[]::vaultbook.withdrawn_row[]);
  lost text[];
begin
  -- Nearly always nothing: each signature was seen at one place, and none lost its.
  if not exists (select from vaultbook.landings as l where l.signature = any (p_signatures))
     and not exists (select from vaultbook.lost_landings as l where l.signature = any (p_signatures)) then
    return result;
  end if;

  with known as (
    select i.signature, i.slot, i.transaction_index, i.block_time, i.finalized_at is not null as finalized,
           i.content, i.content_sha256, coalesce(i.code = 'rolled_back', false) as is_lost
      from vaultbook.inbox as i
     where i.signature = any (p_signatures) and i.outcome <> 'conflict' and i.content -> 'events' <> '[]'
  ), place as (
    select k.signature, k.slot, k.transaction_index, k.block_time, k.finalized, k.content from known as k
    union all
    select l.signature, l.slot, l.transaction_index, l.block_time, l.finalized, l.content
      from vaultbook.landings as l
     where (l.signature, l.content_sha256) in (select k.signature, k.content_sha256 from known as k)
  ), best as (
    select distinct on (p.signature) p.*
      from place as p
     where p.finalized
        or not exists (select from vaultbook.lost_landings as gone where gone.signature = p.signature and gone.slot = p.slot)
     order by p.signature, p.finalized desc, p.slot desc, p.transaction_index desc
  ), relocated as (
    update vaultbook.inbox as i
       set slot = coalesce(b.slot, i.slot),
           transaction_index = coalesce(b.transaction_index, i.transaction_index),
           block_time = case when b.signature is null then i.block_time else b.block_time end,
           content = coalesce(b.content, i.content),
           finalized_at = case when b.finalized then coalesce(i.finalized_at, now()) end,
           outcome = case when b.signature is null then 'ignored' else 'new' end,
           code = case when b.signature is null then 'rolled_back' end,
           reason = case when b.signature is null then 'A fork of the chain dropped it, and it has not landed again' end,
           waits_until_slot = null,
           decided_at = case when b.signature is null then clock_timestamp() end
      from known as k
      left join best as b on b.signature = k.signature
     where i.signature = k.signature and i.outcome <> 'conflict'
       and case when b.signature is null then not k.is_lost
                else k.is_lost or (b.slot, b.transaction_index) <> (k.slot, k.transaction_index) end
    returning i.signature, i.code = 'rolled_back' as is_lost
  )
  select coalesce(array_agg(r.signature::text), '{}'), coalesce(array_agg(r.signature::text) filter (where r.is_lost), '{}')
    into result.moved, lost
    from relocated as r;

  if exists (
    select from public.transactions as t where t.signature = any (result.moved) and t.slot is not null and t.rolled_back_at is null
    union all
    select from vaultbook.status_changes as c where c.signature = any (result.moved) and c.rolled_back_at is null
  ) then
    perform vaultbook.require_alone(p_locked);
    result.withdrawn := vaultbook.withdraw(lost, 'landing_lost')
      || vaultbook.withdraw(vaultbook.without(result.moved, lost), 'landed_elsewhere');
  end if;
  return result;
end
$$;
comment on function vaultbook.relocate(text[], integer[]) is
  'Gives each of these signatures the place where it lies now: where it was seen finalized, else the highest of those it did not lose. One '
  'that has a place, and a new one, is new again; one that has none is ignored. What they did at their old place is taken back.';
alter function vaultbook.relocate(text[], integer[]) owner to vaultbook_ledger;
