-- Gaps: where what the chain states and what the ledger holds part.

create type vaultbook.gap as (
  owner text,
  threaded_from bigint,
  after_slot bigint,
  before_slot bigint,
  stated text,
  held text,
  surplus bigint
);
comment on type vaultbook.gap is 'What first_gaps() says of one vault.';

create function vaultbook.first_gaps(p_signatures text[]) returns setof vaultbook.gap
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with threaded as (
      -- Where these signatures changed the threads of their vaults: what lies before it is as it was. (That a row is confirmed is asked
      -- of confirmed_at: statistics on status are off, and its index would look selective.)
      select distinct on (t.vault_owner) t.vault_owner, t.slot, t.transaction_index, v.token_account
        from public.transactions as t
        join public.vaults as v on v.owner = t.vault_owner
       where t.signature = any (p_signatures) and (t.confirmed_at is not null or t.rolled_back_at is not null)
       order by t.vault_owner, t.slot, t.transaction_index
    ), row_of as (
      select h.vault_owner, h.token_account, later.*, m.total_sign * later.amount as total_delta, i.content
        from threaded as h
       cross join lateral (
         select t.slot, t.transaction_index, t.signature, t.event_index, t.transaction_type, t.amount, t.total_after, t.locked_after,
                false as is_before
           from public.transactions as t
          where t.vault_owner = h.vault_owner and (t.slot, t.transaction_index) >= (h.slot, h.transaction_index)
            and t.confirmed_at is not null
         union all
         (
           select t.slot, t.transaction_index, t.signature, t.event_index, t.transaction_type, t.amount, t.total_after, t.locked_after, true
             from public.transactions as t
            where t.vault_owner = h.vault_owner and (t.slot, t.transaction_index) < (h.slot, h.transaction_index)
              and t.confirmed_at is not null
            order by t.slot desc, t.transaction_index desc, t.signature desc, t.event_index desc, t.transaction_type = 'transfer_in' desc
            limit 1
         )
         offset 0 -- Vault by vault, by the index.
       ) as later
        join vaultbook.movements as m on m.transaction_type = later.transaction_type
       cross join lateral (
         select known.content from vaultbook.inbox as known
          where known.signature = later.signature and known.outcome <> 'conflict'
          limit 1
       ) as i
    ), told as (
      select r.*,
             row_number() over landing = 1 as is_first, row_number() over backwards = 1 as is_last,
             -- Of a transaction that succeeded each event lies at its own ordinal.
             case when r.transaction_type in ('deposit', 'withdrawal', 'lock', 'unlock')
                  then r.content -> 'events' -> r.event_index end as event,
             (select tokens from jsonb_array_elements(r.content -> 'token_balances') as tokens
               where tokens ->> 'account' = r.token_account limit 1) as tokens
        from row_of as r
      window landing as (
               partition by r.vault_owner, r.signature order by r.event_index, r.transaction_type = 'transfer_in'
             ),
             backwards as (
               partition by r.vault_owner, r.signature order by r.event_index desc, r.transaction_type = 'transfer_in' desc
             )
    ), stated as (
      select t.*,
             (t.event ->> 'total_after')::bigint as stated_total,
             (t.event ->> 'locked_after')::bigint as stated_locked,
             (t.event ->> 'available_after')::bigint as stated_available,
             -- By how much the account holds more than the ledger: tokens that came without an event, or the first sign of a missing one.
             case when t.is_first then (t.tokens ->> 'before')::bigint - (t.total_after - t.total_delta) end as surplus_before,
             case when t.is_last then (t.tokens ->> 'after')::bigint - t.total_after end as surplus_after
        from told as t
    ), compared as (
      select s.*,
             coalesce(
               s.stated_total <> s.total_after or s.stated_locked <> s.locked_after
               or s.stated_available <> s.total_after - s.locked_after, false
             ) as states_otherwise,
             lag(s.surplus_after) over chain as surplus_known,
             row_number() over chain = 1 and not s.is_before as opens_thread
        from stated as s
      window chain as (
        partition by s.vault_owner
        order by s.slot, s.transaction_index, s.signature, s.event_index, s.transaction_type = 'transfer_in'
      )
    ), judged as (
      select c.*,
             c.states_otherwise
               -- Tokens left without an event. That more came than events tell may be a gift: a surplus, until an event states otherwise.
               or coalesce(c.surplus_before < case when c.opens_thread then 0 else c.surplus_known end, false) as is_gap
        from compared as c
       where not c.is_before
    ), broken as (
      select distinct on (j.vault_owner) j.vault_owner, j.slot, j.transaction_index,
             concat_ws(', ', j.stated_total || ' in total', j.stated_locked || ' locked', j.stated_available || ' available',
                       (j.tokens ->> 'before') || ' tokens before it') as stated,
             concat_ws(', ', j.total_after || ' in total', j.locked_after || ' locked') as held
        from judged as j
       where j.is_gap
       order by j.vault_owner, j.slot, j.transaction_index, j.signature, j.event_index
    ), richest as (
      select distinct on (j.vault_owner) j.vault_owner, j.surplus_after as surplus
        from judged as j
       where j.surplus_after is not null and not j.states_otherwise
       order by j.vault_owner, j.slot desc, j.transaction_index desc, j.signature desc, j.event_index desc
    )
    select h.vault_owner::text, h.slot, before.slot, b.slot, b.stated, b.held, r.surplus
      from threaded as h
      left join broken as b on b.vault_owner = h.vault_owner
      left join richest as r on r.vault_owner = h.vault_owner
      left join lateral (
        select t.slot from public.transactions as t
         where t.vault_owner = b.vault_owner and t.rolled_back_at is null
           and (t.slot, t.transaction_index) < (b.slot, b.transaction_index)
         order by t.slot desc, t.transaction_index desc
         limit 1
      ) as before on true;
end
$$;
comment on function vaultbook.first_gaps(text[]) is
  'For each vault that these signatures moved, or stopped moving: the first row, from the place they changed on, whose event states other '
  'balances than the ledger holds, or before which tokens left that no event tells of. Something between after_slot and before_slot is '
  'missing then; before_slot is null where nothing is. surplus: tokens on the account that no event brought, base units, after the last row '
  'whose payload tells; null where none does.';
alter function vaultbook.first_gaps(text[]) owner to vaultbook_ledger;
