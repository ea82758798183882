-- Wanted: vaults whose own history has to be looked through, for something is missing there that the program's did not show.

create table vaultbook.wanted_vaults (
  address varchar(64) collate "C" not null,
  reason text not null,
  wanted_at timestamptz not null default clock_timestamp(),
  constraint wanted_vaults_pkey primary key (address),
  constraint wanted_vaults_address_is_a_public_key check (length(address) between 32 and 44 and address !~ '[^1-9A-HJ-NP-Za-km-z]')
);
comment on table vaultbook.wanted_vaults is 'Vaults that the next sweep looks through from their first transaction on. A row goes when that is done.';
comment on column vaultbook.wanted_vaults.address is 'Address of the vault, or of its token account';
comment on column vaultbook.wanted_vaults.reason is 'Why, for a person';
comment on column vaultbook.wanted_vaults.wanted_at is 'When it was first wanted';
alter table vaultbook.wanted_vaults enable row level security;
revoke all on vaultbook.wanted_vaults from public, anon, authenticated, service_role;

create function vaultbook.want_vault(p_address text, p_reason text) returns void
language sql
security definer
set search_path = ''
as $$
  insert into vaultbook.wanted_vaults (address, reason) values (p_address, p_reason) on conflict on constraint wanted_vaults_pkey do nothing
$$;
comment on function vaultbook.want_vault(text, text) is
  'Has the next sweep look through the whole history of a vault or a token account. Repeating it is harmless.';
alter function vaultbook.want_vault(text, text) owner to vaultbook_ledger;

create function vaultbook.vault_is_swept(p_address text) returns void
language sql
security definer
set search_path = ''
as $$
  delete from vaultbook.wanted_vaults as w where w.address = p_address
$$;
comment on function vaultbook.vault_is_swept(text) is 'Says that every node has shown the whole history of a wanted vault.';
alter function vaultbook.vault_is_swept(text) owner to vaultbook_ledger;

create function vaultbook.want_unknown_vaults() returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  ten_minutes constant bigint := bigint '1500';
begin
  insert into vaultbook.wanted_vaults (address, reason)
  select distinct a.address, 'Something waits for it, and nobody is known to have initialised it'
    from vaultbook.inbox as i
   cross join lateral unnest(i.vaults) as a (address)
   where i.outcome = 'parked' and i.code = 'vault_unknown' and i.finalized_at is not null
     and not exists (select from vaultbook.openings as o where o.vault_address = a.address)
     and not exists (
       select from vaultbook.watermarks as w
        where w.address = a.address and w.slot >= i.slot and w.slot > (select max(m.slot) - ten_minutes from vaultbook.watermarks as m)
     )
  on conflict on constraint wanted_vaults_pkey do nothing;
end
$$;
comment on function vaultbook.want_unknown_vaults() is
  'Wants the vaults that finalized transactions wait for and nobody is known to have initialised, but those whose history was seen up to '
  'there in the last ten minutes.';
alter function vaultbook.want_unknown_vaults() owner to vaultbook_ledger;
