-- The ledger: what events do to vaults. vaultbook.post() is the only place where balances move.

create view vaultbook.events as
select i.signature, i.slot, i.transaction_index, e.ordinal as event_index, i.block_time,
       (i.content -> 'failed')::boolean as failed,
       e.kind, e.owner as named_owner, e.vault,
       -- One look-up an event, however many the planner expects: it cannot know how many events a content holds.
       (select v.owner from public.vaults as v where v.vault_address = e.vault and v.status <> 'closed') as owner,
       e.to_vault,
       (select v.owner from public.vaults as v where v.vault_address = e.to_vault and v.status <> 'closed') as to_owner,
       e.token_account, e.amount, e.total_after, e.locked_after, e.available_after, e.reason, e.authority, e.paused, e.at
  from vaultbook.inbox as i
 cross join lateral jsonb_to_recordset(i.content -> 'events') as e (
         ordinal integer, kind text, owner text, vault text, to_vault text, token_account text, amount bigint,
         total_after bigint, locked_after bigint, available_after bigint, reason text, authority text, paused boolean, at bigint
       )
 where i.outcome <> 'conflict';
comment on view vaultbook.events is
  'The events of the inbox with the owners that the vault map knows for their addresses; owner is null where it knows none.';
comment on column vaultbook.events.signature is 'The Solana transaction';
comment on column vaultbook.events.slot is 'Slot of its block';
comment on column vaultbook.events.transaction_index is 'Place in its block, from 0';
comment on column vaultbook.events.event_index is 'Place of the event in its transaction, from 0';
comment on column vaultbook.events.block_time is 'Time of its block';
comment on column vaultbook.events.failed is 'The Solana transaction failed: nothing moves';
comment on column vaultbook.events.kind is 'initialise, deposit, withdrawal, lock, unlock, transfer or pause';
comment on column vaultbook.events.named_owner is 'The owner that the event itself names; transfers name none';
comment on column vaultbook.events.vault is 'Address of the vault, of a transfer''s source';
comment on column vaultbook.events.owner is 'Owner of that vault by the vault map';
comment on column vaultbook.events.to_vault is 'Address of a transfer''s destination';
comment on column vaultbook.events.to_owner is 'Owner of that vault by the vault map';
comment on column vaultbook.events.token_account is 'Token account of a new vault';
comment on column vaultbook.events.amount is 'Amount in base units';
comment on column vaultbook.events.total_after is 'The vault''s total after it, where the event tells: a check, never a source';
comment on column vaultbook.events.locked_after is 'The vault''s locked balance after it, where the event tells';
comment on column vaultbook.events.available_after is 'The vault''s available balance after it, where the event tells';
comment on column vaultbook.events.reason is 'A transfer''s reason';
comment on column vaultbook.events.authority is 'The key that locked, unlocked, transferred or paused';
comment on column vaultbook.events.paused is 'For pause: the new state';
comment on column vaultbook.events.at is 'The event''s own time, seconds since 1970';

create view vaultbook.legs as
select e.signature, e.slot, e.transaction_index, e.event_index, e.block_time, e.owner,
       case when e.kind <> 'transfer' then e.kind when e.reason = 'FeeCollection' then 'fee' else 'transfer_out' end
         as transaction_type,
       case when e.failed then 'failed' else 'confirmed' end as status,
       e.amount, e.to_owner as counterparty, e.reason as note
  from vaultbook.events as e
 where e.kind in ('deposit', 'withdrawal', 'lock', 'unlock', 'transfer')
   -- Anybody can make a transaction fail on somebody's vault; that is none of its owner's history.
   and (not e.failed or e.owner is null or e.named_owner is null or e.named_owner = e.owner)
union all
select e.signature, e.slot, e.transaction_index, e.event_index, e.block_time, e.to_owner,
       'transfer_in', 'confirmed', e.amount, e.owner, e.reason
  from vaultbook.events as e
 where e.kind = 'transfer' and not e.failed;
comment on view vaultbook.legs is
  'The events as effects on one vault each: the rows of transactions they ask for. A transfer has two legs, a failed one only the source''s. '
  'owner is null where the vault is unknown.';
comment on column vaultbook.legs.signature is 'As in events';
comment on column vaultbook.legs.slot is 'As in events';
comment on column vaultbook.legs.transaction_index is 'As in events';
comment on column vaultbook.legs.event_index is 'As in events';
comment on column vaultbook.legs.block_time is 'As in events';
comment on column vaultbook.legs.owner is 'Owner of the vault it moves';
comment on column vaultbook.legs.transaction_type is 'As in transactions';
comment on column vaultbook.legs.status is 'confirmed or failed';
comment on column vaultbook.legs.amount is 'Amount in base units';
comment on column vaultbook.legs.counterparty is 'Owner of the other vault of a transfer';
comment on column vaultbook.legs.note is 'A transfer''s reason';

create type vaultbook.leg as (
  signature text,
  slot bigint,
  transaction_index integer,
  event_index integer,
  block_time timestamptz,
  owner text,
  transaction_type text,
  status text,
  amount bigint,
  counterparty text,
  note text
);
comment on type vaultbook.leg is 'A row of vaultbook.legs, to be carried between statements.';

