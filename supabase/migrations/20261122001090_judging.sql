-- Judging: what comes of a comparison, on record. Only what is certain is written as a match or as a mismatch.

create function vaultbook.log_comparisons(
  p_reconciliation bigint, p_matched vaultbook.comparison[], p_fixed vaultbook.comparison[], p_mismatched vaultbook.comparison[]
) returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into public.reconciliation_logs (vault_owner, expected_balance, actual_balance, difference, auto_fixed, notes)
  select l.owner, l.expected, l.actual, l.actual - l.expected, l.is_fixed, concat_ws(': ', format('At slot %s', l.slot), nullif(l.reason, ''))
    from (
      select m.*, false as is_fixed from unnest(p_matched) as m
      union all
      select f.*, true from unnest(p_fixed) as f
      union all
      select w.*, false from unnest(p_mismatched) as w
    ) as l
   order by l.owner;
  insert into vaultbook.reconciled_vaults as known (owner, slot)
  select c.owner, c.slot from unnest(p_matched || p_fixed) as c order by c.owner
  on conflict on constraint reconciled_vaults_pkey
  do update set slot = greatest(known.slot, excluded.slot), reconciled_at = clock_timestamp();
  update vaultbook.reconciliations as r
     set matched = r.matched + cardinality(p_matched),
         fixed = r.fixed + cardinality(p_fixed),
         mismatched = r.mismatched + cardinality(p_mismatched),
         expected_sum = r.expected_sum + coalesce(told.expected, 0),
         actual_sum = r.actual_sum + coalesce(told.actual, 0),
         lowest_slot = least(r.lowest_slot, told.lowest),
         highest_slot = greatest(r.highest_slot, told.highest)
    from (
      -- What is fixed is as the chain says now.
      select sum(t.expected) as expected, sum(t.actual) as actual, min(t.slot) as lowest, max(t.slot) as highest
        from (
          select c.expected, c.actual, c.slot from unnest(p_matched || p_mismatched) as c
          union all
          select c.actual, c.actual, c.slot from unnest(p_fixed) as c
        ) as t
    ) as told
   where r.id = p_reconciliation;
  if p_fixed <> '{}' then
    -- A difference has its alert, also one that is over already.
    perform vaultbook.alert_comparisons('{}', p_fixed);
  end if;
  perform vaultbook.alert_comparisons(p_matched || p_fixed, p_mismatched);
  with told as (
    delete from vaultbook.behind_vaults as b
     using unnest(p_matched || p_fixed || p_mismatched) as c
     where b.owner = c.owner
    returning b.owner
  )
  update public.alerts as a set resolved_at = now()
    from told as t
   where a.alert_type = 'job_failed' and a.subject = 'reconcile ' || t.owner and a.resolved_at is null;
end
$$;
comment on function vaultbook.log_comparisons(bigint, vaultbook.comparison[], vaultbook.comparison[], vaultbook.comparison[]) is
  'Writes one log for each vault that was compared, adds them to their round, and raises and resolves their alerts.';
alter function vaultbook.log_comparisons(bigint, vaultbook.comparison[], vaultbook.comparison[], vaultbook.comparison[]) owner to vaultbook_ledger;

create function vaultbook.note_vaults(p_reconciliation bigint, p_slot bigint, p_readings jsonb) returns vaultbook.reconciliations
language plpgsql
security definer
set search_path = ''
as $$
declare
  own vaultbook.reconciliations;
  readings vaultbook.vault_reading[] := array(select r from jsonb_populate_recordset(null::vaultbook.vault_reading, p_readings) as r);
  compared vaultbook.comparison[] := array(select c from vaultbook.compare_vaults(p_slot, readings) as c);
begin
  perform vaultbook.log_comparisons(p_reconciliation, array(select c from unnest(compared) as c where c.verdict = 'match'), '{}', '{}');
  insert into vaultbook.suspects (reconciliation_id, owner, slot, expected, actual, reason)
  select p_reconciliation, c.owner, c.slot, c.expected, c.actual, c.reason
    from unnest(compared) as c
   where c.verdict in ('mismatch', 'behind')
  on conflict on constraint suspects_pkey do nothing;
  update vaultbook.reconciliations as r
     set after_owner = greatest(r.after_owner, (select max(n.owner collate "C") from unnest(readings) as n)),
         behind = r.behind + (select count(*) from unnest(compared) as c where c.verdict = 'young')
   where r.id = p_reconciliation
  returning r.* into own;
  return own;
end
$$;
comment on function vaultbook.note_vaults(bigint, bigint, jsonb) is
  'Compares the next vaults of a round, a JSON array of vaultbook.vault_reading of one slot: what matches goes on record, what does not is to be '
  'looked into. The round has then looked at them.';
