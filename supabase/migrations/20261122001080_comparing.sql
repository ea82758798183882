-- Comparing: a vault as a node showed it at a slot, beside the book as it was in that slot.

create type vaultbook.vault_reading as (
  owner text,
  has_vault boolean,
  vault_owner text,
  token_account text,
  total bigint,
  locked bigint,
  available bigint,
  deposited bigint,
  withdrawn bigint,
  tokens bigint,
  problem text
);
comment on type vaultbook.vault_reading is
  'What a node says of the vault of an owner: whether there is one; whose it is and where its tokens lie; its balances, NULL where the program '
  'does not keep them; the tokens that are there, 0 where there is no token account; problem: why it could not be read. Base units.';

create type vaultbook.comparison as (
  owner text,
  slot bigint,
  expected bigint,
  actual bigint,
  surplus bigint,
  verdict text,
  reason text,
  total_off numeric,
  locked_off numeric,
  deposited_off numeric,
  withdrawn_off numeric
);
comment on type vaultbook.comparison is
  'A vault beside the chain at a slot: its total in the database and on the chain, tokens that no event brought, and match, mismatch, behind '
  '(it cannot be said yet), young (it was opened later) or former (its address is another owner''s since). By how much the chain has more than '
  'the ledger in total, locked, deposited and withdrawn: NULL where the program does not keep it.';

create function vaultbook.compare_vaults(p_slot bigint, p_readings vaultbook.vault_reading[]) returns setof vaultbook.comparison
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with placed as (
      select r.*, v.vault_address, v.token_account as known_token_account,
             opening.owner as holder, opening.slot as opened_slot, opening.transaction_index as opened_index, openings.times,
             openings.later, closing.change is not distinct from 'close' as is_closed,
             coalesce(at_slot.total_after, 0) as total_at, coalesce(at_slot.locked_after, 0) as locked_at,
             -- What vaults holds, without what happened after the slot: it must say the same as the ledger.
             v.total_balance - coalesce(newest.total_after, 0) + coalesce(at_slot.total_after, 0) as total_held,
             v.locked_balance - coalesce(newest.locked_after, 0) + coalesce(at_slot.locked_after, 0) as locked_held,
             v.total_deposited, v.total_withdrawn
        from unnest(p_readings) as r
        join public.vaults as v on v.owner = r.owner
        left join lateral (
          select o.owner, o.slot, o.transaction_index from vaultbook.openings as o
           where o.vault_address = v.vault_address and o.slot <= p_slot
           order by o.slot desc, o.transaction_index desc, o.signature desc, o.event_index desc
           limit 1
        ) as opening on true
        cross join lateral (
          select count(*) filter (where o.slot <= p_slot) as times, count(*) filter (where o.slot > p_slot) as later
            from vaultbook.openings as o where o.vault_address = v.vault_address
        ) as openings
        left join lateral (
          select c.change from vaultbook.status_changes as c
           where c.vault_address = v.vault_address and c.rolled_back_at is null and c.slot <= p_slot and c.change in ('initialise', 'close')
           order by c.slot desc, c.transaction_index desc, c.signature desc, c.event_index desc
           limit 1
        ) as closing on true
        left join lateral (
          select t.total_after, t.locked_after from public.transactions as t
           where t.vault_owner = v.owner and t.rolled_back_at is null and t.slot <= p_slot
           order by t.slot desc, t.transaction_index desc, t.signature desc, t.event_index desc, t.transaction_type = 'transfer_in' desc
           limit 1
        ) as at_slot on true
        left join lateral (
          select t.total_after, t.locked_after from public.transactions as t
           where t.vault_owner = v.owner and t.rolled_back_at is null and t.slot is not null
           order by t.slot desc, t.transaction_index desc, t.signature desc, t.event_index desc, t.transaction_type = 'transfer_in' desc
           limit 1
        ) as newest on true
    ), lifetime as (
      select p.*,
             -- A vault that was opened again counts from there; else the sums of all its life, without what came after the slot.
             case when p.times > 1 then counted.deposited else p.total_deposited - counted.deposited end as deposited_at,
             case when p.times > 1 then counted.withdrawn else p.total_withdrawn - counted.withdrawn end as withdrawn_at
        from placed as p
       cross join lateral (
         select coalesce(sum(t.amount) filter (where t.transaction_type = 'deposit'), 0) as deposited,
                coalesce(sum(t.amount) filter (where t.transaction_type = 'withdrawal'), 0) as withdrawn
           from public.transactions as t
          -- By the time it was confirmed and not by its status: an index on that holds nearly everything.
          where t.vault_owner = p.owner and t.rolled_back_at is null and t.confirmed_at is not null
            and t.slot > case when p.times > 1 then -1 else p_slot end
            and (p.times < 2 or (t.slot <= p_slot and (t.slot, t.transaction_index) >= (p.opened_slot, p.opened_index)))
       ) as counted
    ), judged as (
      select l.*, coalesce(l.total, 0) as total_seen,
             concat_ws('; ',
               case when l.has_vault and l.is_closed then 'the chain has a vault that was closed' end,
               case when not l.has_vault and l.times > 0 and not l.is_closed then 'the chain has no such vault' end,
               case when l.vault_owner <> l.owner then format('on the chain it belongs to %s', l.vault_owner) end,
               case when l.token_account <> l.known_token_account then format('on the chain its tokens are in %s', l.token_account) end,
               case when l.total_at <> l.total_held or l.locked_at <> l.locked_held
                    then format('vaults holds a total of %s and %s locked, its ledger %s and %s', vaultbook.usdt(l.total_held), vaultbook.usdt(l.locked_held),
                                vaultbook.usdt(l.total_at), vaultbook.usdt(l.locked_at)) end,
               case when coalesce(l.total, 0) <> l.total_at then format('the total is %s, not %s', vaultbook.usdt(coalesce(l.total, 0)), vaultbook.usdt(l.total_at)) end,
               case when l.locked <> l.locked_at then format('locked are %s, not %s', vaultbook.usdt(l.locked), vaultbook.usdt(l.locked_at)) end,
               case when l.available <> l.total_at - l.locked_at
                    then format('available are %s, not %s', vaultbook.usdt(l.available), vaultbook.usdt(l.total_at - l.locked_at)) end,
               case when l.deposited <> l.deposited_at then format('deposited are %s, not %s', vaultbook.usdt(l.deposited), vaultbook.usdt(l.deposited_at)) end,
               case when l.withdrawn <> l.withdrawn_at then format('withdrawn are %s, not %s', vaultbook.usdt(l.withdrawn), vaultbook.usdt(l.withdrawn_at)) end,
               case when l.tokens < coalesce(l.total, 0) then format('its tokens are only %s', vaultbook.usdt(l.tokens)) end
             ) as difference
        from lifetime as l
    )
    select j.owner, p_slot,
           greatest(case when j.total_held <> j.total_seen then j.total_held else j.total_at end, 0)::bigint as expected,
           case when j.total_seen = j.total_at and j.total_seen = j.total_held then least(j.total_seen, j.tokens) else j.total_seen end,
           greatest(j.tokens - j.total_seen, 0),
           case
             when j.problem is not null then 'behind'
             when j.holder is null and j.later > 0 then 'young'
             when j.holder <> j.owner then 'former'
             when j.difference = '' then 'match'
             when waits.reason is not null then 'behind'
             else 'mismatch'
           end,
           coalesce(j.problem, concat_ws('; ', nullif(j.difference, ''), waits.reason)),
           j.total_seen::numeric - j.total_at, j.locked::numeric - j.locked_at,
           j.deposited - j.deposited_at, j.withdrawn - j.withdrawn_at
      from judged as j
     cross join lateral (
        select case
                 when j.difference = '' then null
                 when exists (
                   select from vaultbook.inbox as i where i.outcome = 'parked' and i.vaults @> array[j.vault_address::text]
                      and not vaultbook.is_correction(i.signature)
                 ) then 'something of it is parked'
                 when exists (
                   select from public.transactions as t
                    where t.vault_owner = j.owner and t.rolled_back_at is null and t.confirmed_at is not null
                      and t.slot <= p_slot and t.finalized_at is null
                 ) then 'something of it is not final'
               end as reason
      ) as waits;
