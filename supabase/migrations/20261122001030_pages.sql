-- Pages: what a node tells of an address's history, held against what it told before. A short page is no end, an empty one no proof.

create function vaultbook.prove_scan(p_scan vaultbook.scans) returns void
language plpgsql
set search_path = ''
as $$
declare
  ten_minutes constant bigint := bigint '1500';
  day constant bigint := bigint '216000';
begin
  insert into vaultbook.watermarks as w (
    address, source, slot, signature, scan_id, tip_slot, seen_at, short_rescan_slot, long_rescan_slot
  )
  values (
    p_scan.address, p_scan.source, p_scan.tip_slot, p_scan.newest_signature, p_scan.id, p_scan.tip_slot, p_scan.started_at,
    p_scan.tip_slot, p_scan.tip_slot
  )
  on conflict on constraint watermarks_pkey
  do update set
    slot = excluded.slot,
    signature = excluded.signature,
    scan_id = excluded.scan_id,
    tip_slot = greatest(w.tip_slot, excluded.tip_slot),
    seen_at = excluded.seen_at,
    is_distrusted = w.signature is not null and not p_scan.met_watermark,
    short_rescan_slot = case when (p_scan.floor_slot > greatest(0, w.short_rescan_slot - ten_minutes)) is not true
                             then excluded.short_rescan_slot else w.short_rescan_slot end,
    long_rescan_slot = case when (p_scan.floor_slot > greatest(0, w.long_rescan_slot - day)) is not true
                            then excluded.long_rescan_slot else w.long_rescan_slot end;
end
$$;
comment on function vaultbook.prove_scan(vaultbook.scans) is 'Raises the watermark to the tip of a scan that met what was known before.';
alter function vaultbook.prove_scan(vaultbook.scans) owner to vaultbook_ledger;

create function vaultbook.end_scan(p_scan vaultbook.scans, p_outcome text) returns vaultbook.scans
language plpgsql
set search_path = ''
as $$
declare
  ended vaultbook.scans;
begin
  update vaultbook.scans as s
     set next_before = p_scan.next_before, lowest_slot = p_scan.lowest_slot, is_at_end = p_scan.is_at_end,
         empty_pages = p_scan.empty_pages, broken_pages = p_scan.broken_pages, newest_signature = p_scan.newest_signature,
         met_known = p_scan.met_known, met_watermark = p_scan.met_watermark, pages = p_scan.pages, rows_seen = p_scan.rows_seen,
         outcome = p_outcome, finished_at = case when p_outcome is not null then clock_timestamp() end
   where s.id = p_scan.id
  returning s.* into ended;
  if p_outcome = 'proven' then
    perform vaultbook.prove_scan(ended);
  end if;
  return ended;
end
$$;
comment on function vaultbook.end_scan(vaultbook.scans, text) is
  'Writes down how far a scan has come, and how it ended; NULL: it goes on.';
alter function vaultbook.end_scan(vaultbook.scans, text) owner to vaultbook_ledger;

create function vaultbook.sight(p_rows vaultbook.history_row[], p_source integer, p_scan bigint) returns integer
language plpgsql
set search_path = ''
as $$
declare
  noted integer;
begin
  insert into vaultbook.sightings as s (signature, slot, source, scan_id, failed, block_time, transaction_index)
  select distinct on (r.signature, r.slot) r.signature, r.slot, p_source, p_scan, r.failed, to_timestamp(r.block_time), r.transaction_index
    from unnest(p_rows) as r
   where not exists (
           select from vaultbook.inbox as i
            where i.signature = r.signature and i.outcome <> 'conflict' and i.slot = r.slot and i.finalized_at is not null
         )
   order by r.signature, r.slot, r.place
  on conflict on constraint sightings_pkey
  do update set
    failed = coalesce(excluded.failed, s.failed),
    block_time = coalesce(excluded.block_time, s.block_time),
    transaction_index = coalesce(excluded.transaction_index, s.transaction_index),
    -- It waits until all of its scan is seen. Where that one takes long, a later walk over less has it sooner.
    scan_id = case
      when exists (select from vaultbook.scans as open where open.id = s.scan_id and open.finished_at is null)
        then greatest(s.scan_id, excluded.scan_id)
      else s.scan_id
    end
  where s.settled_at is null;
  get diagnostics noted = row_count;
  return noted;
