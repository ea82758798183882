-- Authorities: the keys that may lock, unlock and transfer collateral. What another key signed is told of at once.

create table vaultbook.authority_lists (
  source varchar(20) not null,
  authorities text[] not null,
  slot bigint,
  listed_at timestamptz not null default clock_timestamp(),
  constraint authority_lists_pkey primary key (source),
  constraint authority_lists_source_is_known check (source in ('configured', 'learnt')),
  constraint authority_lists_are_learnt_at_a_slot check ((source = 'learnt') = (slot is not null))
);
comment on table vaultbook.authority_lists is
  'Who may lock, unlock and transfer: as configured, which goes first, and as learnt from the program''s authority account.';
comment on column vaultbook.authority_lists.source is 'configured or learnt';
comment on column vaultbook.authority_lists.authorities is 'The keys; none may be on it: then nobody may';
comment on column vaultbook.authority_lists.slot is 'Finalized slot at which it was learnt';
comment on column vaultbook.authority_lists.listed_at is 'When it was last said';
alter table vaultbook.authority_lists enable row level security;
revoke all on vaultbook.authority_lists from public, anon, authenticated, service_role;
grant select on vaultbook.authority_lists to vaultbook_ledger, service_role;
create policy "The ledger knows the authorities" on vaultbook.authority_lists for select to vaultbook_ledger using (true);

create function vaultbook.listed_authorities() returns text[]
language plpgsql stable
set search_path = ''
as $$
begin
  return (select l.authorities from vaultbook.authority_lists as l order by l.source = 'configured' desc limit 1);
end
$$;
comment on function vaultbook.listed_authorities() is 'The keys that may lock, unlock and transfer; NULL while nothing is known.';
alter function vaultbook.listed_authorities() owner to vaultbook_ledger;

create function vaultbook.unlisted_authorities_of(p_settled text[]) returns setof vaultbook.occurrence
language plpgsql stable
set search_path = ''
as $$
declare
  listed constant text[] := vaultbook.listed_authorities();
begin
  -- Where nothing is known nothing is judged.
  if listed is null then
    return;
  end if;
  return query
    -- No vault of its own: one key may have moved many owners' collateral, and what it did to one is not the other's to see.
    select 'unknown_authority', e.authority, null::text,
           format('%s of %s in vault of %s was signed by %s, which is not on the list of authorities',
                  initcap(e.kind), vaultbook.usdt(e.amount), e.owner, e.authority),
           jsonb_build_object('authority', e.authority, 'signature', e.signature, 'event_index', e.event_index, 'slot', e.slot,
                              'transaction_type', e.kind, 'amount', e.amount::text, 'vault_address', e.vault, 'vault_owner', e.owner,
                              'counterparty', e.to_owner)
      from vaultbook.events as e
     where e.signature = any (p_settled) and e.kind in ('lock', 'unlock', 'transfer') and e.authority is not null
       -- What the program refused moved nothing: anybody can sign that.
       and not e.failed and e.authority <> all (listed)
     order by e.slot, e.transaction_index, e.event_index;
end
$$;
comment on function vaultbook.unlisted_authorities_of(text[]) is
  'What keys that are not on the list signed among these settled signatures, in chain order; the rows themselves are kept as they are.';
alter function vaultbook.unlisted_authorities_of(text[]) owner to vaultbook_ledger;

create function vaultbook.list_authorities(p_source text, p_authorities text[], p_slot bigint default null) returns bigint
language plpgsql
security definer
set search_path = ''
as $$
declare
  resolved bigint;
begin
  if p_source = 'configured' and p_authorities = '{}' then
    delete from vaultbook.authority_lists as l where l.source = p_source;
  else
    insert into vaultbook.authority_lists as l (source, authorities, slot) values (p_source, p_authorities, p_slot)
    on conflict on constraint authority_lists_pkey do update
       set authorities = excluded.authorities, slot = excluded.slot, listed_at = excluded.listed_at
     where l.slot is null or excluded.slot >= l.slot;
  end if;
  -- One that signed before its key was heard of.
  update public.alerts as a
     set resolved_at = now()
   where a.alert_type = 'unknown_authority' and a.resolved_at is null and a.subject = any (vaultbook.listed_authorities());
  get diagnostics resolved = row_count;
  return resolved;
end
$$;
comment on function vaultbook.list_authorities(text, text[], bigint) is
  'Takes the whole list of authorities of a source: configured, where none means that it is learnt; learnt, as of a slot, never back to an '
  'earlier one. Resolves unknown_authority for keys that are listed now. Returns how many.';
grant execute on function vaultbook.list_authorities(text, text[], bigint) to service_role;
