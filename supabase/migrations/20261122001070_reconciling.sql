-- Reconciling: rounds over every vault, what they have still to look into, and up to where a vault was seen to be right.

create table vaultbook.reconciliations (
  id bigint generated always as identity,
  owners text[] collate "C",
  after_owner text collate "C" not null default '',
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  is_complete boolean not null default false,
  matched integer not null default 0,
  fixed integer not null default 0,
  mismatched integer not null default 0,
  behind integer not null default 0,
  expected_sum numeric not null default 0,
  actual_sum numeric not null default 0,
  lowest_slot bigint,
  highest_slot bigint,
  constraint reconciliations_pkey primary key (id),
  constraint reconciliations_are_complete_at_their_end check (finished_at is not null or not is_complete)
);
create unique index reconciliations_go_on_one_at_a_time on vaultbook.reconciliations ((owners is null)) where finished_at is null;
comment on index vaultbook.reconciliations_go_on_one_at_a_time is 'The next run goes on with the round that the last one left.';
comment on table vaultbook.reconciliations is
  'Rounds of reconciliation: each compares every vault once with the chain, over as many runs as that takes.';
comment on column vaultbook.reconciliations.id is 'Order';
comment on column vaultbook.reconciliations.owners is 'Only these vaults; NULL: all';
comment on column vaultbook.reconciliations.after_owner is 'It has looked at all vaults up to this owner, in the order of their letters';
comment on column vaultbook.reconciliations.started_at is 'When it began';
comment on column vaultbook.reconciliations.finished_at is 'When it ended; NULL while the next run has to go on';
comment on column vaultbook.reconciliations.is_complete is 'It looked at all of its vaults';
comment on column vaultbook.reconciliations.matched is 'Vaults that were as the chain says';
comment on column vaultbook.reconciliations.fixed is 'Vaults that were so once what was missing had been found';
comment on column vaultbook.reconciliations.mismatched is 'Vaults that were not';
comment on column vaultbook.reconciliations.behind is 'Vaults of which it could not be said';
comment on column vaultbook.reconciliations.expected_sum is 'Total of the vaults compared, in the database';
comment on column vaultbook.reconciliations.actual_sum is 'The same on the chain';
comment on column vaultbook.reconciliations.lowest_slot is 'The oldest slot that something was compared at';
comment on column vaultbook.reconciliations.highest_slot is 'The newest one';

create table vaultbook.suspects (
  reconciliation_id bigint not null,
  owner varchar(64) collate "C" not null,
  slot bigint not null,
  expected bigint not null,
  actual bigint not null,
  reason text not null,
  repair text,
  brought integer not null default 0,
  verdict text,
  constraint suspects_pkey primary key (reconciliation_id, owner),
  constraint suspects_belong_to_a_round foreign key (reconciliation_id) references vaultbook.reconciliations (id) on delete cascade,
  constraint suspects_are_vaults foreign key (owner) references public.vaults (owner) on delete restrict,
  constraint suspects_repair_is_known check (repair in ('begun', 'complete', 'doubtful', 'incomplete')),
  constraint suspects_that_stay_are_behind check (verdict = 'behind')
);
create index suspects_owner_idx on vaultbook.suspects (owner);
comment on index vaultbook.suspects_owner_idx is 'What is open about a vault.';
comment on table vaultbook.suspects is
  'Vaults that a round saw otherwise than the chain and has still to look into, and those of which it could not be said in the end.';
comment on column vaultbook.suspects.reconciliation_id is 'The round';
comment on column vaultbook.suspects.owner is 'The vault';
comment on column vaultbook.suspects.slot is 'The slot that it was first compared at';
comment on column vaultbook.suspects.expected is 'Its total in the database then';
comment on column vaultbook.suspects.actual is 'Its total on the chain then';
comment on column vaultbook.suspects.reason is 'What differs, or why nothing can be said';
comment on column vaultbook.suspects.repair is
  'begun: its missing transactions are being looked for; complete: its whole history since it was right was read; doubtful: the '
  'same, but something of it is in quarantine, or a node does not list what is known; incomplete: no node showed '
  'it; NULL: not yet';
comment on column vaultbook.suspects.brought is 'Transactions that this brought';
comment on column vaultbook.suspects.verdict is 'behind: it cannot be said; NULL: to be looked into';

create table vaultbook.reconciled_vaults (
  owner varchar(64) collate "C" not null,
  slot bigint not null,
  reconciled_at timestamptz not null default clock_timestamp(),
  constraint reconciled_vaults_pkey primary key (owner),
  constraint reconciled_vaults_are_vaults foreign key (owner) references public.vaults (owner) on delete restrict
)
with (fillfactor = 75);
comment on table vaultbook.reconciled_vaults is 'Up to which slot each vault was last seen to be as the chain says.';
comment on column vaultbook.reconciled_vaults.owner is 'The vault';
comment on column vaultbook.reconciled_vaults.slot is 'In this slot it was right';
comment on column vaultbook.reconciled_vaults.reconciled_at is 'When that was seen';

create table vaultbook.behind_vaults (
  owner varchar(64) collate "C" not null,
  reason text not null,
  rounds integer not null default 1,
  since timestamptz not null default clock_timestamp(),
  constraint behind_vaults_pkey primary key (owner),
  constraint behind_vaults_are_vaults foreign key (owner) references public.vaults (owner) on delete restrict
);
comment on table vaultbook.behind_vaults is
  'Vaults of which nothing could be said when they were last looked into. A row goes as soon as something can.';
comment on column vaultbook.behind_vaults.owner is 'The vault';
comment on column vaultbook.behind_vaults.reason is 'Why nothing can be said, or what differs';
comment on column vaultbook.behind_vaults.rounds is 'For how many rounds in a row';
comment on column vaultbook.behind_vaults.since is 'When the first of them looked';

