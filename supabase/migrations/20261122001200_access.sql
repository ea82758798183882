-- Access: who sees what, in one place. Nobody else writes: balances, history and alerts come from the ledger's functions.

-- The ledger's own functions --------------------------------------------------------------------------------------------
grant select, insert, update on public.vaults, public.transactions, public.alerts to vaultbook_ledger;
grant select, insert, delete on public.balance_snapshots, public.tvl_snapshots to vaultbook_ledger;
grant select on public.snapshot_rules, public.retention_rules to vaultbook_ledger;
grant select, update on vaultbook.vault_totals to vaultbook_ledger;
grant select, insert on vaultbook.ticks to vaultbook_ledger;
grant select, insert, update on vaultbook.thinned to vaultbook_ledger;
grant select on public.alert_rules to vaultbook_ledger;
grant select, insert, update on vaultbook.deliveries, vaultbook.inbox to vaultbook_ledger;
grant select, insert, update on vaultbook.status_changes, vaultbook.landings to vaultbook_ledger;
grant select, insert on vaultbook.lost_landings, vaultbook.compensations to vaultbook_ledger;
grant insert on vaultbook.alert_failures to vaultbook_ledger;
grant select, insert, update on public.job_runs to vaultbook_ledger;
grant select, insert, update, delete on vaultbook.scans, vaultbook.sightings, vaultbook.doubts, vaultbook.wanted_vaults
to vaultbook_ledger;
grant select, insert, update on vaultbook.watermarks to vaultbook_ledger;
grant select, insert on public.reconciliation_logs to vaultbook_ledger;
grant select, insert, update on vaultbook.reconciliations, vaultbook.reconciled_vaults to vaultbook_ledger;
grant select, insert, update, delete on vaultbook.suspects, vaultbook.behind_vaults to vaultbook_ledger;
grant select on vaultbook.movements, vaultbook.openings, vaultbook.events, vaultbook.legs, vaultbook.final_where_they_lie to vaultbook_ledger;
grant execute on function vaultbook.usdt(numeric) to vaultbook_ledger;

create policy "The ledger keeps vaults" on public.vaults to vaultbook_ledger using (true) with check (true);
create policy "The ledger keeps transactions" on public.transactions to vaultbook_ledger using (true) with check (true);
create policy "The ledger raises alerts" on public.alerts to vaultbook_ledger using (true) with check (true);
create policy "The ledger takes snapshots" on public.balance_snapshots to vaultbook_ledger using (true) with check (true);
create policy "The ledger takes the TVL" on public.tvl_snapshots to vaultbook_ledger using (true) with check (true);
create policy "The ledger reads the rules of snapshots" on public.snapshot_rules for select to vaultbook_ledger using (true);
create policy "The ledger reads the rules of retention" on public.retention_rules for select to vaultbook_ledger using (true);
create policy "The ledger keeps totals" on vaultbook.vault_totals to vaultbook_ledger using (true) with check (true);
create policy "The ledger keeps ticks" on vaultbook.ticks to vaultbook_ledger using (true) with check (true);
create policy "The ledger keeps what is thinned" on vaultbook.thinned to vaultbook_ledger using (true) with check (true);
create policy "The ledger reads the rules" on public.alert_rules for select to vaultbook_ledger using (true);
create policy "The ledger keeps deliveries" on vaultbook.deliveries to vaultbook_ledger using (true) with check (true);
create policy "The ledger keeps the inbox" on vaultbook.inbox to vaultbook_ledger using (true) with check (true);
create policy "The ledger notes alerts that failed" on vaultbook.alert_failures for insert to vaultbook_ledger with check (true);
create policy "The ledger notes changes of status" on vaultbook.status_changes to vaultbook_ledger using (true) with check (true);
create policy "The ledger notes landings" on vaultbook.landings to vaultbook_ledger using (true) with check (true);
create policy "The ledger notes lost landings" on vaultbook.lost_landings to vaultbook_ledger using (true) with check (true);
create policy "The ledger keeps the runs of jobs" on public.job_runs to vaultbook_ledger using (true) with check (true);
create policy "The ledger keeps scans" on vaultbook.scans to vaultbook_ledger using (true) with check (true);
create policy "The ledger keeps watermarks" on vaultbook.watermarks to vaultbook_ledger using (true) with check (true);
create policy "The ledger keeps sightings" on vaultbook.sightings to vaultbook_ledger using (true) with check (true);
create policy "The ledger keeps doubts" on vaultbook.doubts to vaultbook_ledger using (true) with check (true);
create policy "The ledger keeps what is wanted" on vaultbook.wanted_vaults to vaultbook_ledger using (true) with check (true);
create policy "The ledger reconciles" on public.reconciliation_logs to vaultbook_ledger using (true) with check (true);
create policy "The ledger keeps rounds" on vaultbook.reconciliations to vaultbook_ledger using (true) with check (true);
create policy "The ledger keeps suspects" on vaultbook.suspects to vaultbook_ledger using (true) with check (true);
create policy "The ledger keeps what nothing can be said of" on vaultbook.behind_vaults to vaultbook_ledger using (true) with check (true);
create policy "The ledger keeps what is right" on vaultbook.reconciled_vaults to vaultbook_ledger using (true) with check (true);
create policy "The ledger compensates" on vaultbook.compensations to vaultbook_ledger using (true) with check (true);

