-- Balances as of a time.

-- One entry for each applied transaction that told its block's time.
create index inbox_block_time_idx on vaultbook.inbox (block_time, slot) where outcome = 'applied' and block_time is not null;
comment on index vaultbook.inbox_block_time_idx is 'How far the chain was at a time.';

create function vaultbook.slot_as_of(p_at timestamptz) returns bigint
language sql stable
set search_path = ''
as $$
  -- Blocks that nobody told the time of count with the one before them. Should times contradict the order of slots, the later time does
  -- not reach back.
  select case when later.slot is null then 9223372036854775807 else greatest(known.slot, later.slot - 1) end
    from (
      select i.slot from vaultbook.inbox as i
       where i.outcome = 'applied' and i.block_time <= p_at
       order by i.block_time desc, i.slot desc
       limit 1
    ) as known
    left join (
      select i.slot from vaultbook.inbox as i
       where i.outcome = 'applied' and i.block_time > p_at
       order by i.block_time, i.slot
       limit 1
    ) as later on true
$$;
comment on function vaultbook.slot_as_of(timestamptz) is
  'The last slot at or before this time, by the block times that applied transactions told; NULL before the first of them.';
alter function vaultbook.slot_as_of(timestamptz) owner to vaultbook_ledger;

create function vaultbook.balance_as_of(p_owner text, p_at timestamptz)
returns table (total_balance bigint, locked_balance bigint, available_balance bigint, slot bigint)
language plpgsql stable
security definer
set search_path = ''
as $$
begin
  return query
    select coalesce(t.total_after, 0), coalesce(t.locked_after, 0), coalesce(t.total_after - t.locked_after, 0), t.slot
      from public.vaults as v
      left join lateral (
        select own.total_after, own.locked_after, own.slot
          from public.transactions as own
         where own.vault_owner = v.owner and own.rolled_back_at is null and own.slot <= vaultbook.slot_as_of(p_at)
         order by own.slot desc, own.transaction_index desc, own.signature desc, own.event_index desc,
                  own.transaction_type = 'transfer_in' desc
         limit 1
      ) as t on true
     where v.owner = p_owner;
end
$$;
comment on function vaultbook.balance_as_of(text, timestamptz) is
  'What a vault held at a time of the chain: its ledger in chain order up to the last block at or before it, as the ledger knows the chain '
  'now. So what arrived late counts, and what was taken back does not; what was known then stands in the snapshots. Base units; slot: of '
  'the last row that counts, NULL where there is none yet. No row: no such vault.';
alter function vaultbook.balance_as_of(text, timestamptz) owner to vaultbook_ledger;
