-- Correcting: where two nodes and the whole history agree that a vault is otherwise, and no transaction shows why, a small difference is put
-- right on record. What a single deposit, withdrawal, lock or unlock of each kind cannot bring about stays for a person.

create function vaultbook.is_understood(p_owner text, p_since_slot bigint, p_slot bigint, p_nodes integer, p_listed jsonb) returns boolean
language sql stable
security definer
set search_path = ''
as $$
  with listed as materialized (
    select l.signature, l.source from jsonb_to_recordset(p_listed) as l (signature text, source integer)
  )
  select not exists (
           select from listed as l
            where not exists (
              select from vaultbook.inbox as i
               where i.signature = l.signature and i.outcome in ('applied', 'failed', 'ignored', 'parked')
            )
         )
     and not exists (
           select from generate_series(1, p_nodes) as node (source)
            cross join lateral (
              select t.signature from public.transactions as t
               where t.vault_owner = p_owner and t.rolled_back_at is null and t.slot > p_since_slot and t.slot <= p_slot
                 and not vaultbook.is_correction(t.signature)
              union all
              -- What was there before is met again.
              (
                select t.signature from public.transactions as t
                 where t.vault_owner = p_owner and t.rolled_back_at is null and t.slot <= p_slot and not vaultbook.is_correction(t.signature)
                 order by t.slot desc
                 limit 1
              )
            ) as known
            where not exists (select from listed as l where l.signature = known.signature and l.source = node.source)
         )
$$;
comment on function vaultbook.is_understood(text, bigint, bigint, integer, jsonb) is
  'Takes what each of the nodes lists for a vault, a JSON array of {"signature", "source"}. Whether the inbox has all of it and none in quarantine, '
  'and each node lists what the book has: all after p_since_slot and up to p_slot, and the newest in any case.';
alter function vaultbook.is_understood(text, bigint, bigint, integer, jsonb) owner to vaultbook_ledger;

create function vaultbook.correction_for(p_wrong vaultbook.comparison, p_bound bigint) returns bytea
language plpgsql stable
set search_path = ''
as $$
declare
  deposited numeric := coalesce(p_wrong.deposited_off, greatest(p_wrong.total_off + coalesce(p_wrong.withdrawn_off, 0), 0));
  withdrawn numeric := coalesce(p_wrong.withdrawn_off, deposited - p_wrong.total_off);
  locked numeric := coalesce(p_wrong.locked_off, 0);
  held record;
  events jsonb;
begin
  -- What neither came in nor went out by the vault's own count was a transfer, and that has another end.
  if least(deposited, withdrawn) < 0 or deposited - withdrawn <> p_wrong.total_off
     or deposited + withdrawn + abs(locked) not between 1 and p_bound then
    return null;
  end if;
  select v.vault_address, coalesce(t.total_after, 0) as total, coalesce(t.locked_after, 0) as locked into held
    from public.vaults as v
    left join lateral (
      select own.total_after, own.locked_after from public.transactions as own
       where own.vault_owner = v.owner and own.rolled_back_at is null and own.slot <= p_wrong.slot
       order by own.slot desc, own.transaction_index desc, own.signature desc, own.event_index desc, own.transaction_type = 'transfer_in' desc
       limit 1
    ) as t on true
   where v.owner = p_wrong.owner;
  select jsonb_agg(
           jsonb_build_object(
             'ordinal', e.ordinal, 'kind', e.kind, 'owner', p_wrong.owner, 'vault', held.vault_address, 'amount', e.amount::text,
             'total_after', e.total::text, 'locked_after', e.locked::text, 'available_after', (e.total - e.locked)::text,
             'reason', format('Correction: at slot %s the chain says that %s; no transaction shows why', p_wrong.slot, p_wrong.reason)
           )
           order by e.ordinal
         )
    into events
    from (
      select row_number() over chain - 1 as ordinal, m.kind, m.amount,
             held.total + sum(m.on_total) over chain as total, held.locked + sum(m.on_locked) over chain as locked
        from (
          -- What makes room goes first.
          values (1, 'deposit', deposited, deposited, 0), (2, 'unlock', - locked, 0, locked),
                 (3, 'withdrawal', withdrawn, - withdrawn, 0), (4, 'lock', locked, 0, locked)
        ) as m (place, kind, amount, on_total, on_locked)
       where m.amount > 0
      window chain as (order by m.place)
    ) as e;
  return convert_to(
    jsonb_build_object(
      'vault', held.vault_address, 'slot', p_wrong.slot, 'written_at', extract(epoch from now())::bigint, 'events', events
    )::text,
    'UTF8'
  );