end
$$;
comment on function vaultbook.compare_vaults(bigint, vaultbook.vault_reading[]) is
  'Compares what a node shows of vaults at a slot with the ledger up to that slot, and with what vaults holds without what came later.';
alter function vaultbook.compare_vaults(bigint, vaultbook.vault_reading[]) owner to vaultbook_ledger;

create function vaultbook.alert_comparisons(p_clean vaultbook.comparison[], p_wrong vaultbook.comparison[]) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform vaultbook.try_alert(row (
            'reconcile_mismatch', w.owner, w.owner,
            format('The vault of %s is not what the chain says at slot %s: %s', w.owner, w.slot, w.reason),
            jsonb_build_object('expected', w.expected::text, 'actual', w.actual::text, 'difference', (w.actual - w.expected)::text,
                               'slot', w.slot)
          )::vaultbook.occurrence)
     from unnest(p_wrong) as w;
  perform vaultbook.try_alert(row (
            'token_surplus', c.owner, c.owner,
            format('The token account of the vault of %s holds %s that no event brought', c.owner, vaultbook.usdt(c.surplus)),
            jsonb_build_object('surplus', c.surplus::text)
          )::vaultbook.occurrence)
     from unnest(p_clean) as c
    where c.surplus > 0
      and not exists (
        select from public.alerts as a
         where a.alert_type = 'token_surplus' and a.subject = c.owner and a.resolved_at is null
           and a.data ->> 'surplus' = c.surplus::text
      );
  update public.alerts as a
     set resolved_at = now()
    from unnest(p_clean) as c
   where a.subject = c.owner and a.resolved_at is null
     and (a.alert_type = 'reconcile_mismatch' or (a.alert_type = 'token_surplus' and c.surplus = 0));
end
$$;
comment on function vaultbook.alert_comparisons(vaultbook.comparison[], vaultbook.comparison[]) is
  'Raises reconcile_mismatch for the vaults that are wrong and resolves it for the clean ones; raises token_surplus where there is one, and '
  'resolves it where there is none any more.';
alter function vaultbook.alert_comparisons(vaultbook.comparison[], vaultbook.comparison[]) owner to vaultbook_ledger;
