-- Openers: a refused signature must not have opened a vault for others.

create function vaultbook.refuse_openers(p_openers text[], p_fallen text[]) returns void
language plpgsql
set search_path = ''
as $$
declare
  leaving text[] := array(select o.signature from unnest(p_openers) as o (signature) where o.signature = any (p_fallen));
begin
  if leaving = '{}' and p_openers <> '{}' then
    -- Of two that open vaults the earlier on the chain goes first, whichever was heard of first.
    leaving := array(
      select joining.signature::text
        from vaultbook.status_changes as joining
       where joining.signature = any (p_openers) and joining.change = 'initialise' and joining.rolled_back_at is null
         and exists (
           select from vaultbook.status_changes as standing
            where standing.signature = any (vaultbook.without(p_fallen, p_openers))
              and standing.change = 'initialise' and standing.rolled_back_at is null
              and (standing.slot, standing.transaction_index) < all (
                    select first.slot, first.transaction_index from vaultbook.status_changes as first
                     where first.signature = any (p_openers) and first.change = 'initialise' and first.rolled_back_at is null
                  )
         )
       order by joining.slot desc, joining.transaction_index desc, joining.signature desc
       limit 1
    );
  end if;
  if leaving <> '{}' then
    raise exception 'What opens a vault cannot stand' using errcode = 'VB201', detail = (
      select jsonb_agg(jsonb_build_object(
               'signature', i.signature,
               'outcome', case i.outcome when 'quarantined' then 'quarantined' else 'parked' end,
               'code', coalesce(i.code, 'vault_unknown'),
               'reason', coalesce(i.reason, 'Another that opens a vault goes before it'),
               'waits_until_slot', i.waits_until_slot
             ))
        from vaultbook.inbox as i
       where i.signature = any (leaving) and i.outcome <> 'conflict'
    );
  end if;
end
$$;
comment on function vaultbook.refuse_openers(text[], text[]) is
  'Raises VB201 where one of those that open a vault is among the fallen, or is the reason why an earlier one that opened a vault fell: '
  'the detail is a JSON array of vaultbook.refusal.';
alter function vaultbook.refuse_openers(text[], text[]) owner to vaultbook_ledger;

create function vaultbook.apply_possible(
  p_signatures text[], p_taken_back text[], p_withdrawn vaultbook.withdrawn_row[], p_locked integer[]
) returns text[]
language plpgsql
set search_path = ''
as $$
declare
  candidates text[] := p_signatures;
  applied text[];
  detail text;
  refused vaultbook.refusal[];
  refusals vaultbook.refusal[] := array[]::vaultbook.refusal[];
begin
  loop
    begin
      applied := vaultbook.apply_together(candidates, p_taken_back, p_withdrawn, p_locked);
      exit;
    exception when sqlstate 'VB201' then
      get stacked diagnostics detail = pg_exception_detail; -- All else of this round is undone.
    end;
    refused := array(select r from jsonb_populate_recordset(null::vaultbook.refusal, detail::jsonb) as r);
    refusals := refusals || refused;
    candidates := vaultbook.without(candidates, array(select r.signature from unnest(refused) as r));
  end loop;
  if refusals <> '{}' then
    update vaultbook.inbox as i
       set outcome = r.outcome, code = r.code, reason = r.reason, waits_until_slot = r.waits_until_slot, decided_at = clock_timestamp()
      from unnest(refusals) as r
     where i.signature = r.signature and i.outcome <> 'conflict';
  end if;
  return applied;
end
$$;
comment on function vaultbook.apply_possible(text[], text[], vaultbook.withdrawn_row[], integer[]) is
  'As apply_together(), without those that would open a vault and cannot stand: they leave no trace.';
alter function vaultbook.apply_possible(text[], text[], vaultbook.withdrawn_row[], integer[]) owner to vaultbook_ledger;
