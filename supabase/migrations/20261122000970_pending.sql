-- Pending: what wallets are about to do. A row waits here for the chain's event, and is in no balance until it has come.

create function vaultbook.pending_id(p_owner text, p_idempotency_key text) returns uuid
language sql stable parallel safe
set search_path = ''
as $$
  -- RFC 9562: version 8, which is free to be made of anything.
  select encode(set_byte(set_byte(d.digest, 6, get_byte(d.digest, 6) & 15 | 128), 8, get_byte(d.digest, 8) & 63 | 128), 'hex')::uuid
    from (select substring(sha256(convert_to(p_owner || ' ' || p_idempotency_key, 'UTF8')) for 16)) as d (digest)
$$;
comment on function vaultbook.pending_id(text, text) is
  'The id of the row that this owner announces under this key: one key, one row, and the primary key sees to it. An owner holds no blank.';
alter function vaultbook.pending_id(text, text) owner to vaultbook_ledger;

create function vaultbook.locked_vault(p_owner text) returns public.vaults
language plpgsql
set search_path = ''
as $$
declare
  vault public.vaults;
begin
  perform vaultbook.lock_vaults(array(select v.vault_address from public.vaults as v where v.owner = p_owner), false);
  -- As it is now that nothing of it moves any more.
  select v.* into vault from public.vaults as v where v.owner = p_owner;
  return vault;
end
$$;
comment on function vaultbook.locked_vault(text) is
  'Makes this transaction the only one that settles events of this owner''s vault until it ends, and gives that vault; NULL where there is '
  'none.';
alter function vaultbook.locked_vault(text) owner to vaultbook_ledger;

create function vaultbook.open_pending(
  p_owner text, p_transaction_type text, p_amount bigint, p_idempotency_key text, p_ttl interval
)
returns public.transactions
language plpgsql
security definer
set search_path = ''
as $$
declare
  most_open constant integer := 20;
  own_id uuid := vaultbook.pending_id(p_owner, p_idempotency_key);
  vault public.vaults := vaultbook.locked_vault(p_owner);
  own public.transactions;
  refusal text[];
begin
  select t.* into own from public.transactions as t where t.id = own_id;
  if own.transaction_type = p_transaction_type and own.amount = p_amount then
    return own;
  end if;
  refusal := case
    when own.id is not null then array['VB407', 'This key announced something else before']
    when vault.owner is null then array['VB401', 'No vault of this owner is known']
    when vault.status = 'closed' then array['VB402', 'The vault is closed']
    when vault.status = 'paused' then array['VB403', 'The vault is paused']
    when (
      select c.change = 'pause' from vaultbook.status_changes as c
       where c.vault_address is null and c.rolled_back_at is null
       order by c.slot desc, c.transaction_index desc, c.signature desc, c.event_index desc
       limit 1
    ) then array['VB404', 'The protocol is paused']
    when p_amount < 1 then array['VB405', 'The amount is not above 0']
    -- Only a signed withdrawal is under way: many are begun and left in the wallet.
    when p_transaction_type = 'withdrawal' and p_amount > vault.available_balance - (
      select coalesce(sum(t.amount), 0) from public.transactions as t
       where t.slot is null and t.status = 'pending' and t.vault_owner = p_owner and t.transaction_type = 'withdrawal'
         and t.submitted_signature is not null and (t.expires_at > now()) is not false
    ) then array['VB406', 'Less than this is available, withdrawals under way taken off']
    when most_open <= (
      select count(*) from public.transactions as t
       where t.slot is null and t.status = 'pending' and t.vault_owner = p_owner and (t.expires_at > now()) is not false
    ) then array['VB408', format('%s transactions of this owner are pending', most_open)]
  end;
  if refusal is not null then
    raise exception '%', refusal[2] using errcode = refusal[1];
  end if;
  insert into public.transactions (id, vault_owner, transaction_type, amount, balance_before, balance_after, expires_at)
  values (own_id, p_owner, p_transaction_type, p_amount, vault.total_balance, vault.total_balance, now() + p_ttl)
  returning * into own;
  return own;
end
$$;
comment on function vaultbook.open_pending(text, text, bigint, text, interval) is
  'Announces a deposit or a withdrawal of so many base units, which is waited for as long as p_ttl. The same key again gives the same row, '
  'whatever has become of it. Raises VB401 no vault, VB402 vault closed, VB403 vault paused, VB404 protocol paused, VB405 no amount, VB406 '
  'not available, VB407 key used for something else, VB408 too many pending.';
alter function vaultbook.open_pending(text, text, bigint, text, interval) owner to vaultbook_ledger;

create function vaultbook.attach_signature(p_id uuid, p_owner text, p_signature text) returns public.transactions
language plpgsql
security definer
set search_path = ''
as $$
declare
  own public.transactions;
  on_chain public.transactions;
  refusal text[];
