-- The chain inbox: every delivery as raw bytes, and what became of every Solana transaction in it. The ledger can be
-- rebuilt from here.

create table vaultbook.deliveries (
  id bigint generated always as identity,
  source text not null,
  body bytea not null,
  body_sha256 bytea not null generated always as (sha256(body)) stored,
  finalized boolean not null default false,
  times_received integer not null default 1,
  received_at timestamptz not null default clock_timestamp(),
  last_received_at timestamptz not null default clock_timestamp(),
  constraint deliveries_pkey primary key (id),
  constraint deliveries_are_kept_once unique (body_sha256, source),
  constraint deliveries_source_is_known check (source in ('webhook', 'sweep', 'correction')),
  constraint deliveries_are_received_at_least_once check (times_received >= 1)
);
comment on table vaultbook.deliveries is
  'The bodies received, byte for byte, before anything was made of them. The same bytes again raise a counter.';
comment on column vaultbook.deliveries.id is 'Order of first arrival';
comment on column vaultbook.deliveries.source is 'webhook; sweep for what was fetched over RPC; correction for what a reconciliation concluded';
comment on column vaultbook.deliveries.body is 'The bytes as received; not necessarily UTF-8, not necessarily JSON';
comment on column vaultbook.deliveries.body_sha256 is 'Its digest, by which a repetition is known';
comment on column vaultbook.deliveries.finalized is 'Read at finalized commitment, so nothing in it can be rolled back any more';
comment on column vaultbook.deliveries.times_received is 'How often these very bytes came';
comment on column vaultbook.deliveries.received_at is 'When they first came';
comment on column vaultbook.deliveries.last_received_at is 'When they last came';

create table vaultbook.inbox (
  id bigint generated always as identity,
  signature varchar(128) collate "C",
  slot bigint,
  transaction_index integer,
  block_time timestamptz,
  outcome text not null,
  code text,
  reason text,
  content jsonb,
  content_sha256 bytea,
  vaults text[] collate "C" not null default '{}',
  waits_until_slot bigint,
  finalized_at timestamptz,
  proven_at timestamptz,
  delivery_id bigint not null,
  delivery_position integer not null,
  times_seen integer not null default 1,
  first_seen_at timestamptz not null default clock_timestamp(),
  last_seen_at timestamptz not null default clock_timestamp(),
  decided_at timestamptz,
  constraint inbox_pkey primary key (id),
  constraint inbox_items_lie_in_a_delivery foreign key (delivery_id) references vaultbook.deliveries (id) on delete restrict,
  -- I2: nothing else. A duplicate is no outcome of its own: it raises times_seen of the first. 'new' never outlives its transaction.
  constraint inbox_outcome_is_known check (
    outcome in ('new', 'applied', 'ignored', 'failed', 'parked', 'quarantined', 'conflict')
  ),
  constraint inbox_unapplied_items_say_why check (outcome in ('new', 'applied', 'failed') or code is not null),
  constraint inbox_content_has_a_digest check ((content is null) = (content_sha256 is null)),
  constraint inbox_effects_have_content check (outcome not in ('new', 'applied') or (signature is not null and content is not null)),
  constraint inbox_items_are_seen_at_least_once check (times_seen >= 1)
);
create unique index inbox_signature_is_accepted_once on vaultbook.inbox (signature) where outcome <> 'conflict';
comment on index vaultbook.inbox_signature_is_accepted_once is 'Invariant I1: the first content of a signature stays.';
create unique index inbox_conflict_is_kept_once on vaultbook.inbox (signature, content_sha256) nulls not distinct
  where outcome = 'conflict';
comment on index vaultbook.inbox_conflict_is_kept_once is 'Each other content of a signature is kept once.';
create unique index inbox_nameless_item_is_kept_once on vaultbook.inbox (delivery_id, delivery_position) where signature is null;
comment on index vaultbook.inbox_nameless_item_is_kept_once is 'An item without a readable signature is known by where it lies.';
create index inbox_delivery_id_idx on vaultbook.inbox (delivery_id);
comment on index vaultbook.inbox_delivery_id_idx is 'The items of one delivery.';
create index inbox_waiting_idx on vaultbook.inbox using gin (vaults)
  where outcome in ('parked', 'failed');
comment on index vaultbook.inbox_waiting_idx is
  'Items that wait for something of a given vault; and those that failed, whose rows follow whoever owns it.';
create index inbox_unsettled_idx on vaultbook.inbox (outcome, id) where outcome in ('parked', 'quarantined', 'conflict');
comment on index vaultbook.inbox_unsettled_idx is 'What an operator has to look at.';

comment on table vaultbook.inbox is
  'One row per Solana transaction heard of, with the one outcome it ended in (invariant I2). Its raw form is element '
  'delivery_position of its delivery.';
comment on column vaultbook.inbox.id is 'Order of first arrival';
comment on column vaultbook.inbox.signature is 'Signature of the Solana transaction (base58); NULL where none could be read';
comment on column vaultbook.inbox.slot is 'Slot of its block, an attribute and not identity: it can land again in another one';
comment on column vaultbook.inbox.transaction_index is 'Place in its block, from 0; NULL where the source did not say';
comment on column vaultbook.inbox.block_time is 'Time of its block; NULL where the source did not say. Never used for order';
comment on column vaultbook.inbox.outcome is 'applied, ignored, failed, parked, quarantined or conflict; new only inside the transaction that decides';
comment on column vaultbook.inbox.code is 'Stable code of why it was ignored, parked, quarantined or in conflict';
comment on column vaultbook.inbox.reason is 'The same for a person, with the field that was wrong';
comment on column vaultbook.inbox.content is
  'What was read from it: {"failed": boolean, "events": […]}, amounts as decimal strings in base units; NULL where nothing could be read';
