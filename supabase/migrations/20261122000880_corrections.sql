-- Corrections: what a reconciliation puts right where the chain says otherwise and no transaction shows why. One comes through the inbox
-- like anything else; it says which balances it comes to, and gives way to whatever happened that makes it come to others.

create function vaultbook.is_correction(p_signature text) returns boolean
language plpgsql immutable parallel safe
set search_path = ''
as $$
begin
  return starts_with(p_signature, 'correction:');
end
$$;
comment on function vaultbook.is_correction(text) is
  'Whether this stands in the place of a signature for a correction. None of Solana''s has a colon in it.';
alter function vaultbook.is_correction(text) owner to vaultbook_ledger;

create function vaultbook.enter_correction(p_body bytea) returns text
language plpgsql
set search_path = ''
as $$
declare
  -- Behind everything else of its slot.
  last_place constant integer := 2147483647;
  own jsonb := convert_from(p_body, 'UTF8')::jsonb;
  digest text := encode(sha256(p_body), 'hex');
  item jsonb := jsonb_build_object(
    'position', 0,
    'signature', 'correction:' || digest,
    'slot', own -> 'slot',
    'transaction_index', last_place,
    'block_time', own -> 'written_at',
    'outcome', 'new',
    'content', jsonb_build_object('failed', false, 'events', own -> 'events'),
    'content_sha256', digest,
    'vaults', jsonb_build_array(own -> 'vault'),
    -- No fork takes it back.
    'finalized', true
  );
  became text;
begin
  select s.outcome into became from vaultbook.ingest('correction', p_body, jsonb_build_array(item), true) as s;
  return became;
end
$$;
comment on function vaultbook.enter_correction(bytea) is
  'Enters a correction, as the bytes of {"vault", "slot", "written_at", "events"}, by the one ingest. Each event says what the vault holds after '
  'it. The same bytes are the same correction. Returns its outcome: applied; parked where it does not come to those balances.';
alter function vaultbook.enter_correction(bytea) owner to vaultbook_ledger;

create view vaultbook.corrections as
select i.signature, t.vault_owner, i.slot, i.outcome, i.code, t.transaction_type, t.amount, t.status, t.note, t.created_at, t.rolled_back_at
  from vaultbook.inbox as i
  left join public.transactions as t on t.signature = i.signature
 where vaultbook.is_correction(i.signature);
comment on view vaultbook.corrections is 'The corrections with the rows that each has, or had until something took its place.';
comment on column vaultbook.corrections.signature is 'What stands for a signature: correction: and the digest of its bytes';
comment on column vaultbook.corrections.vault_owner is 'As in transactions; NULL where it has never had a row';
comment on column vaultbook.corrections.slot is 'The slot that the vault was compared at';
comment on column vaultbook.corrections.outcome is 'applied, or parked once it has given way';
comment on column vaultbook.corrections.code is 'Why it is parked';
comment on column vaultbook.corrections.transaction_type is 'As in transactions';
comment on column vaultbook.corrections.amount is 'As in transactions';
comment on column vaultbook.corrections.status is 'As in transactions';
comment on column vaultbook.corrections.note is 'Why it was written';
comment on column vaultbook.corrections.created_at is 'As in transactions';
comment on column vaultbook.corrections.rolled_back_at is 'As in transactions';
revoke all on vaultbook.corrections from public, anon, authenticated, service_role;

create function vaultbook.outdated_corrections(p_rows vaultbook.folded_row[]) returns text[]
language plpgsql stable
set search_path = ''
as $$
begin
  return array(
    -- The first one of each vault: without it the next ones may be right.
    select distinct on (f.owner) f.signature
      from unnest(p_rows) as f
      join vaultbook.inbox as i on i.signature = f.signature and i.outcome <> 'conflict'
     where vaultbook.is_correction(f.signature)
       and (f.total_after, f.locked_after) is distinct from (
             (i.content -> 'events' -> f.event_index ->> 'total_after')::numeric,
             (i.content -> 'events' -> f.event_index ->> 'locked_after')::numeric
           )
     order by f.owner, f.slot, f.transaction_index, f.signature
  );
end
$$;
comment on function vaultbook.outdated_corrections(vaultbook.folded_row[]) is
  'Of each vault the first correction among these folded rows that does not come to the balances it was written for.';
alter function vaultbook.outdated_corrections(vaultbook.folded_row[]) owner to vaultbook_ledger;

create type vaultbook.fitting as (
  folded vaultbook.folded_row[],
  withdrawn vaultbook.withdrawn_row[],
  outdated text[]
);
comment on type vaultbook.fitting is
  'Folded rows in which each correction is right; what was taken back, with the corrections among it; and the corrections left out.';

create function vaultbook.fold_fitting(p_signatures text[], p_withdrawn vaultbook.withdrawn_row[], p_locked integer[])
returns vaultbook.fitting
language plpgsql
set search_path = ''
as $$
declare
  result vaultbook.fitting := row (array[]::vaultbook.folded_row[], p_withdrawn, array[]::text[]);
  legs vaultbook.leg[];
  giving_way text[];
begin
  loop
    select array_agg(row (l.signature, l.slot, l.transaction_index, l.event_index, l.block_time, l.finalized_at, l.owner,
                          l.transaction_type, l.status, l.amount, l.counterparty, l.note)::vaultbook.leg)
      into legs
      from vaultbook.legs as l
     where l.signature = any (p_signatures) and l.signature <> all (result.outdated);
    result.folded := array(select f from vaultbook.fold(legs, result.withdrawn) as f);
    giving_way := vaultbook.outdated_corrections(result.folded);
    exit when giving_way = '{}';
    -- What happened goes before what was only concluded.
    if exists (select from unnest(result.folded) as f where f.signature = any (giving_way) and f.id is not null) then
      perform vaultbook.require_alone(p_locked);
      result.withdrawn := result.withdrawn || vaultbook.withdraw(giving_way, 'correction_outdated');
    end if;
    result.outdated := result.outdated || giving_way;
  end loop;
  return result;
end
$$;
comment on function vaultbook.fold_fitting(text[], vaultbook.withdrawn_row[], integer[]) is
  'Folds these signatures into the threads of their vaults, as fold() does, without the corrections that are outdated by it; those that are '
  'written already are taken back. Raises 40001 for that where not all is locked.';
alter function vaultbook.fold_fitting(text[], vaultbook.withdrawn_row[], integer[]) owner to vaultbook_ledger;
