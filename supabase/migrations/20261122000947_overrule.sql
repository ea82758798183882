-- Overruling: what the chain finalized goes before what was heard of a signature until then.

create function vaultbook.overrule(p_items vaultbook.item[], p_locked integer[]) returns vaultbook.relocation
language plpgsql
set search_path = ''
as $$
declare
  result vaultbook.relocation := row (array[]::text[], array[]::vaultbook.withdrawn_row[]);
begin
  -- One transaction can succeed on one fork and fail on another, or move another amount there; and whoever knows the secret can lie.
  result.moved := array(
    select known.signature::text
      from (
        -- The chain's own copy may be unreadable: then nobody can know what it did, and what was said of it is no better.
        select distinct on (i.signature) i.signature, i.content_sha256 from unnest(p_items) as i
         where i.finalized and (i.content is not null or (i.outcome = 'quarantined' and i.slot is not null))
         order by i.signature, i.position
      ) as told
      join vaultbook.inbox as known on known.signature = told.signature and known.outcome <> 'conflict'
     where known.content is not null and known.content_sha256 is distinct from decode(told.content_sha256, 'hex')
       and known.proven_at is null
  );
  if result.moved = '{}' then
    return result;
  end if;

  perform vaultbook.require_alone(p_locked);
  result.withdrawn := vaultbook.withdraw(result.moved, 'overruled');
  update vaultbook.inbox as known
     set outcome = 'conflict', code = 'signature_has_other_content', waits_until_slot = null, finalized_at = null,
         decided_at = clock_timestamp(), reason = 'The chain finalized something else under this signature'
   where known.signature = any (result.moved) and known.outcome <> 'conflict';
  -- What was heard before, and did not count, counts now; what was not is entered like any other.
  update vaultbook.inbox as heard
     set outcome = told.outcome, code = told.code, reason = told.reason, content = told.content,
         decided_at = case when told.outcome <> 'new' then clock_timestamp() end,
         slot = told.slot, transaction_index = told.transaction_index, block_time = to_timestamp(told.block_time)
    from (
      select distinct on (i.signature) i.* from unnest(p_items) as i
       where i.signature = any (result.moved) and i.content is not null
       order by i.signature, i.position
    ) as told
   where heard.outcome = 'conflict' and heard.signature = told.signature and heard.content_sha256 = decode(told.content_sha256, 'hex');
  return result;
end
$$;
comment on function vaultbook.overrule(vaultbook.item[], integer[]) is
  'Where an item shows at finalized commitment another content than the accepted one, or nothing readable, and nobody has read the accepted '
  'one there: takes that one back, and keeps it as the conflict that it turned out to be. Its place is free then for what the chain says. '
  'Returns those signatures.';
alter function vaultbook.overrule(vaultbook.item[], integer[]) owner to vaultbook_ledger;