alter function vaultbook.note_vaults(bigint, bigint, jsonb) owner to vaultbook_ledger;

create function vaultbook.note_behind(p_behind vaultbook.comparison[]) returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into vaultbook.behind_vaults as known (owner, reason)
  select c.owner, c.reason from unnest(p_behind) as c order by c.owner
  on conflict on constraint behind_vaults_pkey
  do update set reason = excluded.reason, rounds = known.rounds + 1;
  -- Neither match nor mismatch: what fails is the looking.
  perform vaultbook.try_alert(row (
            'job_failed', 'reconcile ' || b.owner, null,
            format('Since %s nothing can be said of the vault of %s: %s', to_char(b.since at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), b.owner, b.reason),
            jsonb_build_object('job', 'reconcile', 'vault_owner', b.owner, 'since', b.since, 'rounds', b.rounds, 'reason', b.reason)
          )::vaultbook.occurrence)
     from unnest(p_behind) as c
     join vaultbook.behind_vaults as b on b.owner = c.owner
     join public.alert_rules as rule on rule.alert_type = 'job_failed'
    where b.since <= clock_timestamp() - rule.threshold * interval '1 second';
end
$$;
comment on function vaultbook.note_behind(vaultbook.comparison[]) is
  'Notes the vaults of which nothing could be said. Raises job_failed for those that are so for as many seconds as that rule''s threshold.';
alter function vaultbook.note_behind(vaultbook.comparison[]) owner to vaultbook_ledger;

create type vaultbook.verdict as (
  owner text,
  verdict text,
  first vaultbook.comparison,
  latest vaultbook.comparison
);
comment on type vaultbook.verdict is
  'What is said of a suspect: match, fixed, mismatch, behind, former, or repair (to be said when its missing transactions were looked for); as it '
  'was first seen, and as a node shows it now.';

create function vaultbook.verdicts_on(
  p_reconciliation bigint, p_observations jsonb, p_nodes integer, p_is_final boolean
) returns setof vaultbook.verdict
language sql stable
set search_path = ''
as $$
  with seen as (
    select o.place, c.owner, c.verdict, c.actual - c.expected as difference, c.surplus, c.reason, c
      from jsonb_array_elements(p_observations) with ordinality as o (item, place)
     cross join lateral vaultbook.compare_vaults(
             (o.item ->> 'slot')::bigint,
             array(select r from jsonb_populate_recordset(null::vaultbook.vault_reading, o.item -> 'readings') as r)
           ) as c
  ), poll as (
    select s.owner, s.repair, s.brought,
           row (
             s.owner, s.slot, s.expected, s.actual, (array_agg(n.surplus order by n.place))[1], null, s.reason,
             null, null, null, null
           )::vaultbook.comparison as first,
           (array_agg(n.c order by n.place))[1] as latest,
           count(*) as answers,
           count(*) filter (where n.verdict = 'match') as matches,
           count(*) filter (where n.verdict = 'mismatch') as mismatches,
           count(distinct (n.difference, n.reason)) as opinions,
           bool_or(n.verdict = 'former') as is_former
      from vaultbook.suspects as s
      join seen as n on n.owner = s.owner
     where s.reconciliation_id = p_reconciliation and s.verdict is null
     group by s.reconciliation_id, s.owner
  )
  select p.owner,
         case
           when p.is_former then 'former'
           when p.matches = p.answers then case when p.brought > 0 then 'fixed' else 'match' end
           -- One node alone may lie, in either direction.
           when p.matches > 0 then 'behind'
           when not p_is_final then 'repair'
           when p.repair in ('complete', 'doubtful') and p.mismatches = p_nodes and p.opinions = 1 then 'mismatch'
           else 'behind'
         end,
         p.first, p.latest
    from poll as p
$$;
comment on function vaultbook.verdicts_on(bigint, jsonb, integer, boolean) is
  'What follows for the suspects of a round from what the nodes show of them. A mismatch takes every node, the same word of each, and the '
  'whole history since the vault was right; before the final look at what is not right, what is missing has to be looked for.';
alter function vaultbook.verdicts_on(bigint, jsonb, integer, boolean) owner to vaultbook_ledger;

create function vaultbook.judge_suspects(
  p_reconciliation bigint, p_observations jsonb, p_nodes integer, p_is_final boolean
) returns text[]
language plpgsql
security definer
set search_path = ''
as $$
declare
  verdicts vaultbook.verdict[] := array(select v from vaultbook.verdicts_on(p_reconciliation, p_observations, p_nodes, p_is_final) as v);
  -- Before anything else is written: ingest locks vaults first.
  corrected vaultbook.comparison[] := vaultbook.correct_vaults(p_reconciliation, verdicts, p_observations, p_nodes);
