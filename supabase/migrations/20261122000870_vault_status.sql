-- Vault status: vaults come to be, are closed and opened again, paused and resumed, in the order of the chain.

create function vaultbook.open_vaults(p_signatures text[]) returns text[]
language sql
set search_path = ''
as $$
  with opener as (
    select e.*, coalesce(to_timestamp(e.at), e.block_time, now()) as created_at
      from vaultbook.events as e
     where e.signature = any (p_signatures) and e.kind = 'initialise' and not e.failed
  ), opened as (
    -- An owner has one vault. A conflict is a repetition, or the claim to a second one, which admit() lets wait.
    insert into public.vaults (owner, vault_address, token_account, created_at)
    select distinct on (o.named_owner) o.named_owner, o.vault, o.token_account, o.created_at
      from opener as o
     order by o.named_owner, o.slot, o.transaction_index, o.signature, o.event_index
    on conflict do nothing
    returning owner, vault_address
  ), counted as (
    update vaultbook.vault_totals as t
       set vaults = t.vaults + d.vaults, changes = t.changes + 1
      from (select vaultbook.bucket(o.vault_address) as bucket, count(*) as vaults from opened as o group by 1) as d
     where t.bucket = d.bucket
  ), owned as (
    select v.owner, v.vault_address from public.vaults as v where v.owner in (select o.named_owner from opener as o)
    union all
    select o.owner, o.vault_address from opened as o
  ), changed as (
    insert into vaultbook.status_changes (
      signature, event_index, slot, transaction_index, block_time, vault_address, change, owner
    )
    select o.signature, o.event_index, o.slot, o.transaction_index, o.block_time, o.vault, 'initialise', o.named_owner
      from opener as o
      join owned as v on v.owner = o.named_owner and v.vault_address = o.vault
    returning signature
  )
  select coalesce(array_agg(distinct c.signature), '{}') from changed as c
$$;
comment on function vaultbook.open_vaults(text[]) is
  'Notes the initialisations among these signatures, and makes the vault rows that are not there yet. Returns the signatures that '
  'initialised something.';
alter function vaultbook.open_vaults(text[]) owner to vaultbook_ledger;

create function vaultbook.change_status(p_signatures text[]) returns void
language sql
set search_path = ''
as $$
  insert into vaultbook.status_changes (
    signature, event_index, slot, transaction_index, block_time, vault_address, change, authority
  )
  select e.signature, e.event_index, e.slot, e.transaction_index, e.block_time, e.vault,
         case when e.kind = 'close' then 'close' when e.paused then 'pause' else 'resume' end, e.authority
    from vaultbook.events as e
   where e.signature = any (p_signatures) and e.kind in ('close', 'pause') and not e.failed
$$;
comment on function vaultbook.change_status(text[]) is
  'Notes the closings, pauses and resumptions among these signatures, each once.';
alter function vaultbook.change_status(text[]) owner to vaultbook_ledger;

create function vaultbook.refresh_status(p_signatures text[]) returns void
language sql
set search_path = ''
as $$
  with changed as (
    update public.vaults as v
       set status = now_is.status, updated_at = now()
      from (
        select held.owner,
               case
                 when held.owner is distinct from (
                   select o.owner from vaultbook.openings as o
                    where o.vault_address = held.vault_address
                    order by o.slot desc, o.transaction_index desc, o.signature desc, o.event_index desc
                    limit 1
                 ) then 'closed'
                 else (
                   select case c.change when 'close' then 'closed' when 'pause' then 'paused' else 'active' end
                     from vaultbook.status_changes as c
                    where c.vault_address = held.vault_address and c.rolled_back_at is null
                    order by c.slot desc, c.transaction_index desc, c.signature desc, c.event_index desc
                    limit 1
                 )
               end as status
          from public.vaults as held
         where held.vault_address in (select c.vault_address from vaultbook.status_changes as c where c.signature = any (p_signatures))
      ) as now_is
     where v.owner = now_is.owner and v.status <> now_is.status
    returning v.owner, v.vault_address, v.status, v.total_balance
  )
  update vaultbook.vault_totals as t
     set vaults = t.vaults + d.vaults, changes = t.changes + 1
    from (
      select vaultbook.bucket(c.vault_address) as bucket,
             sum(vaultbook.counts(c.status, c.total_balance)::integer - vaultbook.counts(was.status, was.total_balance)::integer) as vaults
        from changed as c
        join public.vaults as was on was.owner = c.owner
       group by 1
    ) as d
   where t.bucket = d.bucket and d.vaults <> 0
$$;
comment on function vaultbook.refresh_status(text[]) is
  'Gives the vaults that these signatures say something about the status of the latest word on them in chain order; a vault whose address '
  'somebody else initialised later is closed, and so is one that nobody initialised on the chain as it is now.';
alter function vaultbook.refresh_status(text[]) owner to vaultbook_ledger;

create function vaultbook.misattributed(p_signatures text[]) returns text[]
language sql stable
set search_path = ''
as $$
  with address as (
    -- Only where initialisations come and go, or owners differ, can an event's owner change.
    select c.vault_address
      from vaultbook.status_changes as c
     where c.change = 'initialise'
       and c.vault_address in (
             select own.vault_address from vaultbook.status_changes as own
              where own.signature = any (p_signatures) and own.change = 'initialise'
           )
     group by c.vault_address
    having count(distinct c.owner) > 1 or count(c.rolled_back_at) > 0
  ), reached as (
    select t.signature
      from address as a
      join public.vaults as v on v.vault_address = a.vault_address
      join public.transactions as t on t.vault_owner = v.owner and t.slot is not null and t.rolled_back_at is null
    union
    select c.signature
      from address as a
      join vaultbook.status_changes as c on c.vault_address = a.vault_address and c.rolled_back_at is null
    union
    -- A failed one may have no row at all: what a stranger tried is none of the owner's history.
    select i.signature
      from address as a
      join vaultbook.inbox as i on i.vaults @> array[a.vault_address::text] and i.outcome = 'failed' and i.code is null
  ), reached_list as materialized (
    select array_agg(r.signature) as signatures from reached as r
  )
  select coalesce(array_agg(distinct wrong.signature), '{}')
    from (
      select e.signature
        from vaultbook.events as e
       where e.signature = any ((select r.signatures from reached_list as r)::text[])
         and not e.failed and e.kind <> 'initialise' and e.vault is not null
         and (e.owner is null or e.named_owner <> e.owner or (e.kind = 'transfer' and e.to_owner is null))
      union all
      select coalesce(t.signature, l.signature)
        from (
          select * from public.transactions as own
           where own.signature = any ((select r.signatures from reached_list as r)::text[])
             and own.slot is not null and own.rolled_back_at is null
        ) as t
        full join (
          select * from vaultbook.legs as asked where asked.signature = any ((select r.signatures from reached_list as r)::text[])
        ) as l
          on l.signature = t.signature and l.event_index = t.event_index and l.transaction_type = t.transaction_type
         and l.owner = t.vault_owner and l.counterparty is not distinct from t.counterparty
       where t.signature is null or l.signature is null
    ) as wrong
$$;
comment on function vaultbook.misattributed(text[]) is
  'The applied signatures that turn out to belong to another owner, or to nobody, now that these signatures have initialised vaults, or '
  'have been taken back.';
alter function vaultbook.misattributed(text[]) owner to vaultbook_ledger;