-- The service: the functions' own database work -----------------------------------------------------------------------------
grant select on
  public.vaults, public.transactions, public.balance_snapshots, public.reconciliation_logs, public.tvl_snapshots, public.alerts,
  public.alert_rules, public.snapshot_rules, public.retention_rules, public.job_runs
to service_role;
grant insert on public.balance_snapshots, public.tvl_snapshots to service_role;
grant insert, update on public.alerts to service_role;
grant update (severity, enabled, threshold, cooldown, told_per_minute, escalate_after, escalate_to) on public.alert_rules to service_role;
grant update (every, threshold) on public.snapshot_rules to service_role;
grant update (raw_for, hourly_for, daily_for) on public.retention_rules to service_role;
grant select on
  vaultbook.deliveries, vaultbook.inbox, vaultbook.landings, vaultbook.lost_landings, vaultbook.compensations, vaultbook.status_changes,
  vaultbook.alert_failures, vaultbook.movements, vaultbook.scans, vaultbook.watermarks, vaultbook.sightings, vaultbook.doubts,
  vaultbook.wanted_vaults,
  vaultbook.reconciliations, vaultbook.suspects, vaultbook.reconciled_vaults, vaultbook.behind_vaults, vaultbook.corrections,
  vaultbook.vault_totals, vaultbook.current_tvl, vaultbook.ticks, vaultbook.missed_ticks, vaultbook.thinned
to service_role;
grant execute on function
  vaultbook.ingest(text, bytea, jsonb, boolean), vaultbook.roll_back(jsonb),
  vaultbook.open_pending(text, text, bigint, text, interval), vaultbook.attach_signature(uuid, text, text),
  vaultbook.expire_pending(integer), vaultbook.usdt(numeric), vaultbook.acknowledge_alert(uuid, text, text),
  vaultbook.start_job(text, interval), vaultbook.hold_job(uuid, interval), vaultbook.finish_job(uuid, text, jsonb, text, text),
  vaultbook.begin_scan(text, integer, bigint, bigint), vaultbook.note_page(bigint, jsonb),
  vaultbook.finalize_sighted(integer), vaultbook.next_sightings(timestamptz, integer), vaultbook.settle_sightings(jsonb),
  vaultbook.ask_for(jsonb, integer), vaultbook.ask_for_unread(bigint, integer),
  vaultbook.unproven_landings(bigint, bigint, text, integer, integer, text), vaultbook.doubt(uuid, jsonb), vaultbook.believe(text[]),
  vaultbook.judge_silence(jsonb, bigint), vaultbook.want_vault(text, text), vaultbook.want_unknown_vaults(),
  vaultbook.want_new_vaults(jsonb, integer, bigint),
  vaultbook.vault_is_swept(text), vaultbook.forget_sightings(),
  vaultbook.begin_reconciliation(text[]), vaultbook.next_vaults(bigint, integer), vaultbook.next_suspects(bigint, integer),
  vaultbook.note_vaults(bigint, bigint, jsonb), vaultbook.judge_suspects(bigint, jsonb, integer, boolean),
  vaultbook.note_repair(bigint, text, text, integer), vaultbook.unread_of(text, bigint, bigint, jsonb),
  vaultbook.is_understood(text, bigint, bigint, integer, jsonb),
  vaultbook.end_reconciliation(bigint),
  vaultbook.take_snapshots(text, timestamptz), vaultbook.take_tvl(timestamptz),
  vaultbook.ticks_between(timestamptz, interval, timestamptz, interval),
  vaultbook.balance_as_of(text, timestamptz), vaultbook.retain(timestamptz)
to service_role;

-- anon ----------------------------------------------------------------------------------------------------------------------
grant select on public.tvl_snapshots to anon;
create policy "Everybody sees the TVL" on public.tvl_snapshots for select to anon, authenticated using (true);

-- authenticated: owners by the wallet_address claim that the access-token hook sets, operators by app_metadata.role. Both are
-- set by the server only; user_metadata, which users edit themselves, counts for nothing. -------------------------------------
grant select on
  public.vaults, public.transactions, public.balance_snapshots, public.reconciliation_logs, public.tvl_snapshots, public.alerts,
  public.alert_rules, public.snapshot_rules, public.retention_rules, public.job_runs
to authenticated;
grant update (severity, enabled, threshold, cooldown, told_per_minute, escalate_after, escalate_to) on public.alert_rules to authenticated;

-- The planner learns of no owner how many rows there are (count=planned would tell), takes them for few, and takes reading and sorting few for
-- cheaper than following an index that has them in order, as long as a page at random costs so much more than the next one as on a turning
-- disk. At 1.1 it follows the index: the newest 50 of an owner's 500,000 snapshots among 1,000,000, `where vault_owner = $1`, take 0.06 ms; at 4
-- they take 200. REST gives each request the settings of its role.
do $$
begin
  alter role authenticated set random_page_cost = 1.1;