begin
  perform vaultbook.log_comparisons(
    p_reconciliation,
    array(select v.latest from unnest(verdicts) as v where v.verdict = 'match'),
    array(select v.first from unnest(verdicts) as v where v.verdict = 'fixed') || corrected,
    array(
      select v.latest from unnest(verdicts) as v
       where v.verdict = 'mismatch' and v.owner <> all (array(select c.owner from unnest(corrected) as c))
    )
  );
  update vaultbook.suspects as s
     set verdict = 'behind', reason = (v.latest).reason
    from unnest(verdicts) as v
   where s.reconciliation_id = p_reconciliation and s.owner = v.owner and v.verdict = 'behind';
  perform vaultbook.note_behind(array(select v.latest from unnest(verdicts) as v where v.verdict = 'behind'));
  delete from vaultbook.suspects as s
   using unnest(verdicts) as v
   where s.reconciliation_id = p_reconciliation and s.owner = v.owner and v.verdict in ('match', 'fixed', 'mismatch', 'former');
  update vaultbook.reconciliations as r
     set behind = r.behind + (select count(*) from unnest(verdicts) as v where v.verdict = 'behind')
   where r.id = p_reconciliation;
  return array(select v.owner from unnest(verdicts) as v where v.verdict = 'repair' order by v.owner);
end
$$;
comment on function vaultbook.judge_suspects(bigint, jsonb, integer, boolean) is
  'Takes what each node shows of suspects, a JSON array of {"slot", "readings"}, how many nodes there are, and whether all was looked for that '
  'could be missing up to those slots. Puts on record what can be said; returns those whose missing transactions have to be looked for first.';
alter function vaultbook.judge_suspects(bigint, jsonb, integer, boolean) owner to vaultbook_ledger;

create function vaultbook.end_reconciliation(p_reconciliation bigint) returns vaultbook.reconciliations
language plpgsql
security definer
set search_path = ''
as $$
declare
  own vaultbook.reconciliations;
  saw_all boolean;
begin
  select r.* into own from vaultbook.reconciliations as r where r.id = p_reconciliation for no key update;
  saw_all := not exists (select from vaultbook.next_vaults(own.id, 1)) and not exists (select from vaultbook.next_suspects(own.id, 1));
  if own.finished_at is not null or (own.owners is null and not saw_all) then
    return own;
  end if;
  update vaultbook.reconciliations as r set finished_at = clock_timestamp(), is_complete = saw_all
   where r.id = own.id
  returning r.* into own;
  if own.owners is null and own.matched + own.fixed + own.mismatched > 0 and greatest(own.expected_sum, own.actual_sum) <= 9223372036854775807 then
    insert into public.reconciliation_logs (expected_balance, actual_balance, difference, auto_fixed, notes)
    values (
      own.expected_sum, own.actual_sum, own.actual_sum - own.expected_sum, false,
      format('Slots %s to %s: %s vaults as the chain says, %s once what was missing was found, %s not, %s of which it cannot be said yet',
             own.lowest_slot, own.highest_slot, own.matched, own.fixed, own.mismatched, own.behind)
    );
    perform vaultbook.alert_sums(own);
  end if;
  return own;
end
$$;
comment on function vaultbook.end_reconciliation(bigint) is
  'Ends a round that has looked at everything, and puts the sum of all vaults on record; one over some vaults ends in any case, without a sum.';
alter function vaultbook.end_reconciliation(bigint) owner to vaultbook_ledger;

create function vaultbook.alert_sums(p_round vaultbook.reconciliations) returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_round.actual_sum <> p_round.expected_sum then
    perform vaultbook.try_alert(row (
      'reconcile_mismatch', 'system', null,
      format('All vaults together hold %s on the chain and %s in the book', vaultbook.usdt(p_round.actual_sum),
             vaultbook.usdt(p_round.expected_sum)),
      jsonb_build_object('expected', p_round.expected_sum::text, 'actual', p_round.actual_sum::text,
                         'difference', (p_round.actual_sum - p_round.expected_sum)::text, 'vaults', p_round.mismatched)
    )::vaultbook.occurrence);
  else
    update public.alerts as a set resolved_at = now()
     where a.alert_type = 'reconcile_mismatch' and a.subject = 'system' and a.resolved_at is null;
  end if;
end
$$;
comment on function vaultbook.alert_sums(vaultbook.reconciliations) is
  'Raises reconcile_mismatch for the whole system where the sums of a round differ, and resolves it where they do not.';
alter function vaultbook.alert_sums(vaultbook.reconciliations) owner to vaultbook_ledger;
