-- Settling: what arrived, what waited for it, and what it makes impossible, until nothing moves any more.

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
       where t.vault_owner = n.owner and t.rolled_back_at is null
         and (t.slot, t.transaction_index) < (n.slot, n.transaction_index)
       order by t.slot desc, t.transaction_index desc, t.signature desc, t.event_index desc, t.transaction_type = 'transfer_in' desc
       limit 1
    ) as opening on true
    left join lateral (
      select t.slot from public.transactions as t
       where t.vault_owner = n.owner and t.rolled_back_at is null
         and (t.slot, t.transaction_index) > (n.slot, n.transaction_index) and t.total_after < n.amount
       order by t.slot, t.transaction_index
       limit 1
    ) as later on true
$$;
comment on function vaultbook.short_at(text) is
  'The slot in which a total would not suffice for this signature alone; NULL where totals suffice, and only a fold can tell.';
alter function vaultbook.short_at(text) owner to vaultbook_ledger;

create function vaultbook.settle(
  p_signatures text[], p_taken_back text[], p_withdrawn vaultbook.withdrawn_row[], p_locked integer[]
) returns text[]
language plpgsql
set search_path = ''
as $$
declare
  everybody text[] := vaultbook.with_waiting(p_signatures, p_taken_back);
  taken_back text[];
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

  settled := vaultbook.apply_possible(everybody, p_taken_back, p_withdrawn, p_locked);
  -- Those left out may have been so only for the company they were in: together again, and then each alone, until nothing moves. Each
  -- round brings at least one in; what comes in can put another out, so that the rounds are counted all the same.
  for round in 1 .. 2 * cardinality(everybody) + 10 loop
    taken_back := p_taken_back || array(
      -- What depended on them, or was another owner's, went with them.
      select distinct t.signature::text
        from vaultbook.compensations as c
        join public.transactions as t on t.id = c.transaction_id
       where c.compensated_at >= now()
    );
    if taken_back <> '{}' then
      -- They are looked at again, and whatever waited for the room they leave.
      everybody := everybody || vaultbook.with_waiting(taken_back, taken_back);
    end if;
    left_out := array(
      select i.signature from vaultbook.inbox as i
       where i.signature = any (everybody)
         and ((i.outcome = 'parked' and i.content is not null) or (i.outcome = 'failed' and i.code is not null))
    );
    exit when left_out = '{}';
    news := vaultbook.apply_possible(left_out, '{}', '{}', p_locked);
    for own in
      -- One that nobody's vault waits for, and that opens none itself, is as impossible alone.
      select i.signature, i.code = 'balance_would_be_negative' as is_short from vaultbook.inbox as i
       where i.signature = any (left_out) and i.outcome = 'parked'
         and (i.code = 'balance_would_be_negative' or i.content @? '$.events[*] ? (@.kind == "initialise")')
       order by i.slot, i.transaction_index, i.signature
    loop
      -- One before it may have brought it in.
      continue when not exists (
        select from vaultbook.inbox as i where i.signature = own.signature and i.outcome = 'parked'
      );
      if own.is_short then
        update vaultbook.inbox as i
           set waits_until_slot = s.slot
          from (select vaultbook.short_at(own.signature) as slot) as s
         where i.signature = own.signature and i.outcome <> 'conflict' and s.slot is not null;
        continue when found;
      end if;
      news := news || vaultbook.apply_possible(array[own.signature]::text[], '{}', '{}', p_locked);
    end loop;
    exit when news = '{}';
    settled := settled || news;
  end loop;
  if exists (select from vaultbook.status_changes as c where c.signature = any (settled || taken_back)) then
    perform vaultbook.refresh_status(settled || taken_back);
  end if;
  return settled;
end
$$;
comment on function vaultbook.settle(text[], text[], vaultbook.withdrawn_row[], integer[]) is
  'Settles these new signatures together with what waited for them, after others were taken back: applies all that make a possible history, '
  'parks what a later event may make possible, quarantines what none can. One never takes another with it. Returns what was applied, or '
  'recorded as failed. Raises 40001 where it would need vaults that are not locked.';
alter function vaultbook.settle(text[], text[], vaultbook.withdrawn_row[], integer[]) owner to vaultbook_ledger;