create function vaultbook.open_vaults(p_signatures text[]) returns text[]
language sql
set search_path = ''
as $$
  with opener as (
    select distinct on (e.named_owner) e.signature, e.named_owner, e.vault, e.token_account,
           coalesce(to_timestamp(e.at), e.block_time, now()) as created_at
      from vaultbook.events as e
     where e.signature = any (p_signatures) and e.kind = 'initialise' and not e.failed
     order by e.named_owner, e.slot, e.transaction_index, e.signature, e.event_index
  ), opened as (
    -- A conflict on the owner is a repetition; one on the address is a claim to another's vault, which admit() refuses.
    insert into public.vaults (owner, vault_address, token_account, created_at)
    select o.named_owner, o.vault, o.token_account, o.created_at from opener as o
    on conflict do nothing
    returning owner
  )
  select coalesce(array_agg(distinct o.signature), '{}')
    from opener as o
    join opened as v on v.owner = o.named_owner
$$;
comment on function vaultbook.open_vaults(text[]) is
  'Makes the vault rows that the initialisations among these signatures ask for; a vault that is there stays as it is. Returns the '
  'signatures that made one.';
alter function vaultbook.open_vaults(text[]) owner to vaultbook_ledger;

create type vaultbook.folded_row as (
  id uuid,
  signature text,
  slot bigint,
  transaction_index integer,
  event_index integer,
  block_time timestamptz,
  owner text,
  transaction_type text,
  status text,
  amount bigint,
  counterparty text,
  note text,
  balance_before numeric,
  balance_after numeric,
  total_delta numeric,
  total_after numeric,
  locked_after numeric
);
comment on type vaultbook.folded_row is
  'A row of the ledger with the balances it would have, which may be impossible ones. id is null for a row that is not written yet.';

create function vaultbook.fold(p_legs vaultbook.leg[]) returns setof vaultbook.folded_row
language sql stable
set search_path = ''
as $$
  with fresh as materialized (
    select * from unnest(p_legs)
  ), horizon as (
    -- Per vault the earliest of the new rows: everything from its Solana transaction on is threaded anew, everything before it stays.
    -- Two signatures cannot share a place on one chain; where a fork or a lie says so, the signature decides.
    select distinct on (f.owner) f.owner, f.slot, f.transaction_index
      from fresh as f
     order by f.owner, f.slot, f.transaction_index
  ), opening as (
    select h.owner, coalesce(last.total_after, 0) as total, coalesce(last.locked_after, 0) as locked
      from horizon as h
      left join lateral (
        select t.total_after, t.locked_after
          from public.transactions as t
         where t.vault_owner = h.owner
           and (t.slot, t.transaction_index) < (h.slot, h.transaction_index)
         order by t.slot desc, t.transaction_index desc, t.signature desc, t.event_index desc, t.transaction_type = 'transfer_in' desc
         limit 1
      ) as last on true
  ), thread as (
    select null::uuid as id, f.* from fresh as f
    union all
    select t.id, t.signature, t.slot, t.transaction_index, t.event_index, null, t.vault_owner, t.transaction_type, t.status,
           t.amount, t.counterparty, t.note
      from horizon as h
     cross join lateral (
       select later.* from public.transactions as later
        where later.vault_owner = h.owner and (later.slot, later.transaction_index) >= (h.slot, h.transaction_index)
       offset 0 -- Vault by vault, by the index: never by reading the whole ledger.
     ) as t
  ), delta as (
    select th.*, m.reports,
           m.spends_locked_first and th.status = 'confirmed' as spends,
           case th.status when 'confirmed' then m.total_sign * th.amount else 0 end as total_delta,
           case th.status when 'confirmed' then m.locked_sign * th.amount else 0 end as locked_delta
      from thread as th
      join vaultbook.movements as m on m.transaction_type = th.transaction_type
  ), running as (
    select d.*,
           o.total + sum(d.total_delta) over chain as total_after,
           o.locked + sum(d.locked_delta) over chain as unfloored
      from delta as d
      join opening as o on o.owner = d.owner
    -- A transfer to oneself leaves before it arrives.
    window chain as (
      partition by d.owner
      order by d.slot, d.transaction_index, d.signature, d.event_index, d.transaction_type = 'transfer_in'
      rows unbounded preceding
    )
  ), folded as (
    -- A spender takes what is locked and never below 0, which no plain sum can say. It is a random walk reflected at 0, whose
    -- closed form is its free sum plus the deepest point below 0 that it reached at a spender so far (Lindley 1952).
    select r.*,
           r.unfloored + greatest(0, max(- r.unfloored) filter (where r.spends) over chain) as locked_after
      from running as r
    window chain as (
      partition by r.owner
      order by r.slot, r.transaction_index, r.signature, r.event_index, r.transaction_type = 'transfer_in'
      rows unbounded preceding
    )
  )
  select f.id, f.signature, f.slot, f.transaction_index, f.event_index, f.block_time, f.owner, f.transaction_type, f.status,
         f.amount, f.counterparty, f.note,
         case f.reports when 'total' then f.total_after - f.total_delta
                        else f.total_after - f.locked_after + f.locked_delta end,
         case f.reports when 'total' then f.total_after else f.total_after - f.locked_after end,
         f.total_delta, f.total_after, f.locked_after
    from folded as f
