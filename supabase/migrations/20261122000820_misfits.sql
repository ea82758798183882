-- Misfits: which signatures have to stay out so that no balance is impossible.

create type vaultbook.refusal as (
  signature text,
  outcome text,
  code text,
  reason text,
  waits_until_slot bigint
);
comment on type vaultbook.refusal is 'Why a signature is not applied.';

create function vaultbook.misfits_of(p_rows vaultbook.folded_row[], p_also_written boolean) returns setof vaultbook.refusal
language plpgsql stable
set search_path = ''
as $$
declare
  -- After each row; at 0 before the first.
  total numeric[];
  locked numeric[];
  stays_out boolean[] := array_fill(false, array[cardinality(p_rows)]);
  opening record;
  own vaultbook.folded_row;
  at integer := 1;
  culprit integer;
  exceeds boolean;
begin
  select t.total_after, t.locked_after into opening
    from public.transactions as t
   where t.vault_owner = p_rows[1].owner and t.rolled_back_at is null
     and (t.slot, t.transaction_index) < (p_rows[1].slot, p_rows[1].transaction_index)
   order by t.slot desc, t.transaction_index desc, t.signature desc, t.event_index desc, t.transaction_type = 'transfer_in' desc
   limit 1;
  total[0] := coalesce(opening.total_after, 0)::numeric;
  locked[0] := coalesce(opening.locked_after, 0)::numeric;

  while at <= cardinality(p_rows) loop
    own := p_rows[at];
    total[at] := total[at - 1] + case when stays_out[at] then 0 else own.total_delta end;
    locked[at] := locked[at - 1] + case when stays_out[at] then 0 else own.locked_delta end;
    if own.spends then
      locked[at] := greatest(locked[at], 0);
    end if;
    exceeds := total[at] > 9223372036854775807;
    if exceeds or total[at] < 0 or locked[at] < 0 or total[at] < locked[at] then
      -- Only a row that takes from this vault (or, above the limit, that brings to it) can be to blame; the latest one, since the chain
      -- allowed the earlier ones without it, and one that is written only where no new one is left.
      select max(r.place)::integer into culprit
        from unnest(p_rows) with ordinality as r (
          id, signature, slot, transaction_index, event_index, block_time, finalized_at, owner, transaction_type, status, amount,
          counterparty, note, balance_before, balance_after, total_delta, locked_delta, spends, total_after, locked_after, place
        )
       where r.place <= at and not stays_out[r.place] and r.status = 'confirmed'
         and exceeds = (r.transaction_type in ('deposit', 'transfer_in'))
         and (r.id is null or p_also_written)
       group by r.id is null
       order by r.id is null desc
       limit 1;
      exit when culprit is null; -- post() refuses what is left.
      return next row (
        p_rows[culprit].signature,
        case when exceeds then 'quarantined' else 'parked' end,
        case when exceeds then 'amount_out_of_range' else 'balance_would_be_negative' end,
        format('With it the vault of %s would hold %s, %s of it locked, in slot %s', own.owner, total[at], locked[at], own.slot),
        case when not exceeds then own.slot end
      );
      for place in reverse culprit .. 1 loop
        continue when p_rows[place].signature <> p_rows[culprit].signature;
        stays_out[place] := true;
        at := place;
      end loop;
      continue;
    end if;
    at := at + 1;
  end loop;
end
$$;
comment on function vaultbook.misfits_of(vaultbook.folded_row[], boolean) is
  'Walks the folded rows of one vault, in chain order, and leaves out what it has to so that each balance on the way is possible: the '
  'refusals of those signatures. Rows that are written already are left out only where p_also_written.';
alter function vaultbook.misfits_of(vaultbook.folded_row[], boolean) owner to vaultbook_ledger;

create function vaultbook.misfits(p_rows vaultbook.folded_row[], p_also_written boolean) returns setof vaultbook.refusal
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with folded as materialized (
      select * from unnest(p_rows)
    ), broken as (
      select distinct f.owner
        from folded as f
       where f.total_after < 0 or f.locked_after < 0 or f.total_after < f.locked_after or f.total_after > 9223372036854775807
    )
    select distinct on (m.signature) m.*
      from broken as b
     cross join lateral vaultbook.misfits_of(
             array(
               select row (f.*)::vaultbook.folded_row from folded as f
                where f.owner = b.owner
                order by f.slot, f.transaction_index, f.signature, f.event_index, f.transaction_type = 'transfer_in'
             ),
             p_also_written
           ) as m
     order by m.signature, m.waits_until_slot desc;
end
$$;
comment on function vaultbook.misfits(vaultbook.folded_row[], boolean) is
  'The signatures that have to stay out so that no vault has an impossible balance, and why; none when every balance is possible. Each vault '
  'is looked at by itself, so taking them out can make another break visible, or some of them possible again: repeat until none is left.';
alter function vaultbook.misfits(vaultbook.folded_row[], boolean) owner to vaultbook_ledger;
