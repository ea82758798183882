-- Realtime: what happened is broadcast from the database, once it is committed. Delivery is at most once: the tables are
-- the truth, and a client reads them again after it subscribed.

create function vaultbook.room_for_alerts(p_alert_type text, p_alerts bigint) returns bigint
language sql stable
set search_path = ''
as $$
  select greatest(0, r.told_per_minute + p_alerts - (
           select count(*) from (
             select from public.alerts as a
              where a.alert_type = p_alert_type and a.created_at > now() - interval '1 minute'
              -- In a storm there are more than matter.
              limit r.told_per_minute + p_alerts
           ) as lately
         ))
    from public.alert_rules as r
   where r.alert_type = p_alert_type
$$;
comment on function vaultbook.room_for_alerts(text, bigint) is
  'How many of so many new alerts of a type, which are in the table already, operators may still hear of one by one in this minute.';

create function vaultbook.tg_broadcast_alerts() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- By type. Asked once, for between two statements another writer may commit.
  room constant jsonb := (
    select jsonb_object_agg(t.alert_type, vaultbook.room_for_alerts(t.alert_type, t.alerts))
      from (select n.alert_type::text, count(*) as alerts from new_rows as n group by n.alert_type) as t
  );
begin
  perform realtime.send(to_jsonb(a), 'alert_created', 'alerts:' || a.vault_owner, true)
     from new_rows as a
    where a.vault_owner is not null
    order by a.created_at, a.id;

  -- An owner hears of one alert of a type; operators would hear of everybody's, in a storm of more than anybody can read.
  perform realtime.send(to_jsonb(f) - 'place', 'alert_created', 'alerts:ops', true)
     from (
       select n.*, row_number() over (partition by n.alert_type order by n.created_at, n.id) as place from new_rows as n
     ) as f
    where f.place <= (room ->> f.alert_type::text)::bigint
    order by f.created_at, f.id;
  insert into vaultbook.untold_alerts (alert_type, alerts)
  select n.alert_type, count(*) - (room ->> n.alert_type::text)::bigint
    from new_rows as n
   group by n.alert_type
  having count(*) > (room ->> n.alert_type::text)::bigint;
  return null;
end
$$;
comment on function vaultbook.tg_broadcast_alerts() is
  'Sends each new alert to alerts:<owner>, and to alerts:ops as many of a type as the rule tells in a minute; the others are counted in '
  'untold_alerts. Definer: whoever inserts need not be allowed to write messages.';

create function vaultbook.tg_broadcast_vaults() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- What realtime.send() does of each, for all at once: it would open a subtransaction for every row of a delivery.
  insert into realtime.messages (id, topic, extension, event, private, payload)
  select m.id, 'vault:' || m.owner, 'broadcast', 'vault_updated', true,
         jsonb_build_object(
           'id', m.id, 'owner', m.owner, 'vault_address', m.vault_address, 'status', m.status,
           'total_balance', m.total_balance::text, 'locked_balance', m.locked_balance::text,
           'available_balance', m.available_balance::text, 'total_deposited', m.total_deposited::text,
           'total_withdrawn', m.total_withdrawn::text, 'updated_at', m.updated_at
         )
    from (select gen_random_uuid() as id, v.* from new_rows as v order by v.owner) as m;
  return null;
exception when others then
  raise warning 'A broadcast failed: %', sqlerrm; -- As there: no message is worth a balance.
  return null;
end
$$;
comment on function vaultbook.tg_broadcast_vaults() is
  'Sends each changed vault to vault:<owner>, balances as decimal strings; id is the message''s. What fails of it stops nothing.';

create function vaultbook.tg_broadcast_transactions() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into realtime.messages (topic, extension, event, private, payload)
  select 'vault:' || m.vault_owner, 'broadcast', 'transaction_recorded', true, to_jsonb(m)
    from (
      select t.id, t.vault_owner, t.transaction_type, t.amount::text, t.signature, t.status, t.balance_before::text,
             t.balance_after::text, t.counterparty, t.note, t.created_at, t.updated_at, t.confirmed_at, t.slot, t.transaction_index,
             t.event_index, t.finalized_at, t.submitted_signature, t.expires_at, t.rolled_back_at
        from new_rows as t
    ) as m;
  return null;