$$;
comment on function vaultbook.fold(vaultbook.leg[]) is
  'Lays the legs into the threads of their vaults in chain order and gives the balances of every row from the earliest leg on, the rows '
  'already written among them. Writes nothing, and refuses nothing: an impossible history comes out with impossible balances.';
alter function vaultbook.fold(vaultbook.leg[]) owner to vaultbook_ledger;

create function vaultbook.post(p_rows vaultbook.folded_row[]) returns void
language sql
set search_path = ''
as $$
  with folded as materialized (
    select * from unnest(p_rows)
  ), written as (
    insert into public.transactions (
      vault_owner, transaction_type, amount, signature, status, balance_before, balance_after, counterparty, note,
      created_at, confirmed_at, slot, transaction_index, event_index, total_after, locked_after
    )
    select f.owner, f.transaction_type, f.amount, f.signature, f.status, f.balance_before, f.balance_after, f.counterparty, f.note,
           coalesce(f.block_time, now()), case f.status when 'confirmed' then coalesce(f.block_time, now()) end,
           f.slot, f.transaction_index, f.event_index, f.total_after, f.locked_after
      from folded as f
     where f.id is null
     order by f.owner, f.slot, f.transaction_index, f.signature, f.event_index
  ), threaded as (
    update public.transactions as t
       set balance_before = f.balance_before, balance_after = f.balance_after,
           total_after = f.total_after, locked_after = f.locked_after, updated_at = now()
      from folded as f
     where t.id = f.id and (t.total_after <> f.total_after or t.locked_after <> f.locked_after)
  )
  update public.vaults as v
     set total_balance = l.total_after,
         locked_balance = l.locked_after,
         available_balance = l.total_after - l.locked_after,
         total_deposited = v.total_deposited + l.deposited,
         total_withdrawn = v.total_withdrawn + l.withdrawn,
         updated_at = now()
    from (
      select distinct on (f.owner) f.owner, f.total_after, f.locked_after,
             coalesce(sum(f.total_delta) filter (where f.id is null and f.transaction_type = 'deposit') over vault, 0) as deposited,
             coalesce(sum(- f.total_delta) filter (where f.id is null and f.transaction_type = 'withdrawal') over vault, 0) as withdrawn
        from folded as f
      window vault as (partition by f.owner)
       order by f.owner, f.slot desc, f.transaction_index desc, f.signature desc, f.event_index desc, f.transaction_type = 'transfer_in' desc
    ) as l
   where v.owner = l.owner
$$;
comment on function vaultbook.post(vaultbook.folded_row[]) is
  'Writes folded rows: the new ones are inserted, the later ones of their vaults follow, and the vaults hold what the last row says. '
  'The vaults must be locked since before the fold. Raises 23514 where a balance is impossible: nothing may get here with one.';
alter function vaultbook.post(vaultbook.folded_row[]) owner to vaultbook_ledger;

create function vaultbook.misfits(p_rows vaultbook.folded_row[])
returns table (signature text, outcome text, code text, reason text, waits_until_slot bigint)
language sql stable
set search_path = ''
as $$
  with folded as materialized (
    select f.*, (f.slot, f.transaction_index, f.signature, f.event_index, (f.transaction_type = 'transfer_in')::integer) as place
      from unnest(p_rows) as f
  ), broken as (
    select distinct on (f.owner) f.owner, f.place, f.slot, f.total_after, f.locked_after, f.total_after > 9223372036854775807 as exceeds
      from folded as f
     where f.total_after < 0 or f.locked_after < 0 or f.total_after < f.locked_after or f.total_after > 9223372036854775807
     order by f.owner, f.place
  )
  -- Only taking away something that takes from this very vault can mend its first break, so one such row of each broken vault has to
  -- go; the latest, since the chain allowed the earlier ones without it.
  select distinct on (f.signature) f.signature,
         case when b.exceeds then 'quarantined' else 'parked' end,
         case when b.exceeds then 'amount_out_of_range' else 'balance_would_be_negative' end,
         format('With it the vault of %s would hold %s, %s of it locked, in slot %s', b.owner, b.total_after, b.locked_after, b.slot),
         case when not b.exceeds then b.slot end
    from broken as b
   cross join lateral (
     select f.signature
       from folded as f
      where f.owner = b.owner and f.id is null and f.status = 'confirmed' and f.place <= b.place
        and b.exceeds = (f.transaction_type in ('deposit', 'transfer_in'))
      order by f.place desc
      limit 1
   ) as f
   order by f.signature, b.slot desc
$$;
comment on function vaultbook.misfits(vaultbook.folded_row[]) is
  'The new signatures that have to stay out so that the first impossible balance of each vault goes away, and why; none when every balance '
  'is possible. Taking them out can make the next break visible: repeat until none is left.';
alter function vaultbook.misfits(vaultbook.folded_row[]) owner to vaultbook_ledger;
