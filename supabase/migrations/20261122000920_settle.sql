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
  taken_back text[] := p_taken_back;
  settled text[];
  news text[];
  astray text[];
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

  settled := vaultbook.apply_possible(everybody, p_withdrawn);
  -- An initialisation that comes or goes late can give what is written already to another owner.
  while exists (
    select from vaultbook.status_changes as c where c.signature = any (settled || taken_back) and c.change = 'initialise'
  ) loop
    astray := vaultbook.misattributed(settled || taken_back);
    exit when astray = '{}';
    perform vaultbook.require_alone(p_locked);
    update vaultbook.inbox as i set outcome = 'new' where i.signature = any (astray) and i.outcome <> 'conflict';
    news := vaultbook.apply_possible(
      vaultbook.with_waiting(astray, astray), vaultbook.withdraw(astray, 'vault_of_another_owner')
    );
    taken_back := taken_back || astray;
    settled := vaultbook.without(settled, astray) || news;
  end loop;

  if taken_back <> '{}' then
    -- What went with them is looked at again, and whatever waited for the room it leaves.
    taken_back := taken_back || array(
      select distinct t.signature::text
        from vaultbook.compensations as c
        join public.transactions as t on t.id = c.transaction_id
       where c.compensated_at >= now()
    );
    everybody := everybody || vaultbook.with_waiting(taken_back, taken_back);
  end if;
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