end
$$;
comment on function vaultbook.sight(vaultbook.history_row[], integer, bigint) is
  'Keeps these finalized transactions to be settled, but those that the ledger has as finalized in that very slot. Returns how many.';
alter function vaultbook.sight(vaultbook.history_row[], integer, bigint) owner to vaultbook_ledger;

create function vaultbook.note_page(p_scan bigint, p_rows jsonb) returns vaultbook.scans
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- One node of those behind a URL may not know what the other told of. So often it may, in a row.
  broken_max constant integer := 6;
  -- What is empty only once may be of a node that does not know the signature it was asked by.
  empty_enough constant integer := 2;
  own vaultbook.scans;
  mark vaultbook.watermarks;
  page vaultbook.history_row[] := array(select r from jsonb_populate_recordset(null::vaultbook.history_row, p_rows) as r);
  page_lowest bigint;
begin
  select s.* into own from vaultbook.scans as s where s.id = p_scan and s.finished_at is null for no key update;
  if own.id is null then
    raise exception 'Scan % does not go on', p_scan using errcode = 'VB501';
  end if;
  select w.* into mark from vaultbook.watermarks as w where w.address = own.address and w.source = own.source;
  own.pages := own.pages + 1;
  own.rows_seen := own.rows_seen + cardinality(page);
  select min(r.slot) into page_lowest from unnest(page) as r;

  if page_lowest is null and (own.next_before is null or own.is_at_end) then
    own.empty_pages := own.empty_pages + 1;
    return vaultbook.end_scan(own, case
      when own.empty_pages < empty_enough then null
      when own.floor_slot is null or own.met_known or mark.signature is null then 'proven'
      else 'abandoned'
    end);
  end if;
  if own.next_before is not null and not own.is_at_end and own.lowest_slot <> all (array(select r.slot from unnest(page) as r)) then
    own.broken_pages := own.broken_pages + 1;
    return vaultbook.end_scan(own, case when own.broken_pages >= broken_max then 'abandoned' end);
  end if;
  own.empty_pages := 0;
  own.broken_pages := 0;
  own.newest_signature := coalesce(
    own.newest_signature, (select r.signature from unnest(page) as r where r.slot <= own.tip_slot order by r.place limit 1)
  );
  own.met_watermark := own.met_watermark or coalesce(mark.signature in (select r.signature from unnest(page) as r), false);
  own.met_known := own.met_known or own.met_watermark or exists (
    select from unnest(page) as r
     where r.slot <= mark.slot
       and (
         exists (
           select from vaultbook.inbox as i
            where i.signature = r.signature and i.outcome <> 'conflict' and i.slot = r.slot and i.finalized_at is not null
         )
         or exists (
           select from vaultbook.sightings as s
            where s.signature = r.signature and s.slot = r.slot and s.scan_id is distinct from own.id
         )
       )
  );
  perform vaultbook.sight(page, own.source, own.id);

  -- Inside a slot the order may be another one at each call. So the next page begins above the lowest slot, which it shows again in full.
  if (page_lowest < own.lowest_slot) is not false then
    select r.signature::varchar(128) into own.next_before from unnest(page) as r where r.slot > page_lowest order by r.place desc limit 1;
    own.is_at_end := not found;
  else
    own.is_at_end := true;
  end if;
  if own.is_at_end then
    select r.signature::varchar(128) into own.next_before from unnest(page) as r order by r.place desc limit 1;
  end if;
  own.lowest_slot := least(own.lowest_slot, page_lowest);
  return vaultbook.end_scan(own, case when own.met_known and own.lowest_slot <= own.floor_slot then 'proven' end);
end
$$;
comment on function vaultbook.note_page(bigint, jsonb) is
  'Takes the next page of a scan, a JSON array of vaultbook.history_row, and keeps what it shows. A page that does not show the lowest slot of '
  'the one before again proves nothing. The scan is proven when it is past its floor and has met something known at or below the '
  'watermark; or at the beginning of history, which is told twice. Raises VB501 when the scan is over.';
alter function vaultbook.note_page(bigint, jsonb) owner to vaultbook_ledger;
