-- Events: what the inbox tells, each with the owners that its vaults had at its place on the chain.

create view vaultbook.openings as
select c.vault_address, c.slot, c.transaction_index, c.signature, c.event_index, c.owner
  from vaultbook.status_changes as c
 where c.change = 'initialise' and c.rolled_back_at is null;
comment on view vaultbook.openings is 'Who owns an address from which place of the chain on.';
comment on column vaultbook.openings.vault_address is 'Address of the vault';
comment on column vaultbook.openings.slot is 'Slot of the block';
comment on column vaultbook.openings.transaction_index is 'Place in its block, from 0';
comment on column vaultbook.openings.signature is 'The Solana transaction that opened it';
comment on column vaultbook.openings.event_index is 'Place of the event in its transaction, from 0';
comment on column vaultbook.openings.owner is 'Owner from there on';

create view vaultbook.events as
select i.signature, i.slot, i.transaction_index, e.ordinal as event_index, i.block_time, i.finalized_at,
       (i.content -> 'failed')::boolean as failed,
       e.kind, e.owner as named_owner, e.vault,
       -- Look-ups an event, however many the planner expects: it cannot know how many events a content holds.
       coalesce(
         (select o.owner from vaultbook.openings as o
           where o.vault_address = e.vault
             and (o.slot, o.transaction_index, o.signature, o.event_index) <= (i.slot, i.transaction_index, i.signature, e.ordinal)
           order by o.slot desc, o.transaction_index desc, o.signature desc, o.event_index desc
           limit 1),
         (select o.owner from vaultbook.openings as o
           where o.vault_address = e.vault
           order by o.slot, o.transaction_index, o.signature, o.event_index
           limit 1)
       ) as owner,
       e.to_vault,
       coalesce(
         (select o.owner from vaultbook.openings as o
           where o.vault_address = e.to_vault
             and (o.slot, o.transaction_index, o.signature, o.event_index) <= (i.slot, i.transaction_index, i.signature, e.ordinal)
           order by o.slot desc, o.transaction_index desc, o.signature desc, o.event_index desc
           limit 1),
         (select o.owner from vaultbook.openings as o
           where o.vault_address = e.to_vault
           order by o.slot, o.transaction_index, o.signature, o.event_index
           limit 1)
       ) as to_owner,
       e.token_account, e.amount, e.total_after, e.locked_after, e.available_after, e.reason, e.authority, e.paused, e.at
  from vaultbook.inbox as i
 cross join lateral jsonb_to_recordset(i.content -> 'events') as e (
         ordinal integer, kind text, owner text, vault text, to_vault text, token_account text, amount bigint,
         total_after bigint, locked_after bigint, available_after bigint, reason text, authority text, paused boolean, at bigint
       )
 where i.outcome <> 'conflict';
comment on view vaultbook.events is
  'The events of the inbox with the owners of their vaults: whoever had last initialised the address at that place of the chain, or first '
  'did so later; null where nobody did.';
comment on column vaultbook.events.signature is 'The Solana transaction';
comment on column vaultbook.events.slot is 'Slot of its block';
comment on column vaultbook.events.transaction_index is 'Place in its block, from 0';
comment on column vaultbook.events.event_index is 'Place of the event in its transaction, from 0';
comment on column vaultbook.events.block_time is 'Time of its block';
comment on column vaultbook.events.finalized_at is 'When it was seen finalized there';
comment on column vaultbook.events.failed is 'The Solana transaction failed: nothing moves';
comment on column vaultbook.events.kind is 'initialise, deposit, withdrawal, lock, unlock, transfer, pause or close';
comment on column vaultbook.events.named_owner is 'The owner that the event itself names; transfers name none';
comment on column vaultbook.events.vault is 'Address of the vault, of a transfer''s source; null for a pause of the whole protocol';
comment on column vaultbook.events.owner is 'Owner of that vault at that place';
comment on column vaultbook.events.to_vault is 'Address of a transfer''s destination';
comment on column vaultbook.events.to_owner is 'Owner of that vault at that place';
comment on column vaultbook.events.token_account is 'Token account of a new vault';
comment on column vaultbook.events.amount is 'Amount in base units';
comment on column vaultbook.events.total_after is 'The vault''s total after it, where the event tells: a check, never a source';
comment on column vaultbook.events.locked_after is 'The vault''s locked balance after it, where the event tells';
comment on column vaultbook.events.available_after is 'The vault''s available balance after it, where the event tells';
comment on column vaultbook.events.reason is 'A transfer''s reason';
comment on column vaultbook.events.authority is 'The key that locked, unlocked, transferred or paused';
comment on column vaultbook.events.paused is 'For pause: the new state';
comment on column vaultbook.events.at is 'The event''s own time, seconds since 1970';

create view vaultbook.legs as
select e.signature, e.slot, e.transaction_index, e.event_index, e.block_time, e.finalized_at, e.owner,
       case when e.kind <> 'transfer' then e.kind when e.reason = 'FeeCollection' then 'fee' else 'transfer_out' end
         as transaction_type,
       case when e.failed then 'failed' else 'confirmed' end as status,
       e.amount, e.to_owner as counterparty, e.reason as note
  from vaultbook.events as e
 where e.kind in ('deposit', 'withdrawal', 'lock', 'unlock', 'transfer')
   -- Anybody can make a transaction fail on somebody's vault; that is none of its owner's history.
   and (not e.failed or e.owner is null or e.named_owner is null or e.named_owner = e.owner)
union all
select e.signature, e.slot, e.transaction_index, e.event_index, e.block_time, e.finalized_at, e.to_owner,
       'transfer_in', 'confirmed', e.amount, e.owner, e.reason
  from vaultbook.events as e
 where e.kind = 'transfer' and not e.failed;
comment on view vaultbook.legs is
  'The events as effects on one vault each: the rows of transactions they ask for. A transfer has two legs, a failed one only the source''s. '
  'owner is null where the vault is unknown.';
comment on column vaultbook.legs.signature is 'As in events';
comment on column vaultbook.legs.slot is 'As in events';
comment on column vaultbook.legs.transaction_index is 'As in events';
comment on column vaultbook.legs.event_index is 'As in events';
comment on column vaultbook.legs.block_time is 'As in events';
comment on column vaultbook.legs.finalized_at is 'As in events';
comment on column vaultbook.legs.owner is 'Owner of the vault it moves';
comment on column vaultbook.legs.transaction_type is 'As in transactions';
comment on column vaultbook.legs.status is 'confirmed or failed';
comment on column vaultbook.legs.amount is 'Amount in base units';
comment on column vaultbook.legs.counterparty is 'Owner of the other vault of a transfer';
comment on column vaultbook.legs.note is 'A transfer''s reason';

create type vaultbook.leg as (
  signature text,
  slot bigint,
  transaction_index integer,
  event_index integer,
  block_time timestamptz,
  finalized_at timestamptz,
  owner text,
  transaction_type text,
  status text,
  amount bigint,
  counterparty text,
  note text
);
comment on type vaultbook.leg is 'A row of vaultbook.legs, to be carried between statements.';