exception when others then
  raise warning 'A broadcast failed: %', sqlerrm;
  return null;
end
$$;
comment on function vaultbook.tg_broadcast_transactions() is
  'Sends each new ledger row to vault:<owner>, in chain order, amounts as decimal strings. What fails of it stops nothing.';

create function vaultbook.tg_broadcast_status() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform realtime.send(
      to_jsonb(new) - 'total_after' - 'locked_after' || jsonb_build_object(
        'amount', new.amount::text, 'balance_before', new.balance_before::text, 'balance_after', new.balance_after::text
      ),
      'transaction_recorded', 'vault:' || new.vault_owner, true);
  return null;
end
$$;
comment on function vaultbook.tg_broadcast_status() is
  'Sends a ledger row to vault:<owner> again when its status changed, amounts as decimal strings.';

create function vaultbook.tg_broadcast_tvl() returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform realtime.send(
      jsonb_build_object(
        'total_value_locked', s.total_value_locked::text, 'active_vaults', s.active_vaults,
        'total_locked', s.total_locked::text, 'total_available', s.total_available::text, 'timestamp', s.timestamp
      ),
      'tvl_updated', 'tvl', is_private)
     from new_rows as s
    cross join (values (false), (true)) as channel (is_private)
    order by s.timestamp, channel.is_private;
  return null;
end
$$;
comment on function vaultbook.tg_broadcast_tvl() is
  'Sends each TVL snapshot to the channels tvl, amounts as decimal strings. On the public one anybody with the publishable key can speak '
  'too; on the private one, that everybody may join, only the database does.';

create trigger alerts_broadcast after insert on public.alerts
  referencing new table as new_rows
  for each statement execute function vaultbook.tg_broadcast_alerts();
comment on trigger alerts_broadcast on public.alerts is 'alert_created';
create trigger vaults_broadcast after update on public.vaults
  referencing new table as new_rows
  for each statement execute function vaultbook.tg_broadcast_vaults();
comment on trigger vaults_broadcast on public.vaults is 'vault_updated';
create trigger transactions_broadcast after insert on public.transactions
  referencing new table as new_rows
  for each statement execute function vaultbook.tg_broadcast_transactions();
comment on trigger transactions_broadcast on public.transactions is 'transaction_recorded';
-- Row by row, so that the many rows whose balances follow a late event cost nothing: their status stays.
create trigger transactions_broadcast_status after update of status on public.transactions
  for each row when (old.status <> new.status) execute function vaultbook.tg_broadcast_status();
comment on trigger transactions_broadcast_status on public.transactions is 'transaction_recorded';
create trigger tvl_snapshots_broadcast after insert on public.tvl_snapshots
  referencing new table as new_rows
  for each statement execute function vaultbook.tg_broadcast_tvl();
comment on trigger tvl_snapshots_broadcast on public.tvl_snapshots is 'tvl_updated';

-- The server asks by reading and writing a message of which only topic and extension are filled in.
create policy "Owners listen to their own alerts and vault, operators to all" on realtime.messages
  for select to authenticated
  using (
    extension = 'broadcast'
    and (
      (select realtime.topic()) in (
        'alerts:' || ((select auth.jwt()) ->> 'wallet_address'),
        'vault:' || ((select auth.jwt()) ->> 'wallet_address'),
        'tvl'
      )
      or (
        ((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'ops'
        and ((select realtime.topic()) like 'alerts:%' or (select realtime.topic()) like 'vault:%')
      )
    )
  );
create policy "Whoever is not signed in listens to the TVL" on realtime.messages
  for select to anon
  using (extension = 'broadcast' and (select realtime.topic()) = 'tvl');

alter publication supabase_realtime add table public.alerts;