comment on column vaultbook.inbox.content_sha256 is 'Digest of what matters in the content: by it a conflict is told from a duplicate';
comment on column vaultbook.inbox.vaults is 'Addresses of the vaults it touches';
comment on column vaultbook.inbox.waits_until_slot is
  'While parked: only an event up to this slot can make it possible; NULL: any event of its vaults may';
comment on column vaultbook.inbox.finalized_at is 'When it was seen at this place at finalized commitment; NULL until then';
comment on column vaultbook.inbox.proven_at is
  'When this content was read at finalized commitment; NULL while only somebody said so. Until then the chain can overrule it';
comment on column vaultbook.inbox.delivery_id is 'The delivery that first brought it';
comment on column vaultbook.inbox.delivery_position is 'Its place in that delivery''s array, from 0';
comment on column vaultbook.inbox.times_seen is 'How often it was delivered with this content';
comment on column vaultbook.inbox.first_seen_at is 'When it was first delivered';
comment on column vaultbook.inbox.last_seen_at is 'When it was last delivered';
comment on column vaultbook.inbox.decided_at is 'When it got its outcome';

alter table vaultbook.deliveries enable row level security;
alter table vaultbook.inbox enable row level security;
revoke all on vaultbook.deliveries, vaultbook.inbox from public, anon, authenticated, service_role;

create trigger deliveries_append_only before insert or update or delete or truncate on vaultbook.deliveries
  for each statement execute function vaultbook.tg_append_only();
alter table vaultbook.deliveries enable always trigger deliveries_append_only;
comment on trigger deliveries_append_only on vaultbook.deliveries is 'Invariant I15: what was received stays as it was received.';
create trigger inbox_append_only before insert or update or delete or truncate on vaultbook.inbox
  for each statement execute function vaultbook.tg_append_only();
alter table vaultbook.inbox enable always trigger inbox_append_only;
comment on trigger inbox_append_only on vaultbook.inbox is 'Invariant I15: only ingest decides what became of a transaction.';

create table vaultbook.status_changes (
  id bigint generated always as identity,
  signature varchar(128) collate "C" not null,
  event_index integer not null,
  slot bigint not null,
  transaction_index integer not null,
  block_time timestamptz,
  vault_address varchar(64) collate "C",
  change text not null,
  owner varchar(64) collate "C",
  authority varchar(64) collate "C",
  rolled_back_at timestamptz,
  rolled_back_in xid8,
  constraint status_changes_pkey primary key (id),
  constraint status_changes_belong_to_a_vault foreign key (owner) references public.vaults (owner) on delete restrict,
  constraint status_changes_change_is_known check (change in ('initialise', 'close', 'pause', 'resume')),
  constraint status_changes_concern_a_vault check (vault_address is not null or change in ('pause', 'resume')),
  constraint status_changes_initialise_for_an_owner check ((change = 'initialise') = (owner is not null))
);
create unique index status_changes_happen_once on vaultbook.status_changes
  (signature, event_index, coalesce(rolled_back_at, '-infinity'::timestamptz));
comment on index vaultbook.status_changes_happen_once is 'Invariant I1, for what moves no balance.';
create index status_changes_position_idx on vaultbook.status_changes (vault_address, slot, transaction_index, signature, event_index)
  where rolled_back_at is null;
comment on index vaultbook.status_changes_position_idx is 'The latest one in chain order is in force.';
create index status_changes_rolled_back_in_idx on vaultbook.status_changes (rolled_back_in) where rolled_back_in is not null;
comment on index vaultbook.status_changes_rolled_back_in_idx is 'What one transaction took back.';
create index status_changes_owner_idx on vaultbook.status_changes (owner);
comment on index vaultbook.status_changes_owner_idx is 'The initialisations of an owner.';

comment on table vaultbook.status_changes is
  'Every initialisation, closing, pause and resumption of a vault, and every pause and resumption of the whole protocol. From the '
  'initialisations follows who owns an address at which place of the chain.';
comment on column vaultbook.status_changes.id is 'Order of arrival';
comment on column vaultbook.status_changes.signature is 'The Solana transaction that did it';
comment on column vaultbook.status_changes.event_index is 'Place of the event in it, from 0';
comment on column vaultbook.status_changes.slot is 'Slot of its block';
comment on column vaultbook.status_changes.transaction_index is 'Place in its block, from 0';
comment on column vaultbook.status_changes.block_time is 'Time of its block';
comment on column vaultbook.status_changes.vault_address is 'The vault; NULL: the whole protocol';
comment on column vaultbook.status_changes.change is 'initialise, close, pause or resume';
comment on column vaultbook.status_changes.owner is 'For initialise: whose vault it is from here on';
comment on column vaultbook.status_changes.authority is 'For pause and resume: the key that signed';
comment on column vaultbook.status_changes.rolled_back_in is 'The PostgreSQL transaction that took it back: no clock tells that surely';
comment on column vaultbook.status_changes.rolled_back_at is 'When it was taken back, because the chain had taken it back; else NULL';
alter table vaultbook.status_changes enable row level security;
revoke all on vaultbook.status_changes from public, anon, authenticated, service_role;
create trigger status_changes_append_only before insert or update or delete or truncate on vaultbook.status_changes
  for each statement execute function vaultbook.tg_append_only();
alter table vaultbook.status_changes enable always trigger status_changes_append_only;
comment on trigger status_changes_append_only on vaultbook.status_changes is 'Written by the ledger''s own functions only.';
