-- Views for operators, in Studio and on the ops page: what is open, what drifts, what waits, how far behind, what moved. Each shows what
-- the caller may see. Some read the inbox: operators see of it what is named here, owners no row.

grant usage on schema vaultbook to authenticated;
grant select (
  id, signature, slot, transaction_index, block_time, outcome, code, reason, vaults, waits_until_slot, delivery_id, delivery_position,
  times_seen, first_seen_at, last_seen_at, decided_at
) on vaultbook.inbox to authenticated;
grant select (id, source, times_received, received_at, last_received_at) on vaultbook.deliveries to authenticated;
grant select (address, source, slot, tip_slot, seen_at) on vaultbook.watermarks to authenticated;
grant select (id, inbox_id, decision, reason, decided_by, decided_at, outcome, code) on vaultbook.resolutions to authenticated;
create policy "Operators see the inbox" on vaultbook.inbox
  for select to authenticated
  using (((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'ops');
create policy "Operators see when deliveries came" on vaultbook.deliveries
  for select to authenticated
  using (((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'ops');
create policy "Operators see how far the sweep is" on vaultbook.watermarks
  for select to authenticated
  using (((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'ops');
create policy "Operators see what was decided" on vaultbook.resolutions
  for select to authenticated
  using (((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'ops');

create view public.open_alerts with (security_invoker = true) as
select a.id, a.severity, a.alert_type, a.subject, a.vault_owner, a.message, coalesce(a.data ->> 'count', '1') as times, a.created_at,
       coalesce(a.data ->> 'last_at', to_jsonb(a.created_at) #>> '{}') as last_at, a.data
  from public.alerts as a
 where not a.acknowledged and a.resolved_at is null;
comment on view public.open_alerts is 'Alerts that nobody has acknowledged and that are not over.';
comment on column public.open_alerts.id is 'As in alerts';
comment on column public.open_alerts.severity is 'As in alerts';
comment on column public.open_alerts.alert_type is 'As in alerts';
comment on column public.open_alerts.subject is 'As in alerts';
comment on column public.open_alerts.vault_owner is 'As in alerts';
comment on column public.open_alerts.message is 'As in alerts';
comment on column public.open_alerts.times is 'How often it happened, as text';
comment on column public.open_alerts.created_at is 'When it first happened';
comment on column public.open_alerts.last_at is 'When it last happened, as ISO 8601';
comment on column public.open_alerts.data is 'As in alerts';

create view public.drifting_vaults with (security_invoker = true) as
select l.vault_owner, v.vault_address, v.status, l.expected_balance::text as expected_balance, l.actual_balance::text as actual_balance,
       l.difference::text as difference, l.notes, l.created_at as reconciled_at
  from public.reconciliation_logs as l
  join public.vaults as v on v.owner = l.vault_owner
 where l.difference <> 0 and not l.auto_fixed
   and not exists (
     select from public.reconciliation_logs as later
      where later.vault_owner = l.vault_owner and (later.created_at, later.id) > (l.created_at, l.id)
   );
comment on view public.drifting_vaults is
  'Vaults of which the last reconciliation found another balance on the chain, and did not put it right. Amounts as decimal text, in base units.';
comment on column public.drifting_vaults.vault_owner is 'Whose vault it is';
comment on column public.drifting_vaults.vault_address is 'As in vaults';
comment on column public.drifting_vaults.status is 'As in vaults';
comment on column public.drifting_vaults.expected_balance is 'Of the ledger';
comment on column public.drifting_vaults.actual_balance is 'On the chain';
comment on column public.drifting_vaults.difference is 'actual − expected';
comment on column public.drifting_vaults.notes is 'What the reconciliation noted';
comment on column public.drifting_vaults.reconciled_at is 'When it was found';

-- vaults leave as an expression: the planner keeps statistics of the column, and by `count=planned` they would tell anybody how often a
-- vault is named.
create view public.quarantine with (security_invoker = true) as
select i.id::text as id, i.outcome, i.code, i.reason, i.signature, i.slot, i.block_time, i.vaults || '{}' as vaults, d.source, i.times_seen, i.first_seen_at,
       i.last_seen_at, replay.decided_at as replayed_at, replay.code as replayed_code
  from vaultbook.inbox as i
  join vaultbook.deliveries as d on d.id = i.delivery_id
  left join lateral (
    select r.decided_at, r.code, r.outcome from vaultbook.resolutions as r
     where r.inbox_id = i.id and r.decision = 'replayed'
     order by r.id desc limit 1
  ) as replay on true
 -- As vaultbook.undecided has it.
 where i.outcome in ('quarantined', 'conflict')
   and not exists (select from vaultbook.resolutions as r where r.inbox_id = i.id and r.decision = 'resolved')
   and coalesce(replay.outcome, i.outcome) in ('quarantined', 'conflict');
comment on view public.quarantine is
  'What could not be read, or cannot be, and what came with two contents: a person has to look, and to resolve or replay it.';
comment on column public.quarantine.id is 'By which it is decided about: POST /api/quarantine/{id}/resolve or /replay. As text: it is a bigint';
comment on column public.quarantine.outcome is 'quarantined or conflict';
comment on column public.quarantine.code is 'Stable code of the reason';
comment on column public.quarantine.reason is 'The same for a person, with the field that was wrong';
comment on column public.quarantine.signature is 'The Solana transaction; NULL where none could be read';
comment on column public.quarantine.slot is 'Slot of its block; NULL where none could be read';
comment on column public.quarantine.block_time is 'Time of its block';
comment on column public.quarantine.vaults is 'Addresses of the vaults it touches, as far as it could be read';
comment on column public.quarantine.source is 'Where its delivery came from, as in deliveries';
comment on column public.quarantine.times_seen is 'How often it came, replays included';
comment on column public.quarantine.first_seen_at is 'When it first came';
comment on column public.quarantine.last_seen_at is 'When it last came';
comment on column public.quarantine.replayed_at is 'When it was last read again; NULL: never';
comment on column public.quarantine.replayed_code is 'Why it stayed then';

create view public.parked_transactions with (security_invoker = true) as
select i.id::text as id, i.code, i.reason, i.signature, i.slot, i.block_time, i.vaults || '{}' as vaults, i.waits_until_slot, i.times_seen,
       i.first_seen_at, i.decided_at
  from vaultbook.inbox as i
 where i.outcome = 'parked';
comment on view public.parked_transactions is
  'Understood, but something is missing: a vault, an earlier event, a log. Applied by itself when that comes; a person looks when it does not.';
comment on column public.parked_transactions.id is 'As in the inbox, as text';
comment on column public.parked_transactions.code is 'Stable code of what it waits for';
comment on column public.parked_transactions.reason is 'The same for a person';
comment on column public.parked_transactions.signature is 'The Solana transaction';
comment on column public.parked_transactions.slot is 'Slot of its block';
comment on column public.parked_transactions.block_time is 'Time of its block';
comment on column public.parked_transactions.vaults is 'Addresses of the vaults it touches';
comment on column public.parked_transactions.waits_until_slot is 'Only an event up to this slot can make it possible; NULL: any event of its vaults may';
comment on column public.parked_transactions.times_seen is 'How often it came';
comment on column public.parked_transactions.first_seen_at is 'When it first came';
comment on column public.parked_transactions.decided_at is 'When it was parked';

create view public.quarantine_decisions with (security_invoker = true) as
select r.id::text as id, r.inbox_id::text as item_id, i.signature, r.decision, r.reason, r.decided_by, r.decided_at, r.outcome, r.code
  from vaultbook.resolutions as r
  join vaultbook.inbox as i on i.id = r.inbox_id;
comment on view public.quarantine_decisions is 'What was decided about quarantine and conflicts: by whom, when, why, and what came of it.';
comment on column public.quarantine_decisions.id is 'Order of decision, as text';
comment on column public.quarantine_decisions.item_id is 'The item, as in quarantine';
comment on column public.quarantine_decisions.signature is 'The Solana transaction; NULL where none could be read';
comment on column public.quarantine_decisions.decision is 'resolved or replayed';
comment on column public.quarantine_decisions.reason is 'Why';
comment on column public.quarantine_decisions.decided_by is 'An operator''s user id, or service';
comment on column public.quarantine_decisions.decided_at is 'When';
comment on column public.quarantine_decisions.outcome is 'What the item was after it';
comment on column public.quarantine_decisions.code is 'And why';

create view public.ingest_lag with (security_invoker = true) as
select last.received_at as last_received_at, last.source as last_source, mark.slot as swept_slot, mark.tip_slot, mark.tip_slot - mark.slot as lag_slots, mark.seen_at as swept_at
  from (values (true)) as one (row)
  left join lateral (
    select d.received_at, d.source from vaultbook.deliveries as d where d.source <> 'correction' order by d.id desc limit 1
  ) as last on true
  left join lateral (
    -- By the node that has seen most of the program; vaults have watermarks of their own.
    select m.slot, m.tip_slot, m.seen_at
      from vaultbook.watermarks as m
     where not exists (select from public.vaults as v where v.vault_address = m.address)
     order by m.slot desc
     limit 1
  ) as mark on true;
comment on view public.ingest_lag is
  'One row: when something new was last received from the chain, and how far the sweep is behind the finalized tip.';
comment on column public.ingest_lag.last_received_at is 'When the last new delivery came; NULL: never';
comment on column public.ingest_lag.last_source is 'By which road: webhook or sweep';
comment on column public.ingest_lag.swept_slot is 'Up to here everything finalized was seen; NULL: no sweep has been through yet';
comment on column public.ingest_lag.tip_slot is 'The finalized tip when the chain was last asked';
comment on column public.ingest_lag.lag_slots is 'Slots between the two';
comment on column public.ingest_lag.swept_at is 'When that was';

create view public.largest_movements with (security_invoker = true) as
select t.id, t.vault_owner, t.transaction_type, t.amount::text as amount, t.counterparty, t.signature, t.slot, t.balance_after::text as balance_after,
       t.confirmed_at
  from public.transactions as t
 where t.created_at > now() - interval '24 hours'
   and t.status = 'confirmed' and t.rolled_back_at is null and t.transaction_type not in ('lock', 'unlock')
 -- Here and not by the client: amounts leave as text, which has another order.
 order by t.amount desc, t.created_at desc, t.id
 limit 100;
comment on view public.largest_movements is
  'The hundred largest movements of the last 24 hours, by the time of their blocks, the largest first. Amounts as decimal text, in base units.';
comment on column public.largest_movements.id is 'As in transactions';
comment on column public.largest_movements.vault_owner is 'As in transactions';
comment on column public.largest_movements.transaction_type is 'As in transactions';
comment on column public.largest_movements.amount is 'As in transactions, as text';
comment on column public.largest_movements.counterparty is 'As in transactions';
comment on column public.largest_movements.signature is 'As in transactions';
comment on column public.largest_movements.slot is 'As in transactions';
comment on column public.largest_movements.balance_after is 'As in transactions, as text';
comment on column public.largest_movements.confirmed_at is 'As in transactions';

revoke all on
  public.open_alerts, public.drifting_vaults, public.quarantine, public.parked_transactions, public.quarantine_decisions, public.ingest_lag,
  public.largest_movements
from public, anon, authenticated, service_role;
grant select on
  public.open_alerts, public.drifting_vaults, public.quarantine, public.parked_transactions, public.quarantine_decisions, public.ingest_lag,
  public.largest_movements
to authenticated, service_role;