exception when insufficient_privilege then
  raise notice 'The role authenticated keeps its random_page_cost';
end
$$;
notify pgrst, 'reload config';

-- Whose rows one sees is a span of owners: one's own alone, or for operators all of them (every address lies between '' and '~'). An index
-- follows a span, and not an "or": so whoever asks about another owner has none of that owner's rows read, and not even their number shows, in
-- the time it takes to hide them. Whoever names no owner and orders by time has everybody's read by time, whosever they are, until there are
-- enough of the own. What is about the whole system has no owner, and lies at the end, where no address is; a
-- claim that is no address opens nothing.
--
-- Functions, and not their bodies, stand in the policies, and in PL/pgSQL, which is not inlined: planning costs what a policy is long. A page
-- of 50 of 1,000,000 rows, `where vault_owner = $1`, takes an owner 1.07 to 1.15 times as long as the tables' own owner; 1.25 to 1.65 times with the bodies.
create function vaultbook.first_visible_owner() returns text
language plpgsql stable parallel safe
set search_path = ''
as $$
declare
  token constant jsonb := auth.jwt();
begin
  return case
           when token -> 'app_metadata' ->> 'role' = 'ops' then ''
           when token ->> 'wallet_address' ~ '^[1-9A-HJ-NP-Za-km-z]{32,44}$' then token ->> 'wallet_address'
         end;
end
$$;
comment on function vaultbook.first_visible_owner() is 'Where the span of owners begins whose rows the caller sees: at the own wallet, for operators before all. NULL: sees none.';
create function vaultbook.last_visible_owner() returns text
language plpgsql stable parallel safe
set search_path = ''
as $$
declare
  token constant jsonb := auth.jwt();
begin
  return case
           when token -> 'app_metadata' ->> 'role' = 'ops' then '~'
           when token ->> 'wallet_address' ~ '^[1-9A-HJ-NP-Za-km-z]{32,44}$' then token ->> 'wallet_address'
         end;
end
$$;
comment on function vaultbook.last_visible_owner() is 'Where that span ends: at the own wallet, for operators behind all.';
grant execute on function vaultbook.first_visible_owner(), vaultbook.last_visible_owner() to authenticated;
create policy "Owners see their own vault, operators all" on public.vaults
  for select to authenticated
  using (owner between (select vaultbook.first_visible_owner()) and (select vaultbook.last_visible_owner()));
create policy "Owners see their own transactions, operators all" on public.transactions
  for select to authenticated
  using (vault_owner between (select vaultbook.first_visible_owner()) and (select vaultbook.last_visible_owner()));
create policy "Owners see their own snapshots, operators all" on public.balance_snapshots
  for select to authenticated
  using (vault_owner between (select vaultbook.first_visible_owner()) and (select vaultbook.last_visible_owner()));
create policy "Owners see their own reconciliations, operators all" on public.reconciliation_logs
  for select to authenticated
  using (coalesce(vault_owner, '~') between (select vaultbook.first_visible_owner()) and (select vaultbook.last_visible_owner()));
create policy "Owners see their own alerts, operators all" on public.alerts
  for select to authenticated
  using (coalesce(vault_owner, '~') between (select vaultbook.first_visible_owner()) and (select vaultbook.last_visible_owner()));
create policy "Operators see the alert rules" on public.alert_rules
  for select to authenticated
  using (((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'ops');
create policy "Operators see the rules of snapshots" on public.snapshot_rules
  for select to authenticated
  using (((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'ops');
create policy "Operators see the rules of retention" on public.retention_rules
  for select to authenticated
  using (((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'ops');
create policy "Operators see the runs of jobs" on public.job_runs
  for select to authenticated
  using (((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'ops');
create policy "Operators change the alert rules" on public.alert_rules
  for update to authenticated
  using (((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'ops')
  with check (((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'ops');

-- Auth calls this for every access token: `[auth.hook.custom_access_token]` in config.toml. ------------------------------------
create function vaultbook.custom_access_token_hook(event jsonb) returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  wallet text;
begin
  -- provider_id is 'web3:solana:<address>' and was proven by a signature. The first wallet linked stays the user's wallet.
  select split_part(i.provider_id, ':', 3) into wallet
    from auth.identities as i
   where i.user_id = (event ->> 'user_id')::uuid
     and i.provider = 'web3' and i.provider_id like 'web3:solana:%'
   order by i.created_at, i.provider_id
   limit 1;
  if wallet is null then
    return event #- '{claims,wallet_address}';
  end if;
  return jsonb_set(event, '{claims,wallet_address}', to_jsonb(wallet));
end
$$;
comment on function vaultbook.custom_access_token_hook(jsonb) is
  'Custom access token hook: sets the claim wallet_address to the Solana wallet the user signed in with, and removes it where there is none.';
grant usage on schema vaultbook to supabase_auth_admin;
grant execute on function vaultbook.custom_access_token_hook(jsonb) to supabase_auth_admin;
