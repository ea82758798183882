-- What follows from what was settled: event snapshots and alerts.

create function vaultbook.snapshot_after(p_signatures text[]) returns void
language plpgsql
set search_path = ''
as $$
declare
  moment timestamptz := clock_timestamp();
begin
  insert into public.balance_snapshots (vault_owner, total_balance, locked_balance, available_balance, timestamp, snapshot_type)
  select v.owner, v.total_balance, v.locked_balance, v.available_balance, moment, 'event'
    from public.vaults as v
    join public.snapshot_rules as r on r.series = 'event'
    left join lateral (
      select s.total_balance, s.locked_balance
        from public.balance_snapshots as s
       where s.vault_owner = v.owner
       order by s.timestamp desc
       limit 1
    ) as last on true
   where v.owner in (
           select t.vault_owner from public.transactions as t
            where t.signature = any (p_signatures) and (t.confirmed_at is not null or t.rolled_back_at >= now())
         )
     and greatest(abs(v.total_balance - coalesce(last.total_balance, 0)), abs(v.locked_balance - coalesce(last.locked_balance, 0)))
         >= r.threshold
     -- A busy vault has one at most in each such time, not one for every event.
     and not exists (
       select from public.balance_snapshots as s
        where s.vault_owner = v.owner and s.snapshot_type = 'event' and s.timestamp > moment - r.every and s.timestamp <= moment
     )
   order by v.owner;
exception
  -- These concern the whole call, which is repeated.
  when transaction_rollback or lock_not_available or insufficient_resources or operator_intervention or system_error then
    raise;
  when others then
    -- No snapshot is worth an event, nor an alert.
    insert into vaultbook.alert_failures (code, message) values (sqlstate, sqlerrm);
end
$$;
comment on function vaultbook.snapshot_after(text[]) is
  'One event snapshot of each vault that these signatures moved far enough, unless it had one just now: public.snapshot_rules. What fails of '
  'it is noted, and stops nothing.';
alter function vaultbook.snapshot_after(text[]) owner to vaultbook_ledger;

create function vaultbook.occurrences_of(
  p_settled text[], p_taken_back text[], p_gaps vaultbook.gap[], p_conflicts text[], p_quarantined text[]
) returns setof vaultbook.occurrence
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with row_of as (
      select t.*, initcap(replace(t.transaction_type, '_', ' ')) as title
        from public.transactions as t
       where t.signature = any (p_settled) and t.rolled_back_at is null
    ), gap as (
      select * from unnest(p_gaps)
    ), word as (
      select c.*,
             (select o.owner from vaultbook.openings as o
               where o.vault_address = c.vault_address
               order by (o.slot, o.transaction_index, o.signature, o.event_index) <= (c.slot, c.transaction_index, c.signature, c.event_index) desc, o.slot desc
               limit 1) as vault_owner
        from vaultbook.status_changes as c
       where c.signature = any (p_settled) and c.rolled_back_at is null
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
        from gap as g
        left join public.alerts as known
          on known.alert_type = 'gap_detected' and known.subject = g.owner and not known.acknowledged and known.resolved_at is null
       where g.before_slot is not null
      union all
      select 'token_surplus', g.owner, g.owner,
             format('The token account of the vault of %s holds %s that no event brought', g.owner, vaultbook.usdt(g.surplus)),
             jsonb_build_object('surplus', g.surplus::text), null, null, null
        from gap as g
       where g.surplus > 0
      union all
      select 'vault_paused', coalesce(w.vault_owner, 'protocol'), w.vault_owner,
             case when w.vault_address is null then format('The protocol was paused by %s', coalesce(w.authority, 'a key that was not told'))
                  else format('The vault of %s was paused by %s', w.vault_owner, coalesce(w.authority, 'a key that was not told')) end,
             jsonb_build_object('signature', w.signature, 'admin', w.authority, 'slot', w.slot),
             w.slot, w.transaction_index, w.event_index
        from word as w
       where w.change = 'pause'
      union all
      select 'vault_closed', w.vault_owner, w.vault_owner, format('The vault of %s was closed', w.vault_owner),
             jsonb_build_object('signature', w.signature, 'slot', w.slot),
             w.slot, w.transaction_index, w.event_index
        from word as w
       where w.change = 'close'
      union all
      select 'vault_closed', r.vault_owner, r.vault_owner,
             format('%s of %s in vault of %s after it was closed', r.title, vaultbook.usdt(r.amount), r.vault_owner),
             jsonb_build_object('event_after_close', true, 'signature', r.signature, 'transaction_type', r.transaction_type,
                                'amount', r.amount::text, 'slot', r.slot),
             r.slot, r.transaction_index, r.event_index
        from row_of as r
        join public.vaults as v on v.owner = r.vault_owner and v.status = 'closed'
       where r.status = 'confirmed'
         and 'close' = (
               select c.change from vaultbook.status_changes as c
                where c.vault_address = v.vault_address and c.rolled_back_at is null
                  and (c.slot, c.transaction_index, c.signature, c.event_index) < (r.slot, r.transaction_index, r.signature, r.event_index)
                order by c.slot desc, c.transaction_index desc, c.signature desc, c.event_index desc
                limit 1
             )
      union all
      select 'rolled_back', t.vault_owner, t.vault_owner,
             format('The chain took back a %s of %s in vault of %s', replace(t.transaction_type, '_', ' '), vaultbook.usdt(t.amount), t.vault_owner),
             jsonb_build_object('signature', t.signature, 'transaction_type', t.transaction_type, 'amount', t.amount::text, 'slot', t.slot,
                                'reason', c.reason),
             t.slot, t.transaction_index, t.event_index
        from vaultbook.compensations as c
        join public.transactions as t on t.id = c.transaction_id
       -- What took effect elsewhere in the same breath was never away.
       where p_taken_back <> '{}' and c.compensated_in = pg_current_xact_id() and c.status = 'confirmed' and t.signature <> all (p_settled)
         and c.reason <> 'correction_outdated'
      union all
      select 'conflict', c.signature, null,
             format('Signature %s came with different contents; %s stays', c.signature,
                    case when c.signature = any (p_taken_back) then 'what the chain finalized' else 'the first' end),
             jsonb_build_object('signature', c.signature), null, null, null
        from unnest(p_conflicts) as c (signature)
      union all
      select case q.code when 'undecodable_event' then 'undecodable_event' else 'quarantined' end, 'inbox', null,
             case q.code when 'undecodable_event' then 'The vault program logged an event that is not in its IDL, which may have changed'
                         else 'A delivered transaction could not be read and is in quarantine' end,
             jsonb_build_object('code', q.code), null, null, null
        from unnest(p_quarantined) as q (code)
    )
    select h.alert_type, h.subject::text, h.vault_owner::text, h.message, h.data
      from happened as h
     order by h.slot, h.transaction_index, h.event_index;
