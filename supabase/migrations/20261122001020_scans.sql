-- Scans: what the sweep has seen of the chain's history, page by page, and how far that is everything.

create table vaultbook.scans (
  id bigint generated always as identity,
  address varchar(64) collate "C" not null,
  source smallint not null,
  tip_slot bigint not null,
  floor_slot bigint,
  next_before varchar(128) collate "C",
  lowest_slot bigint,
  is_at_end boolean not null default false,
  empty_pages integer not null default 0,
  broken_pages integer not null default 0,
  newest_signature varchar(128) collate "C",
  met_known boolean not null default false,
  met_watermark boolean not null default false,
  pages integer not null default 0,
  rows_seen bigint not null default 0,
  outcome text,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  constraint scans_pkey primary key (id),
  constraint scans_address_is_a_public_key check (length(address) between 32 and 44 and address !~ '[^1-9A-HJ-NP-Za-km-z]'),
  constraint scans_source_is_a_node check (source in (1, 2)),
  constraint scans_end_above_where_they_begin check (floor_slot <= tip_slot),
  constraint scans_outcome_is_known check (outcome in ('proven', 'abandoned')),
  constraint scans_that_ended_say_how check ((outcome is null) = (finished_at is null))
);
create unique index scans_go_on_one_at_a_time on vaultbook.scans (address, source) where finished_at is null;
comment on index vaultbook.scans_go_on_one_at_a_time is 'The next run goes on with the scan that the last one left.';
create index scans_address_idx on vaultbook.scans (address, source, id);
comment on index vaultbook.scans_address_idx is 'The scans of one address by one node, in order.';
comment on table vaultbook.scans is
  'Walks over the finalized history of an address, from the newest transaction back to what is known. One that stopped is gone on with.';
comment on column vaultbook.scans.id is 'Order';
comment on column vaultbook.scans.address is 'The vault program, or a vault';
comment on column vaultbook.scans.source is 'The node asked: 1 or 2';
comment on column vaultbook.scans.tip_slot is 'Newest finalized slot when it began: when it is proven, everything up to there was seen';
comment on column vaultbook.scans.floor_slot is 'It goes back until it is past this slot; NULL: to the very first transaction';
comment on column vaultbook.scans.next_before is 'The next page holds what is older than this signature; NULL: the newest page';
comment on column vaultbook.scans.lowest_slot is 'The oldest slot seen; every page but the first has to show it again';
comment on column vaultbook.scans.is_at_end is 'The last page brought nothing older: the next one is asked for what is older than all';
comment on column vaultbook.scans.empty_pages is 'How often in a row the node said that nothing is older';
comment on column vaultbook.scans.broken_pages is 'How often in a row a page did not continue the one before';
comment on column vaultbook.scans.newest_signature is 'The newest one seen in slots up to tip_slot';
comment on column vaultbook.scans.met_known is 'Something at or below floor_slot was seen that was known before';
comment on column vaultbook.scans.met_watermark is 'The watermark''s signature was seen again';
comment on column vaultbook.scans.pages is 'Pages read';
comment on column vaultbook.scans.rows_seen is 'Rows on them, repetitions counted';
comment on column vaultbook.scans.outcome is
  'proven: it met what was known before, or history''s beginning; abandoned: its pages do not fit together; NULL: it goes on';
comment on column vaultbook.scans.started_at is 'When it began';
comment on column vaultbook.scans.finished_at is 'When it ended; NULL while it goes on';

create table vaultbook.watermarks (
  address varchar(64) collate "C" not null,
  source smallint not null,
  slot bigint not null,
  signature varchar(128) collate "C",
  scan_id bigint not null,
  tip_slot bigint not null,
  seen_at timestamptz not null,
  short_rescan_slot bigint not null,
  long_rescan_slot bigint not null,
  is_distrusted boolean not null default false,
  constraint watermarks_pkey primary key (address, source),
  constraint watermarks_are_proven_by_a_scan foreign key (scan_id) references vaultbook.scans (id) on delete restrict,
  constraint watermarks_are_not_above_the_tip check (slot <= tip_slot)
);
create index watermarks_scan_id_idx on vaultbook.watermarks (scan_id);
comment on index vaultbook.watermarks_scan_id_idx is 'What a scan proved.';
comment on table vaultbook.watermarks is
  'Up to which slot everything finalized was seen, by address and node (invariant I14). Rises only when a scan is proven.';
comment on column vaultbook.watermarks.address is 'The vault program, or a vault';
comment on column vaultbook.watermarks.source is 'The node asked: 1 or 2';
comment on column vaultbook.watermarks.slot is 'All finalized transactions of the address up to this slot were seen';
comment on column vaultbook.watermarks.signature is 'The newest of them, which the next scan has to meet; NULL: there was none';
comment on column vaultbook.watermarks.scan_id is 'The scan that proved it';
comment on column vaultbook.watermarks.tip_slot is 'Newest finalized slot that the node ever told';
comment on column vaultbook.watermarks.seen_at is 'When slot was the newest';
comment on column vaultbook.watermarks.short_rescan_slot is 'Tip of the last scan that went back ten minutes';
comment on column vaultbook.watermarks.long_rescan_slot is 'Tip of the last scan that went back a day';
comment on column vaultbook.watermarks.is_distrusted is 'The signature before was not met again: the next scan goes back ten minutes';