alter table vaultbook.reconciliations enable row level security;
alter table vaultbook.behind_vaults enable row level security;
alter table vaultbook.suspects enable row level security;
alter table vaultbook.reconciled_vaults enable row level security;
revoke all on vaultbook.reconciliations, vaultbook.suspects, vaultbook.reconciled_vaults, vaultbook.behind_vaults from public, anon, authenticated, service_role;

create function vaultbook.begin_reconciliation(p_owners text[]) returns vaultbook.reconciliations
language plpgsql
security definer
set search_path = ''
as $$
declare
  own vaultbook.reconciliations;
begin
  -- Jobs run one at a time: what is still open of a round over some vaults was left by a run that is dead.
  update vaultbook.reconciliations as r set finished_at = clock_timestamp() where r.finished_at is null and r.owners is not null;
  if p_owners is null then
    select r.* into own from vaultbook.reconciliations as r where r.finished_at is null;
    if own.id is not null then
      return own;
    end if;
    delete from vaultbook.suspects as s
     using vaultbook.reconciliations as r
     where r.id = s.reconciliation_id and r.finished_at is not null;
  end if;
  insert into vaultbook.reconciliations (owners) values (p_owners) returning * into own;
  return own;
end
$$;
comment on function vaultbook.begin_reconciliation(text[]) is
  'Goes on with the round over all vaults, or begins one; with p_owners begins one over these vaults only.';
alter function vaultbook.begin_reconciliation(text[]) owner to vaultbook_ledger;

create function vaultbook.next_vaults(p_reconciliation bigint, p_limit integer)
returns table (owner text, vault_address text, token_account text)
language plpgsql stable
security definer
set search_path = ''
as $$
begin
  return query
    select v.owner::text, v.vault_address::text, v.token_account::text
      from vaultbook.reconciliations as r
      join public.vaults as v on v.owner > r.after_owner and (r.owners is null or v.owner = any (r.owners))
     where r.id = p_reconciliation and r.finished_at is null
     order by v.owner
     limit p_limit;
end
$$;
comment on function vaultbook.next_vaults(bigint, integer) is 'The next vaults that a round has to look at, by owner.';
alter function vaultbook.next_vaults(bigint, integer) owner to vaultbook_ledger;

create function vaultbook.next_suspects(p_reconciliation bigint, p_limit integer)
returns table (owner text, vault_address text, token_account text, since_slot bigint)
language plpgsql stable
security definer
set search_path = ''
as $$
begin
  return query
    select s.owner::text, v.vault_address::text, v.token_account::text, right_at.slot
      from vaultbook.suspects as s
      join public.vaults as v on v.owner = s.owner
      left join vaultbook.reconciled_vaults as right_at on right_at.owner = s.owner
     where s.reconciliation_id = p_reconciliation and s.verdict is null
     order by s.owner
     limit p_limit;
end
$$;
comment on function vaultbook.next_suspects(bigint, integer) is
  'The next vaults that a round has to look into, with the slot that each was last right in; by owner.';
alter function vaultbook.next_suspects(bigint, integer) owner to vaultbook_ledger;

create function vaultbook.note_repair(p_reconciliation bigint, p_owner text, p_repair text, p_brought integer) returns void
language sql
security definer
set search_path = ''
as $$
  update vaultbook.suspects as s set repair = p_repair, brought = s.brought + p_brought
   where s.reconciliation_id = p_reconciliation and s.owner = p_owner
$$;
comment on function vaultbook.note_repair(bigint, text, text, integer) is
  'Notes how far the search for a vault''s missing transactions has come, and how many more it has brought.';
alter function vaultbook.note_repair(bigint, text, text, integer) owner to vaultbook_ledger;

create function vaultbook.unread_of(p_owner text, p_since_slot bigint, p_tip_slot bigint, p_listed jsonb)
returns table (signature text, slot bigint, source integer, transaction_index integer)
language plpgsql stable
security definer
set search_path = ''
as $$
begin
  return query
    with asked as (
      select l.signature, l.slot, l.source, l.transaction_index, 1 as preference
        from jsonb_to_recordset(p_listed) as l (signature text, slot bigint, source integer, transaction_index integer)
      union all
      -- What the book says of this vault and the chain, perhaps, of another one.
      select t.signature::text, t.slot, 1, t.transaction_index, 2
        from public.transactions as t
       where t.vault_owner = p_owner and t.rolled_back_at is null and t.slot > coalesce(p_since_slot, -1) and t.slot <= p_tip_slot
      union all
      select c.signature::text, c.slot, 1, c.transaction_index, 2
        from public.vaults as v
        join vaultbook.status_changes as c on c.vault_address = v.vault_address and c.rolled_back_at is null
       where v.owner = p_owner and c.slot > coalesce(p_since_slot, -1) and c.slot <= p_tip_slot
    )
    select distinct on (a.signature) a.signature, a.slot, a.source, a.transaction_index
      from asked as a
     where a.slot > coalesce(p_since_slot, -1)
       and not exists (
         select from vaultbook.inbox as i
          where i.signature = a.signature and i.outcome <> 'conflict' and i.proven_at is not null
       )
     order by a.signature, a.preference;
end
$$;
comment on function vaultbook.unread_of(text, bigint, bigint, jsonb) is
  'Of the transactions that the chain lists for a vault, a JSON array of {"signature", "slot", "source", "transaction_index"}, and of those that '
  'the book has for it: the ones after p_since_slot whose content nobody has read at finalized commitment.';
alter function vaultbook.unread_of(text, bigint, bigint, jsonb) owner to vaultbook_ledger;
