-- What follows from applied events: event snapshots and alerts.

create function vaultbook.snapshot_after(p_signatures text[]) returns void
language sql
set search_path = ''
as $$
  insert into public.balance_snapshots (vault_owner, total_balance, locked_balance, available_balance, snapshot_type)
  select v.owner, v.total_balance, v.locked_balance, v.available_balance, 'event'
    from public.vaults as v
   where v.owner in (
           select t.vault_owner from public.transactions as t
            where t.signature = any (p_signatures) and t.status = 'confirmed'
         )
   order by v.owner
$$;
comment on function vaultbook.snapshot_after(text[]) is 'One event snapshot of each vault that these signatures moved.';
alter function vaultbook.snapshot_after(text[]) owner to vaultbook_ledger;

create function vaultbook.first_gaps(p_signatures text[])
returns table (owner text, threaded_from bigint, after_slot bigint, before_slot bigint, stated text, held text)
language sql stable
set search_path = ''
as $$
  with threaded as (
    -- Where these signatures changed the threads of their vaults: what lies before it is as it was.
    select distinct on (t.vault_owner) t.vault_owner, t.slot, t.transaction_index
      from public.transactions as t
     where t.signature = any (p_signatures) and t.status = 'confirmed'
     order by t.vault_owner, t.slot, t.transaction_index
  ), stated as (
    select t.vault_owner, t.slot, t.transaction_index, t.signature, t.event_index, t.total_after, t.locked_after,
           (e.event ->> 'total_after')::bigint as stated_total,
           (e.event ->> 'locked_after')::bigint as stated_locked,
           (e.event ->> 'available_after')::bigint as stated_available
      from threaded as h
     cross join lateral (
       select later.* from public.transactions as later
        where later.vault_owner = h.vault_owner and (later.slot, later.transaction_index) >= (h.slot, h.transaction_index)
          and later.status = 'confirmed' and later.transaction_type in ('deposit', 'withdrawal', 'lock', 'unlock')
       offset 0 -- Vault by vault, by the index.
     ) as t
     cross join lateral (
       -- Of a transaction that succeeded each event lies at its own ordinal.
       select i.content -> 'events' -> t.event_index as event from vaultbook.inbox as i
        where i.signature = t.signature and i.outcome <> 'conflict'
        limit 1
     ) as e
  ), broken as (
    select distinct on (s.vault_owner) s.vault_owner, s.slot, s.transaction_index,
           concat_ws(', ', s.stated_total || ' in total', s.stated_locked || ' locked', s.stated_available || ' available') as stated,
           concat_ws(', ', s.total_after || ' in total', s.locked_after || ' locked') as held
      from stated as s
     where s.stated_total <> s.total_after or s.stated_locked <> s.locked_after
        or s.stated_available <> s.total_after - s.locked_after
     order by s.vault_owner, s.slot, s.transaction_index, s.signature, s.event_index
  )
  select h.vault_owner, h.slot, before.slot, b.slot, b.stated, b.held
    from threaded as h
    left join broken as b on b.vault_owner = h.vault_owner
    left join lateral (
      select t.slot from public.transactions as t
       where t.vault_owner = b.vault_owner and (t.slot, t.transaction_index) < (b.slot, b.transaction_index)
       order by t.slot desc, t.transaction_index desc
       limit 1
    ) as before on true
$$;
comment on function vaultbook.first_gaps(text[]) is
  'For each vault that these signatures moved: the first row, from the place they changed on, whose event states other balances than the '
  'ledger holds. Something between after_slot and before_slot is missing then; before_slot is null where nothing is.';
alter function vaultbook.first_gaps(text[]) owner to vaultbook_ledger;

