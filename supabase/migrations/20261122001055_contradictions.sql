-- Contradictions: what was delivered of a signature, and the finalized chain tells otherwise.

create function vaultbook.contradict(p_items jsonb) returns text[]
language plpgsql
security definer
set search_path = ''
as $$
declare
  locked integer[] := vaultbook.lock_vaults('{}', true);
  items vaultbook.item[] := array(select i from jsonb_populate_recordset(null::vaultbook.item, p_items) as i);
  wrong text[];
  withdrawn vaultbook.withdrawn_row[];
  settled text[];
begin
  wrong := array(
    select distinct told.signature::text
      from unnest(items) as i
      join vaultbook.inbox as told
        on told.signature = i.signature and told.outcome = 'conflict' and told.content_sha256 = decode(i.content_sha256, 'hex')
      join vaultbook.inbox as held on held.signature = i.signature and held.outcome <> 'conflict'
     where held.finalized_at is null
  );
  if wrong = '{}' then
    return wrong;
  end if;
  withdrawn := vaultbook.withdraw(wrong, 'landing_lost');
  update vaultbook.inbox as held
     set outcome = 'conflict', code = 'contradicted_by_chain', reason = 'The finalized chain tells otherwise of this signature',
         waits_until_slot = null, decided_at = clock_timestamp()
   where held.signature = any (wrong) and held.outcome <> 'conflict';
  update vaultbook.inbox as told
     set outcome = i.outcome, code = i.code, reason = i.reason, content = i.content, slot = i.slot, transaction_index = i.transaction_index,
         block_time = to_timestamp(i.block_time), vaults = coalesce(i.vaults, '{}'), finalized_at = now(),
         decided_at = case when i.outcome <> 'new' then clock_timestamp() end
    from unnest(items) as i
   where told.signature = any (wrong) and told.signature = i.signature and told.content_sha256 = decode(i.content_sha256, 'hex');
  settled := vaultbook.settle(
    array(select i.signature::text from vaultbook.inbox as i where i.signature = any (wrong) and i.outcome = 'new'), wrong, withdrawn, locked
  );
  perform vaultbook.follow(settled, wrong, '{}', 0);
  return wrong;
end
$$;
comment on function vaultbook.contradict(jsonb) is
  'Takes a JSON array of vaultbook.item that were read at finalized commitment and are in conflict with what was delivered before. What was '
  'delivered is taken back, if it is not final itself, and these take its place. Returns the signatures; repeating it is harmless. 40001 and '
  '40P01 are left to the caller to repeat.';
alter function vaultbook.contradict(jsonb) owner to vaultbook_ledger;