end
$$;
comment on function vaultbook.correction_for(vaultbook.comparison, bigint) is
  'The bytes of the correction that gives the vault the balances and sums that the chain has at this slot; NULL where a deposit, a withdrawal '
  'and a lock or unlock cannot, or would move more than p_bound together. Base units.';
alter function vaultbook.correction_for(vaultbook.comparison, bigint) owner to vaultbook_ledger;

create function vaultbook.correct_vault(p_wrong vaultbook.comparison, p_observations jsonb, p_bound bigint) returns text
language plpgsql
set search_path = ''
as $$
declare
  body bytea := vaultbook.correction_for(p_wrong, p_bound);
  became text;
begin
  if body is null then
    return null;
  end if;
  became := vaultbook.enter_correction(body);
  -- In a statement of its own, which sees what the one before has done.
  if became <> 'applied' or exists (
    select from jsonb_array_elements(p_observations) as o (item)
     cross join lateral vaultbook.compare_vaults(
             (o.item ->> 'slot')::bigint,
             array(
               select r from jsonb_populate_recordset(null::vaultbook.vault_reading, o.item -> 'readings') as r where r.owner = p_wrong.owner
             )
           ) as c
     where c.verdict <> 'match'
  ) then
    raise exception 'It did not make the vault what the chain says' using errcode = 'VB301';
  end if;
  return 'correction:' || encode(sha256(body), 'hex');
exception when sqlstate 'VB301' then
  return null; -- All of it is undone.
end
$$;
comment on function vaultbook.correct_vault(vaultbook.comparison, jsonb, bigint) is
  'Writes a correction of this vault and compares it again with what every node showed; undoes it unless all of that matches. Returns what '
  'stands for its signature; NULL where none was written.';
alter function vaultbook.correct_vault(vaultbook.comparison, jsonb, bigint) owner to vaultbook_ledger;

create function vaultbook.correct_vaults(
  p_reconciliation bigint, p_verdicts vaultbook.verdict[], p_observations jsonb, p_nodes integer
) returns vaultbook.comparison[]
language plpgsql
set search_path = ''
as $$
declare
  bound bigint := (select r.threshold from public.alert_rules as r where r.alert_type = 'reconcile_mismatch');
  corrected vaultbook.comparison[] := array[]::vaultbook.comparison[];
  wrong vaultbook.comparison;
  signature text;
begin
  if p_nodes < 2 or coalesce(bound, 0) = 0 then
    return corrected;
  end if;
  for wrong in
    select (v.latest).* from unnest(p_verdicts) as v
      join vaultbook.suspects as s on s.reconciliation_id = p_reconciliation and s.owner = v.owner
     -- All of its history was read and understood.
     where v.verdict = 'mismatch' and s.repair = 'complete'
       -- To the last figure, those among them that the book has too.
       and 1 = (
         select count(distinct r.reading)
           from jsonb_array_elements(p_observations) as o (item) cross join lateral jsonb_array_elements(o.item -> 'readings') as r (reading)
          where r.reading ->> 'owner' = v.owner
       )
     order by v.owner
  loop
    wrong.slot := (select min((o.item ->> 'slot')::bigint) from jsonb_array_elements(p_observations) as o (item));
    signature := vaultbook.correct_vault(wrong, p_observations, bound);
    if signature is not null then
      wrong.reason := format('%s; no transaction shows why, corrected by %s', wrong.reason, signature);
      corrected := corrected || wrong;
    end if;
  end loop;
  return corrected;
end
$$;
comment on function vaultbook.correct_vaults(bigint, vaultbook.verdict[], jsonb, integer) is
  'Corrects those of the mismatches that two nodes show alike to the last figure, and whose whole history was read and understood, up to the '
  'threshold of the rule reconcile_mismatch. Returns them as they were, with the reason.';
alter function vaultbook.correct_vaults(bigint, vaultbook.verdict[], jsonb, integer) owner to vaultbook_ledger;