begin
  perform vaultbook.locked_vault(p_owner);
  select t.* into own from public.transactions as t where t.id = p_id and t.vault_owner = p_owner for no key update;
  select t.* into on_chain
    from public.transactions as t
   where t.signature = p_signature
     and t.vault_owner = p_owner and t.transaction_type = own.transaction_type and t.amount = own.amount
   order by t.rolled_back_at is not null, t.id <> p_id, t.event_index
   limit 1;
  if on_chain.id is not null then
    return on_chain;
  end if;
  if own.submitted_signature = p_signature then
    return own;
  end if;
  refusal := case
    when own.id is null then array['VB411', 'This owner has no such transaction']
    when coalesce(own.signature, own.submitted_signature) is not null then array['VB412', 'It carries another signature']
    when exists (select from public.transactions as t where t.signature = p_signature and t.vault_owner = p_owner)
      or exists (select from public.transactions as t where t.submitted_signature = p_signature and t.vault_owner = p_owner)
    then array['VB413', 'The signature is of another transaction']
    when own.status <> 'pending' or own.expires_at <= now() then array['VB414', 'It has expired']
  end;
  if refusal is not null then
    raise exception '%', refusal[2] using errcode = refusal[1];
  end if;
  update public.transactions as t
     set submitted_signature = p_signature, updated_at = now()
   where t.id = p_id
  returning t.* into own;
  return own;
end
$$;
comment on function vaultbook.attach_signature(uuid, text, text) is
  'Says which signature will settle an announced row; repeating it is harmless. Where the chain has that signature already, gives the row '
  'it is in: this one as a rule, another one where the two are alike or this one expired. Raises VB411 no such row, VB412 another '
  'signature is attached, VB413 the signature is of another row, VB414 expired.';
alter function vaultbook.attach_signature(uuid, text, text) owner to vaultbook_ledger;

create function vaultbook.expire_pending(p_limit integer) returns integer
language sql
security definer
set search_path = ''
as $$
  with due as (
    -- Those that are being settled or signed just now are left to the next run.
    select t.id from public.transactions as t
     where t.slot is null and t.status = 'pending' and t.expires_at <= now()
     order by t.expires_at
     limit p_limit
       for no key update skip locked
  ), expired as (
    update public.transactions as t
       set status = 'failed', note = 'expired', updated_at = now()
      from due
     where t.id = due.id
    returning 1
  )
  select count(*)::integer from expired
$$;
comment on function vaultbook.expire_pending(integer) is
  'Fails at most so many pending rows that nobody waits for any more, the longest due first, and returns how many. One that was signed is '
  'confirmed after all when its event comes.';
alter function vaultbook.expire_pending(integer) owner to vaultbook_ledger;

create function vaultbook.pending_for(p_rows vaultbook.folded_row[])
returns table (pending_id uuid, signature text, event_index integer, transaction_type text)
language plpgsql stable
set search_path = ''
as $$
declare
  -- What the chain's clock may be behind the database's.
  skew constant interval := interval '1 minute';
  settled uuid[] := array[]::uuid[];
  event record;
begin
  -- In the order of transactions_waiting_idx, so that nothing but its first entry is ever read here.
  perform from public.transactions as t
    where t.slot is null and (t.status = 'pending' or t.submitted_signature is not null)
    order by t.vault_owner, t.transaction_type, t.amount
    limit 1;
  if not found then
    return;
  end if;
  for event in
    select f.*, coalesce(f.block_time, now()) as happened_at
      from unnest(p_rows) as f
     where f.id is null
       and not vaultbook.is_correction(f.signature) -- Nobody made that.
       and exists (
         select from public.transactions as t
          where t.slot is null and (t.status = 'pending' or t.submitted_signature is not null)
            and t.vault_owner = f.owner and t.transaction_type = f.transaction_type and t.amount = f.amount
         offset 0 -- Event by event, by the index.
       )
     order by f.slot, f.transaction_index, f.signature, f.event_index
  loop
    select t.id into pending_id
      from public.transactions as t
     where t.slot is null and (t.status = 'pending' or t.submitted_signature is not null)
       and t.vault_owner = event.owner and t.transaction_type = event.transaction_type and t.amount = event.amount
       and t.id <> all (settled)
       and (
         t.submitted_signature = event.signature
         or (
           -- Anybody can make a transaction fail in an owner's name: only the owner's own signature makes it the owner's.
           t.submitted_signature is null and event.status = 'confirmed'
           and t.created_at <= event.happened_at + skew and (t.expires_at > event.happened_at) is not false
         )
       )
     order by t.submitted_signature is null, t.created_at, t.id
     limit 1;
    continue when not found;
    settled := settled || pending_id;
    signature := event.signature;
    event_index := event.event_index;
    transaction_type := event.transaction_type;
    return next;
  end loop;
end
$$;
comment on function vaultbook.pending_for(vaultbook.folded_row[]) is
  'The announced rows that new rows settle, each of both at most once: a signed one by its signature, even when it has expired; an '
  'unsigned one, the oldest first, by a confirmed event of the same owner, type and amount while it waits. The vaults must be locked.';
alter function vaultbook.pending_for(vaultbook.folded_row[]) owner to vaultbook_ledger;
