-- The ledger: what events do to vaults. vaultbook.post() is the only place where balances move.

create type vaultbook.folded_row as (
  id uuid,
  signature text,
  slot bigint,
  transaction_index integer,
  event_index integer,
  block_time timestamptz,
  finalized_at timestamptz,
  owner text,
  transaction_type text,
  status text,
  amount bigint,
  counterparty text,
  note text,
  balance_before numeric,
  balance_after numeric,
  total_delta numeric,
  locked_delta numeric,
  spends boolean,
  total_after numeric,
  locked_after numeric
);
comment on type vaultbook.folded_row is
  'A row of the ledger with the balances it would have, which may be impossible ones. id is null for a row that is not written yet; '
  'spends: what it takes is locked collateral first, so locked_delta is floored where none is left.';

create type vaultbook.withdrawn_row as (
  signature text,
  slot bigint,
  transaction_index integer,
  owner text,
  transaction_type text,
  amount bigint,
  moved boolean
);
comment on type vaultbook.withdrawn_row is
  'A row of the ledger that was taken back in this transaction, and is still in the balances behind it. moved: it was confirmed.';

create function vaultbook.fold(p_legs vaultbook.leg[], p_withdrawn vaultbook.withdrawn_row[]) returns setof vaultbook.folded_row
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with fresh as materialized (
      select * from unnest(p_legs)
    ), horizon as (
      -- Per vault the earliest of what comes and goes: everything from its Solana transaction on is threaded anew, everything before it
      -- stays. Two signatures cannot share a place on one chain; where a fork or a lie says so, the signature decides.
      select distinct on (c.owner) c.owner, c.slot, c.transaction_index
        from (
          select f.owner, f.slot, f.transaction_index from fresh as f
          union all
          select w.owner, w.slot, w.transaction_index from unnest(p_withdrawn) as w
        ) as c
       order by c.owner, c.slot, c.transaction_index
    ), opening as (
      select h.owner, coalesce(last.total_after, 0) as total, coalesce(last.locked_after, 0) as locked
        from horizon as h
        left join lateral (
          select t.total_after, t.locked_after
            from public.transactions as t
           where t.vault_owner = h.owner and t.rolled_back_at is null
             and (t.slot, t.transaction_index) < (h.slot, h.transaction_index)
           order by t.slot desc, t.transaction_index desc, t.signature desc, t.event_index desc, t.transaction_type = 'transfer_in' desc
           limit 1
        ) as last on true
    ), thread as (
      select null::uuid as id, f.* from fresh as f
      union all
      select t.id, t.signature, t.slot, t.transaction_index, t.event_index, null, null, t.vault_owner, t.transaction_type, t.status,
             t.amount, t.counterparty, t.note
        from horizon as h
       cross join lateral (
         select later.* from public.transactions as later
          where later.vault_owner = h.owner and later.rolled_back_at is null and (later.slot, later.transaction_index) >= (h.slot, h.transaction_index)
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
    select f.id, f.signature, f.slot, f.transaction_index, f.event_index, f.block_time, f.finalized_at, f.owner, f.transaction_type, f.status,
           f.amount, f.counterparty, f.note,
           case f.reports when 'total' then f.total_after - f.total_delta
                          else f.total_after - f.locked_after + f.locked_delta end,
           case f.reports when 'total' then f.total_after else f.total_after - f.locked_after end,
           f.total_delta::numeric, f.locked_delta::numeric, f.spends, f.total_after, f.locked_after
      from folded as f;
end
$$;
comment on function vaultbook.fold(vaultbook.leg[], vaultbook.withdrawn_row[]) is
  'Lays the legs into the threads of their vaults in chain order and gives the balances of every row from the earliest leg or withdrawn row '
  'on, the rows already written among them. Writes nothing, and refuses nothing: an impossible history comes out with impossible balances.';
alter function vaultbook.fold(vaultbook.leg[], vaultbook.withdrawn_row[]) owner to vaultbook_ledger;

create function vaultbook.post(p_rows vaultbook.folded_row[], p_withdrawn vaultbook.withdrawn_row[]) returns void
language plpgsql
set search_path = ''
as $$
declare
  -- Rows that are written already, behind one that comes or goes.
  followers constant bigint := (select count(*) from unnest(p_rows) as f where f.id is not null);
  written bigint;
begin
  insert into public.transactions (
    vault_owner, transaction_type, amount, signature, status, balance_before, balance_after, counterparty, note,
    created_at, confirmed_at, slot, transaction_index, event_index, finalized_at, total_after, locked_after
  )
  select f.owner, f.transaction_type, f.amount, f.signature, f.status, f.balance_before, f.balance_after, f.counterparty, f.note,
         coalesce(f.block_time, now()), case f.status when 'confirmed' then coalesce(f.block_time, now()) end,
         f.slot, f.transaction_index, f.event_index, f.finalized_at, f.total_after, f.locked_after
    from unnest(p_rows) as f
    left join vaultbook.pending_for(p_rows) as p
      on p.signature = f.signature and p.event_index = f.event_index and p.transaction_type = f.transaction_type
   where f.id is null and p.pending_id is null
   order by f.owner, f.slot, f.transaction_index, f.signature, f.event_index;
  get diagnostics written = row_count;

  if written + followers < cardinality(p_rows) then
    -- What was announced here keeps its row, which is from now on as if the chain alone had told of it.
    update public.transactions as t
       set status = f.status, signature = f.signature, slot = f.slot, transaction_index = f.transaction_index,
           event_index = f.event_index, balance_before = f.balance_before, balance_after = f.balance_after,
           total_after = f.total_after, locked_after = f.locked_after, counterparty = f.counterparty, note = f.note,
           created_at = coalesce(f.block_time, now()), updated_at = now(), finalized_at = f.finalized_at,
           confirmed_at = case f.status when 'confirmed' then coalesce(f.block_time, now()) end,
           submitted_signature = null, expires_at = null
      from unnest(p_rows) as f
      join vaultbook.pending_for(p_rows) as p
        on p.signature = f.signature and p.event_index = f.event_index and p.transaction_type = f.transaction_type
     where t.id = p.pending_id and f.id is null;
  end if;
  if followers > 0 then
    update public.transactions as t
       set balance_before = f.balance_before, balance_after = f.balance_after,
           total_after = f.total_after, locked_after = f.locked_after, updated_at = now()
      from unnest(p_rows) as f
     where t.id = f.id and (t.total_after <> f.total_after or t.locked_after <> f.locked_after);
  end if;

  with moved as (
    select f.owner, f.transaction_type, case when f.id is null then f.total_delta end as delta,
           row_number() over (
             partition by f.owner
             order by f.slot desc, f.transaction_index desc, f.signature desc, f.event_index desc, f.transaction_type = 'transfer_in' desc
           ) = 1 as is_last,
           f.total_after, f.locked_after
      from unnest(p_rows) as f
    union all
    select w.owner, w.transaction_type, case when w.moved then - m.total_sign * w.amount end, false, null, null
      from unnest(p_withdrawn) as w
      join vaultbook.movements as m on m.transaction_type = w.transaction_type
  ), change as (
    select m.owner,
           max(m.total_after) filter (where m.is_last) as total_after,
           max(m.locked_after) filter (where m.is_last) as locked_after,
           coalesce(sum(m.delta) filter (where m.transaction_type = 'deposit'), 0) as deposited,
           coalesce(sum(- m.delta) filter (where m.transaction_type = 'withdrawal'), 0) as withdrawn
      from moved as m
     group by m.owner
  ), balance as (
    select c.owner, c.deposited, c.withdrawn,
           coalesce(c.total_after, held.total_after, 0) as total_after, coalesce(c.locked_after, held.locked_after, 0) as locked_after
      from change as c
      left join lateral (
        -- Nothing is left from the first withdrawn row on: the vault holds what it held before.
        select t.total_after, t.locked_after from public.transactions as t
         where c.total_after is null and t.vault_owner = c.owner and t.slot is not null and t.rolled_back_at is null
         order by t.slot desc, t.transaction_index desc, t.signature desc, t.event_index desc, t.transaction_type = 'transfer_in' desc
         limit 1
      ) as held on true
  ), balanced as (
    update public.vaults as v
       set total_balance = b.total_after,
           locked_balance = b.locked_after,
           available_balance = b.total_after - b.locked_after,
           total_deposited = v.total_deposited + b.deposited,
           total_withdrawn = v.total_withdrawn + b.withdrawn,
           updated_at = now()
      from balance as b
     where v.owner = b.owner
    returning v.owner, v.vault_address, v.status, v.total_balance, v.locked_balance
  ), difference as (
    -- The table itself is as it was before this statement.
    select vaultbook.bucket(b.vault_address) as bucket,
           sum(b.total_balance::numeric - was.total_balance) as total_balance,
           sum(b.locked_balance::numeric - was.locked_balance) as locked_balance,
           sum(vaultbook.counts(b.status, b.total_balance)::integer - vaultbook.counts(was.status, was.total_balance)::integer) as vaults
      from balanced as b
      join public.vaults as was on was.owner = b.owner
     group by 1
  )
  update vaultbook.vault_totals as t
     set vaults = t.vaults + d.vaults, total_balance = t.total_balance + d.total_balance,
         locked_balance = t.locked_balance + d.locked_balance, changes = t.changes + 1
    from difference as d
   where t.bucket = d.bucket and (d.vaults <> 0 or d.total_balance <> 0 or d.locked_balance <> 0);
end
$$;
comment on function vaultbook.post(vaultbook.folded_row[], vaultbook.withdrawn_row[]) is
  'Writes folded rows: the new ones are inserted, the later ones of their vaults follow, the vaults hold what the last row says, and the totals what the '
  'vaults hold. '
  'The vaults must be locked since before the fold. Raises 23514 where a balance is impossible: nothing may get here with one.';
alter function vaultbook.post(vaultbook.folded_row[], vaultbook.withdrawn_row[]) owner to vaultbook_ledger;