create function vaultbook.alert_after(p_signatures text[], p_conflicts text[], p_quarantined bigint) returns void
language sql
set search_path = ''
as $$
  with row_of as (
    select t.*, initcap(replace(t.transaction_type, '_', ' ')) as title
      from public.transactions as t
     where t.signature = any (p_signatures)
  ), happened as (
    select 'large_tx' as alert_type, t.vault_owner as subject, t.vault_owner,
           format('%s of %s in vault of %s', t.title, vaultbook.usdt(t.amount), t.vault_owner) as message,
           jsonb_build_object('signature', t.signature, 'transaction_type', t.transaction_type, 'amount', t.amount::text,
                              'slot', t.slot, 'balance_after', t.balance_after::text) as data,
           t.slot, t.transaction_index, t.event_index
      from row_of as t
      join public.alert_rules as r on r.alert_type = 'large_tx' and t.amount >= r.threshold
     where t.status = 'confirmed' and t.transaction_type not in ('lock', 'unlock')
    union all
    select 'failed_tx', t.vault_owner, t.vault_owner,
           format('%s of %s failed in vault of %s', t.title, vaultbook.usdt(t.amount), t.vault_owner),
           jsonb_build_object('signature', t.signature, 'transaction_type', t.transaction_type, 'amount', t.amount::text, 'slot', t.slot),
           t.slot, t.transaction_index, t.event_index
      from row_of as t
     where t.status = 'failed'
    union all
    select 'gap_detected', g.owner, g.owner,
           format('Something is missing in vault of %s between slots %s and %s', g.owner, coalesce(g.after_slot::text, 'its first'), g.before_slot),
           -- Every event behind a gap shows it again. Its place is that of the first, unless just that was looked at again.
           case when known.data is null or (known.data ->> 'before_slot')::bigint >= g.threaded_from
                then jsonb_build_object('after_slot', g.after_slot, 'before_slot', g.before_slot, 'stated', g.stated, 'held', g.held)
                else '{}' end,
           g.before_slot, null, null
      from vaultbook.first_gaps(p_signatures) as g
      left join public.alerts as known
        on known.alert_type = 'gap_detected' and known.subject = g.owner and not known.acknowledged and known.resolved_at is null
     where g.before_slot is not null
    union all
    select 'vault_paused', 'protocol', null,
           format('The protocol was paused by %s', p.admin),
           jsonb_build_object('signature', p.signature, 'admin', p.admin, 'slot', p.slot),
           p.slot, p.transaction_index, p.event_index
      from vaultbook.protocol_pauses as p
     where p.signature = any (p_signatures) and p.is_paused
    union all
    select 'conflict', c.signature, null,
           format('Signature %s came again with another content; the first stays', c.signature),
           jsonb_build_object('signature', c.signature), null, null, null
      from unnest(p_conflicts) as c (signature)
    union all
    select 'quarantined', 'inbox', null, 'A delivered transaction could not be read and is in quarantine', '{}', null, null, null
      from generate_series(1, p_quarantined)
  )
  select vaultbook.raise_alerts(array_agg(
           row (h.alert_type, h.subject, h.vault_owner, h.message, h.data)::vaultbook.occurrence
           order by h.slot, h.transaction_index, h.event_index
         ))
    from happened as h
  having count(*) > 0;

  -- A gap is filled once the place it was found at states what the ledger holds.
  update public.alerts as a
     set resolved_at = now()
    from vaultbook.first_gaps(p_signatures) as g
   where a.alert_type = 'gap_detected' and a.subject = g.owner and a.resolved_at is null
     and g.before_slot is null and (a.data ->> 'before_slot')::bigint >= g.threaded_from;

  -- A pause is over as soon as the latest word on it says so.
  update public.alerts as a
     set resolved_at = now()
   where a.alert_type = 'vault_paused' and a.subject = 'protocol' and a.resolved_at is null
     and exists (select from vaultbook.protocol_pauses as p where p.signature = any (p_signatures))
     and not (
       select p.is_paused from vaultbook.protocol_pauses as p
        order by p.slot desc, p.transaction_index desc, p.event_index desc
        limit 1
     )
$$;
comment on function vaultbook.alert_after(text[], text[], bigint) is
  'Raises the alerts that these settled signatures, conflicts and quarantined items call for.';
alter function vaultbook.alert_after(text[], text[], bigint) owner to vaultbook_ledger;