create table vaultbook.sightings (
  signature varchar(128) collate "C" not null,
  slot bigint not null,
  source smallint not null,
  scan_id bigint,
  failed boolean,
  block_time timestamptz,
  transaction_index integer,
  found_at timestamptz not null default clock_timestamp(),
  settled_at timestamptz,
  attempts integer not null default 0,
  tried_at timestamptz,
  problem text,
  constraint sightings_pkey primary key (signature, slot),
  constraint sightings_source_is_a_node check (source in (1, 2))
);
create index sightings_waiting_idx on vaultbook.sightings (slot, transaction_index, signature) where settled_at is null;
comment on index vaultbook.sightings_waiting_idx is 'What is still to be settled, oldest first.';
create index sightings_settled_at_idx on vaultbook.sightings (settled_at) where settled_at is not null;
comment on index vaultbook.sightings_settled_at_idx is 'What is done and may be forgotten.';
comment on table vaultbook.sightings is
  'Finalized transactions that a scan saw, until the ledger has them. Work to do and no history: what is settled is forgotten after two days.';
comment on column vaultbook.sightings.signature is 'The Solana transaction';
comment on column vaultbook.sightings.slot is 'Slot of its block; where it was asked for by its signature alone, where it is thought to lie';
comment on column vaultbook.sightings.source is 'The node that showed it first';
comment on column vaultbook.sightings.scan_id is 'The scan that saw it first; NULL: it was asked for by its signature';
comment on column vaultbook.sightings.failed is 'The Solana transaction failed; NULL: not known';
comment on column vaultbook.sightings.block_time is 'Time of its block; NULL where the node did not say';
comment on column vaultbook.sightings.transaction_index is 'Place in its block, from 0; NULL where the node did not say';
comment on column vaultbook.sightings.found_at is 'When it was first seen';
comment on column vaultbook.sightings.settled_at is 'When the ledger had it; NULL until then';
comment on column vaultbook.sightings.attempts is 'How often it could not be fetched';
comment on column vaultbook.sightings.tried_at is 'When that was tried last';
comment on column vaultbook.sightings.problem is 'Why it could not be fetched';

alter table vaultbook.scans enable row level security;
alter table vaultbook.watermarks enable row level security;
alter table vaultbook.sightings enable row level security;
revoke all on vaultbook.scans, vaultbook.watermarks, vaultbook.sightings from public, anon, authenticated, service_role;

create type vaultbook.history_row as (
  signature text,
  slot bigint,
  failed boolean,
  block_time bigint,
  transaction_index integer,
  place bigint
);
comment on type vaultbook.history_row is
  'A row of an address''s history as a node tells it; block_time in seconds since 1970, place: on its page, newest first.';

create function vaultbook.begin_scan(p_address text, p_source integer, p_tip_slot bigint, p_from_slot bigint) returns vaultbook.scans
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- A slot takes 0.4 seconds.
  ten_minutes constant bigint := bigint '1500';
  day constant bigint := bigint '216000';
  own vaultbook.scans;
  mark vaultbook.watermarks;
begin
  -- Two jobs may walk over one vault.
  perform pg_advisory_xact_lock(hashtext('vaultbook.scans'), hashtext(p_address));
  update vaultbook.watermarks as w set tip_slot = greatest(w.tip_slot, p_tip_slot)
   where w.address = p_address and w.source = p_source
  returning w.* into mark;
  select s.* into own from vaultbook.scans as s where s.address = p_address and s.source = p_source and s.finished_at is null;
  if own.id is not null and (p_from_slot is null or own.floor_slot is null or own.floor_slot <= greatest(0, p_from_slot - 1)) then
    return own;
  end if;
  update vaultbook.scans as s set outcome = 'abandoned', finished_at = clock_timestamp() where s.id = own.id;
  -- Each transaction is looked for again ten minutes and a day after it was first looked for: rows have vanished, and come back.
  insert into vaultbook.scans (address, source, tip_slot, floor_slot)
  values (
    p_address, p_source, p_tip_slot,
    case when mark.slot is not null then greatest(0, least(
      mark.slot,
      p_from_slot - 1,
      case when mark.is_distrusted or p_tip_slot - mark.short_rescan_slot >= ten_minutes then mark.short_rescan_slot - ten_minutes end,
      case when p_tip_slot - mark.long_rescan_slot >= day then mark.long_rescan_slot - day end
    )) end
  )
  returning * into own;
  return own;
end
$$;
comment on function vaultbook.begin_scan(text, integer, bigint, bigint) is
  'Goes on with the scan of this address by this node, or begins one: from the node''s newest finalized slot back to the watermark, now and '
  'then further, or to p_from_slot; without a watermark over the whole history. A watermark above the tip is for the caller to refuse.';
alter function vaultbook.begin_scan(text, integer, bigint, bigint) owner to vaultbook_ledger;