end
$$;
comment on function vaultbook.occurrences_of(text[], text[], vaultbook.gap[], text[], text[]) is
  'What the rules may turn into alerts among these settled and taken back signatures, gaps, conflicts and codes of quarantined items, in chain order.';
alter function vaultbook.occurrences_of(text[], text[], vaultbook.gap[], text[], text[]) owner to vaultbook_ledger;

create function vaultbook.alert_after(
  p_settled text[], p_taken_back text[], p_conflicts text[], p_quarantined text[]
) returns void
language plpgsql
set search_path = ''
as $$
declare
  touched text[] := p_settled || p_taken_back;
  gaps vaultbook.gap[] := array(select g from vaultbook.first_gaps(touched) as g);
  occurrences vaultbook.occurrence[] := array(
    select o from vaultbook.occurrences_of(p_settled, p_taken_back, gaps, p_conflicts, p_quarantined) as o
    union all
    select o from vaultbook.unlisted_authorities_of(p_settled) as o
  );
begin
  if occurrences <> '{}' then
    perform vaultbook.raise_alerts(occurrences);
  end if;

  -- Nearly always: nothing stands open that this could make good.
  if not exists (
    select from public.alerts as a
     where a.resolved_at is null
       and a.alert_type in ('gap_detected', 'token_surplus', 'vault_paused', 'vault_closed', 'rolled_back')
  ) then
    return;
  end if;

  -- A gap is filled once the place it was found at states what the ledger holds; a surplus is gone once nothing is left of it.
  update public.alerts as a
     set resolved_at = now()
    from unnest(gaps) as g
   where a.subject = g.owner and a.resolved_at is null
     and ((a.alert_type = 'gap_detected' and g.before_slot is null and (a.data ->> 'before_slot')::bigint >= g.threaded_from)
          or (a.alert_type = 'token_surplus' and g.surplus = 0));

  -- A pause is over as soon as the latest word on it says so, and a vault is open again when its status says so.
  update public.alerts as a
     set resolved_at = now()
   where a.alert_type = 'vault_paused' and a.subject = 'protocol' and a.resolved_at is null
     and exists (select from vaultbook.status_changes as c where c.signature = any (touched) and c.vault_address is null)
     and 'pause' is distinct from (
       select c.change from vaultbook.status_changes as c
        where c.vault_address is null and c.rolled_back_at is null
        order by c.slot desc, c.transaction_index desc, c.signature desc, c.event_index desc
        limit 1
     );
  update public.alerts as a
     set resolved_at = now()
    from public.vaults as v
   where v.owner = a.subject and a.resolved_at is null
     and v.vault_address in (select c.vault_address from vaultbook.status_changes as c where c.signature = any (touched))
     and ((a.alert_type = 'vault_paused' and v.status <> 'paused') or (a.alert_type = 'vault_closed' and v.status <> 'closed'));

  -- What was taken back and has all landed again is made good.
  update public.alerts as a
     set resolved_at = now()
   where a.alert_type = 'rolled_back' and a.resolved_at is null
     and a.subject in (select t.vault_owner from public.transactions as t where t.signature = any (p_settled))
     and not exists (
       select from public.transactions as lost
         join vaultbook.compensations as c
           on c.transaction_id = lost.id and c.status = 'confirmed' and c.reason <> 'correction_outdated'
        where lost.vault_owner = a.subject and lost.rolled_back_at is not null
          and not exists (
            select from public.transactions as again
             where again.signature = lost.signature and again.event_index = lost.event_index
               and again.transaction_type = lost.transaction_type and again.rolled_back_at is null
          )
     );
exception
  -- These concern the whole call, which is repeated.
  when transaction_rollback or lock_not_available or insufficient_resources or operator_intervention or system_error then
    raise;
  when others then
    -- No alert is worth an event, nor a snapshot.
    insert into vaultbook.alert_failures (code, message) values (sqlstate, sqlerrm);
end
$$;
comment on function vaultbook.alert_after(text[], text[], text[], text[]) is
  'Raises the alerts that these settled and taken back signatures, conflicts and codes of quarantined items call for, and resolves those that they '
  'make good. What fails of it is noted, and stops nothing.';
alter function vaultbook.alert_after(text[], text[], text[], text[]) owner to vaultbook_ledger;
