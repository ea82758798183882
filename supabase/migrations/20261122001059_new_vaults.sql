-- New vaults: where the program's own history is too long to be seen in time, the vaults are looked through one by one, and those that
-- nobody heard of are found by their accounts.

create function vaultbook.want_new_vaults(p_addresses jsonb, p_source integer, p_slot bigint) returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  ten_minutes constant bigint := bigint '1500';
  wanted integer;
begin
  insert into vaultbook.wanted_vaults (address, reason)
  select a.address, 'The chain has it, and nobody is known to have initialised it'
    from jsonb_array_elements_text(p_addresses) as a (address)
   where not exists (select from vaultbook.openings as o where o.vault_address = a.address)
     -- What its history does not tell now it does not tell at the next look.
     and not exists (
       select from vaultbook.watermarks as w where w.address = a.address and w.source = p_source and w.slot > p_slot - ten_minutes
     )
  on conflict on constraint wanted_vaults_pkey do nothing;
  get diagnostics wanted = row_count;
  return wanted;
end
$$;
comment on function vaultbook.want_new_vaults(jsonb, integer, bigint) is
  'Wants those of these vaults, a JSON array of addresses that a node showed at a slot, that nobody is known to have initialised; but not '
  'those whose history it has shown in the last ten minutes. Returns how many are new.';
alter function vaultbook.want_new_vaults(jsonb, integer, bigint) owner to vaultbook_ledger;
