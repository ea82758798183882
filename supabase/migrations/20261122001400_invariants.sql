-- Invariants: what must always be true, each as a view of what breaks it. Every view has the same columns; an empty one holds.
-- I10, I13 and I15 are in the chapters before, and I16 is a promise of the HTTP side.

create view vaultbook.breaks_i1 as
select 'signature ' || coalesce(l.signature, t.signature) as subject,
       case
         when t.id is null then format('event %s asks for a %s that the ledger lacks', l.event_index, l.transaction_type)
         when l.signature is null then format('row %s has no event in the inbox', t.id)
         else format('row %s differs from its event %s', t.id, l.event_index)
       end as detail
  from (
    select l.* from vaultbook.legs as l
      join vaultbook.inbox as i on i.signature = l.signature and i.outcome in ('applied', 'failed') and i.code is null
  ) as l
  full join (select * from public.transactions as t where t.slot is not null and t.rolled_back_at is null) as t
    on t.signature = l.signature and t.event_index = l.event_index and t.transaction_type = l.transaction_type
 where t.id is null or l.signature is null
    or (t.vault_owner, t.amount, t.status, t.slot, t.transaction_index)
       is distinct from (l.owner, l.amount, l.status, l.slot, l.transaction_index);
comment on view vaultbook.breaks_i1 is 'I1: one effect per signature, event and leg, no more and no less.';

create view vaultbook.breaks_i2 as
select 'inbox ' || i.id as subject, format('outcome %s is none to end in', i.outcome) as detail
  from vaultbook.inbox as i
 where i.outcome not in ('applied', 'ignored', 'failed', 'parked', 'quarantined', 'conflict') or i.decided_at is null;
comment on view vaultbook.breaks_i2 is 'I2: every delivered transaction ends in exactly one outcome.';

create view vaultbook.thread as
select t.id, t.vault_owner, t.transaction_type, t.amount, t.status, t.balance_before, t.balance_after, t.total_after, t.locked_after,
       m.reports, m.spends_locked_first,
       case t.status when 'confirmed' then m.total_sign * t.amount else 0 end as total_delta,
       case t.status when 'confirmed' then m.locked_sign * t.amount else 0 end as locked_delta,
       coalesce(lag(t.total_after) over chain, 0) as total_before,
       coalesce(lag(t.locked_after) over chain, 0) as locked_before,
       lead(t.id) over chain is null as is_last
  from public.transactions as t
  join vaultbook.movements as m on m.transaction_type = t.transaction_type
 where t.slot is not null and t.rolled_back_at is null
window chain as (
  partition by t.vault_owner
  order by t.slot, t.transaction_index, t.signature, t.event_index, t.transaction_type = 'transfer_in'
);
comment on view vaultbook.thread is
  'Each ledger row that is part of its vault''s history beside the one before it in chain order.';

create view vaultbook.breaks_i3 as
select 'vault ' || t.vault_owner as subject, format('row %s does not follow from the row before it', t.id) as detail
  from vaultbook.thread as t
 where t.total_after <> t.total_before + t.total_delta
    or t.locked_after <> case when t.spends_locked_first then greatest(t.locked_before + t.locked_delta, 0)
                              else t.locked_before + t.locked_delta end
    or t.balance_before <> case t.reports when 'total' then t.total_before else t.total_before - t.locked_before end
    or t.balance_after <> case t.reports when 'total' then t.total_after else t.total_after - t.locked_after end;
comment on view vaultbook.breaks_i3 is
  'I3: per vault in chain order each row starts where the one before it ended, for the total and for the available balance alike.';

create view vaultbook.breaks_i4 as
select 'vault ' || v.owner as subject,
       format('holds %s (%s locked), its ledger says %s (%s locked)',
              v.total_balance, v.locked_balance, coalesce(l.total, 0), coalesce(l.locked, 0)) as detail
  from public.vaults as v
  left join (
    select t.vault_owner,
           max(t.total_after) filter (where t.is_last) as total,
           max(t.locked_after) filter (where t.is_last) as locked,
           sum(t.total_delta) as sum_total,
           sum(t.total_delta) filter (where t.transaction_type = 'deposit') as deposited,
           sum(- t.total_delta) filter (where t.transaction_type = 'withdrawal') as withdrawn
      from vaultbook.thread as t
     group by t.vault_owner
  ) as l on l.vault_owner = v.owner
 where v.total_balance <> coalesce(l.total, 0)
    or v.total_balance <> coalesce(l.sum_total, 0)
    or v.locked_balance <> coalesce(l.locked, 0)
    or v.total_deposited <> coalesce(l.deposited, 0)
    or v.total_withdrawn <> coalesce(l.withdrawn, 0);
comment on view vaultbook.breaks_i4 is 'I4: a vault holds what its last row says, and that is the sum of its rows.';

