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
