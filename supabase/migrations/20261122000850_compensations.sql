-- Compensations: what the chain took back is taken back on record. No row is ever removed.

create table vaultbook.compensations (
  transaction_id uuid not null,
  reason text not null,
  status varchar(20) not null,
  balance_before bigint not null,
  balance_after bigint not null,
  total_after bigint not null,
  locked_after bigint not null,
  compensated_at timestamptz not null default clock_timestamp(),
  compensated_in xid8 not null default pg_current_xact_id(),
  constraint compensations_pkey primary key (transaction_id),
  constraint compensations_take_back_a_transaction foreign key (transaction_id) references public.transactions (id) on delete restrict,
  constraint compensations_reason_is_known check (reason in ('landing_lost', 'landed_elsewhere', 'depended_on_it', 'vault_of_another_owner', 'overruled',
                                                           'correction_outdated'))
);
create index compensations_compensated_in_idx on vaultbook.compensations (compensated_in);
comment on index vaultbook.compensations_compensated_in_idx is 'What one transaction took back.';
comment on table vaultbook.compensations is
  'One entry per row of the ledger whose effect was taken back, with what the row said until then.';
comment on column vaultbook.compensations.transaction_id is 'The row; it is failed from here on, and has no effect';
comment on column vaultbook.compensations.reason is
  'landing_lost: a fork dropped it; landed_elsewhere: it is in another slot now; depended_on_it: impossible without another one that was taken '
  'back; vault_of_another_owner: the vault turned out to belong to somebody else then; overruled: the chain finalized another content; '
  'correction_outdated: what it was to put right turned out otherwise';
comment on column vaultbook.compensations.status is 'Status of the row until then: confirmed or failed';
comment on column vaultbook.compensations.balance_before is 'As the row said it';
comment on column vaultbook.compensations.balance_after is 'As the row said it: the effect was the difference';
comment on column vaultbook.compensations.total_after is 'As the row said it';
comment on column vaultbook.compensations.locked_after is 'As the row said it';
comment on column vaultbook.compensations.compensated_at is 'When it was taken back';
comment on column vaultbook.compensations.compensated_in is 'The PostgreSQL transaction that did it: no clock tells that surely';
alter table vaultbook.compensations enable row level security;
revoke all on vaultbook.compensations from public, anon, authenticated, service_role;
create trigger compensations_append_only before insert or update or delete or truncate on vaultbook.compensations
  for each statement execute function vaultbook.tg_append_only();
alter table vaultbook.compensations enable always trigger compensations_append_only;
comment on trigger compensations_append_only on vaultbook.compensations is 'Written by the ledger''s own functions only.';

create function vaultbook.withdraw(p_signatures text[], p_reason text) returns vaultbook.withdrawn_row[]
language sql
set search_path = ''
as $$
  with live as (
    select t.* from public.transactions as t
     where t.signature = any (p_signatures) and t.slot is not null and t.rolled_back_at is null
  ), recorded as (
    insert into vaultbook.compensations (
      transaction_id, reason, status, balance_before, balance_after, total_after, locked_after, compensated_at
    )
    select l.id, p_reason, l.status, l.balance_before, l.balance_after, l.total_after, l.locked_after, vaultbook.moment() from live as l
  ), marked as (
    update public.transactions as t
       set status = 'failed', balance_after = t.balance_before, confirmed_at = null, finalized_at = null,
           rolled_back_at = vaultbook.moment(), updated_at = now()
      from live as l
     where t.id = l.id
  ), unsaid as (
    update vaultbook.status_changes as c
       set rolled_back_at = vaultbook.moment(), rolled_back_in = pg_current_xact_id()
     where c.signature = any (p_signatures) and c.rolled_back_at is null
  )
  select coalesce(
           array_agg(row (l.signature, l.slot, l.transaction_index, l.vault_owner, l.transaction_type, l.amount, l.status = 'confirmed')
                     ::vaultbook.withdrawn_row),
           '{}'
         )
    from live as l
$$;
comment on function vaultbook.withdraw(text[], text) is
  'Takes these signatures out of the ledger: their rows fail with a compensation on record, what they said of a vault''s status is unsaid. '
  'Returns the rows, whose effect the later rows and the vaults still hold until fold() and post() are given them. What becomes of the '
  'signatures themselves is for the caller to say.';
alter function vaultbook.withdraw(text[], text) owner to vaultbook_ledger;