create view vaultbook.breaks_i5 as
select 'vault ' || v.owner as subject, 'a balance is negative, or the total is not locked plus available' as detail
  from public.vaults as v
 where least(v.total_balance, v.locked_balance, v.available_balance, v.total_deposited, v.total_withdrawn) < 0
    or v.total_balance - v.locked_balance <> v.available_balance
union all
select 'vault ' || t.vault_owner, format('row %s has a negative amount or balance', t.id)
  from public.transactions as t
 where least(t.amount, t.balance_before, t.balance_after, t.total_after, t.locked_after, t.total_after - t.locked_after) < 0;
comment on view vaultbook.breaks_i5 is 'I5: no amount and no balance is negative; total = locked + available.';

create view vaultbook.breaks_i6 as
select 'signature ' || moved.signature as subject,
       format('moved %s in the ledger of %s, but %s tokens on its account', moved.delta, moved.vault_owner, b.after - b.before) as detail
  from (
    select t.signature, t.vault_owner, v.token_account, sum(m.total_sign * t.amount) as delta
      from public.transactions as t
      join vaultbook.movements as m on m.transaction_type = t.transaction_type
      join public.vaults as v on v.owner = t.vault_owner
     where t.status = 'confirmed'
     group by t.signature, t.vault_owner, v.token_account
  ) as moved
  join vaultbook.inbox as i on i.signature = moved.signature and i.outcome = 'applied'
 cross join lateral jsonb_to_recordset(i.content -> 'token_balances') as b (account text, before numeric, after numeric)
 where b.account = moved.token_account and b.after - b.before <> moved.delta
   -- Anybody may give tokens away. That more came than the ledger says is no mistake of its where the program says so too.
   and not (
     b.after - b.before > moved.delta
     and exists (
       select from public.transactions as t
        where t.signature = moved.signature and t.vault_owner = moved.vault_owner and t.status = 'confirmed'
          and t.total_after = coalesce(
                (i.content -> 'events' -> t.event_index ->> 'total_after')::bigint,
                (i.content -> 'events' -> t.event_index ->> 'locked_after')::bigint
                  + (i.content -> 'events' -> t.event_index ->> 'available_after')::bigint
              )
     )
   );
comment on view vaultbook.breaks_i6 is
  'I6: what a Solana transaction moved in the ledger it moved on the vault''s token account, where its payload told both balances; more '
  'tokens than that are a surplus where its events confirm the ledger''s balance.';

create view vaultbook.breaks_i7 as
select 'signature ' || t.signature as subject, format('event %s has not both legs of one amount', t.event_index) as detail
  from public.transactions as t
 where t.transaction_type in ('transfer_in', 'transfer_out', 'fee') and t.status = 'confirmed'
 group by t.signature, t.event_index
having count(*) filter (where t.transaction_type = 'transfer_in') <> 1
    or count(*) filter (where t.transaction_type <> 'transfer_in') <> 1
    or min(t.amount) <> max(t.amount);
comment on view vaultbook.breaks_i7 is 'I7: a transfer has both legs or none, and sums to zero.';

create view vaultbook.breaks_i8 as
select 'signature ' || t.signature as subject, format('row %s is confirmed, but the Solana transaction failed', t.id) as detail
  from public.transactions as t
  join vaultbook.inbox as i on i.signature = t.signature and i.outcome <> 'conflict'
 where t.slot is not null and (i.content -> 'failed')::boolean and (t.status <> 'failed' or t.balance_before <> t.balance_after);
comment on view vaultbook.breaks_i8 is 'I8: no failed Solana transaction moves a balance.';

create view vaultbook.breaks_i9 as
select 'signature ' || t.signature as subject, format('row %s is finalized, but %s', t.id, t.status) as detail
  from public.transactions as t
 where t.finalized_at is not null and (t.status = 'pending' or t.slot is null or t.rolled_back_at is not null)
union all
select 'signature ' || t.signature, format('row %s was rolled back without a compensation on record', t.id)
  from public.transactions as t
  left join vaultbook.compensations as c on c.transaction_id = t.id
 where t.rolled_back_at is not null and c.transaction_id is null
union all
select 'signature ' || t.signature, format('row %s has a compensation on record, but was not rolled back', t.id)
  from vaultbook.compensations as c
  join public.transactions as t on t.id = c.transaction_id
 where t.rolled_back_at is null
union all
select 'signature ' || l.signature, format('its effect stands, although it lost slot %s', l.slot)
  from vaultbook.lost_landings as l
  join vaultbook.inbox as i
    on i.signature = l.signature and i.slot = l.slot and i.outcome in ('applied', 'failed') and i.finalized_at is null;
comment on view vaultbook.breaks_i9 is
  'I9: confirmation only moves forward: to finalized, or to rolled back by a recorded compensation.';

create view vaultbook.breaks_i11 as
select coalesce('vault ' || r.vault_owner, 'system') as subject,
       format('reconciliation %s: expected %s, actual %s, difference %s', r.id, r.expected_balance, r.actual_balance, r.difference) as detail
  from public.reconciliation_logs as r
 where r.difference::numeric <> r.actual_balance::numeric - r.expected_balance
union all
select coalesce('vault ' || r.vault_owner, 'system'), format('reconciliation %s found a difference, and no alert tells of it', r.id)
  from public.reconciliation_logs as r
 where r.difference <> 0
   and not exists (
     select from public.alerts as a
      where a.alert_type = 'reconcile_mismatch' and a.vault_owner is not distinct from r.vault_owner
   )
   and exists (select from public.alert_rules as rule where rule.alert_type = 'reconcile_mismatch' and rule.enabled);
comment on view vaultbook.breaks_i11 is 'I11: a reconciliation says what differs, and a difference has its alert.';

create view vaultbook.breaks_i12 as
select 'alert ' || a.alert_type as subject, format('%s are open on %s', count(*), a.subject) as detail
  from public.alerts as a
 where not a.acknowledged and a.resolved_at is null
 group by a.alert_type, a.subject
having count(*) > 1;
comment on view vaultbook.breaks_i12 is 'I12: at most one open alert per type and subject.';

create view vaultbook.breaks_i14 as
select format('watermark of %s by node %s', w.address, w.source) as subject, format('slot %s is not what a scan has proven', w.slot) as detail
  from vaultbook.watermarks as w
  join vaultbook.scans as s on s.id = w.scan_id
 where (s.address, s.source, s.tip_slot, s.outcome) is distinct from (w.address, w.source, w.slot, 'proven')
union all
select format('scan %s of %s by node %s', s.id, s.address, s.source),
       format('begins above slot %s, and slots up to %s were seen before', s.floor_slot, s.seen_to)
  from (
    select p.*, lag(p.tip_slot) over (partition by p.address, p.source order by p.id) as seen_to
      from vaultbook.scans as p
     where p.outcome = 'proven'
  ) as s
 where s.floor_slot > s.seen_to or s.tip_slot < s.seen_to
union all
select 'signature ' || s.signature, format('seen in slot %s and settled, but the inbox has none of it', s.slot)
  from vaultbook.sightings as s
 where s.settled_at is not null
   and not exists (select from vaultbook.inbox as i where i.signature = s.signature);
comment on view vaultbook.breaks_i14 is
  'I14: a watermark never passes a slot whose signatures were not all seen at the same commitment.';

do $$
declare
  own record;
begin
  for own in
    select c.oid::regclass as name from pg_catalog.pg_class as c
     where c.relnamespace = 'vaultbook'::regnamespace and c.relname ~ '^breaks_i[0-9]+$'
  loop
    execute format('comment on column %s.subject is %L', own.name, 'What breaks it: a vault, a signature, a table');
    execute format('comment on column %s.detail is %L', own.name, 'How');
  end loop;
  for own in
    select a.attname, case
             when a.attname in ('total_before', 'locked_before') then 'That balance before this row; 0 for the first'
             when a.attname in ('total_delta', 'locked_delta') then 'What the row adds to that balance'
             when a.attname = 'is_last' then 'Nothing follows it in its vault'
             when a.attname in ('reports', 'spends_locked_first') then 'As in movements'
             else 'As in transactions'
           end as description
      from pg_catalog.pg_attribute as a
     where a.attrelid = 'vaultbook.thread'::regclass and a.attnum > 0
  loop
    execute format('comment on column vaultbook.thread.%I is %L', own.attname, own.description);
  end loop;
end
$$;

create function vaultbook.verify() returns table (invariant text, promise text, violations bigint, example text)
language plpgsql stable
set search_path = ''
as $$
declare
  own record;
begin
  for own in
    select c.oid::regclass as name, upper(substr(c.relname, 8)) as number, substr(c.relname, 9)::integer as place,
           pg_catalog.obj_description(c.oid, 'pg_class') as description
      from pg_catalog.pg_class as c
     where c.relnamespace = 'vaultbook'::regnamespace and c.relname ~ '^breaks_i[0-9]+$'
     order by place
  loop
    invariant := own.number;
    promise := regexp_replace(own.description, '^I[0-9]+: ', '');
    execute format('select count(*), (array_agg(b.subject || '': '' || b.detail))[1] from %s as b', own.name)
       into violations, example;
    return next;
  end loop;
end
$$;
comment on function vaultbook.verify() is
  'Counts what breaks each invariant, with one example; all counts are 0 in a sound book. Reads everything: minutes on a large one.';
