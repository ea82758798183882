-- Settling: what arrived, what waited for it, and what it makes impossible, until nothing moves any more.

create function vaultbook.short_at(p_signature text) returns bigint
language sql stable
set search_path = ''
as $$
  with need as (
    -- What it takes of each vault beyond what it brings there itself.
    select l.owner, min(l.slot) as slot, min(l.transaction_index) as transaction_index,
           sum(- m.total_sign * l.amount) as amount
      from vaultbook.legs as l
      join vaultbook.movements as m on m.transaction_type = l.transaction_type
     where l.signature = p_signature and l.status = 'confirmed'
     group by l.owner
    having sum(- m.total_sign * l.amount) > 0
  )
  select max(case when coalesce(opening.total_after, 0) < n.amount then n.slot else later.slot end)
    from need as n
    left join lateral (
      select t.total_after from public.transactions as t
       where t.vault_owner = n.owner and t.rolled_back_at is null
         and (t.slot, t.transaction_index) < (n.slot, n.transaction_index)
       order by t.slot desc, t.transaction_index desc, t.signature desc, t.event_index desc, t.transaction_type = 'transfer_in' desc
       limit 1
    ) as opening on true
    left join lateral (
      select t.slot from public.transactions as t
       where t.vault_owner = n.owner and t.rolled_back_at is null
         and (t.slot, t.transaction_index) > (n.slot, n.transaction_index) and t.total_after < n.amount
       order by t.slot, t.transaction_index
       limit 1
    ) as later on true
$$;
comment on function vaultbook.short_at(text) is
  'The slot in which a total would not suffice for this signature alone; NULL where totals suffice, and only a fold can tell.';
alter function vaultbook.short_at(text) owner to vaultbook_ledger;

create type vaultbook.decided as (
  settled text[],
  refusals vaultbook.refusal[],
  takes_back boolean
);
comment on type vaultbook.decided is
  'What decide() came to: the signatures it applied, or recorded as failed; the outcome, code and reason of all that it looked at, those '
  'among them; and whether it took anything back.';

create function vaultbook.decide(
  p_signatures text[], p_taken_back text[], p_withdrawn vaultbook.withdrawn_row[], p_locked integer[]
) returns vaultbook.decided
language plpgsql
set search_path = ''
as $$
declare
  began timestamptz := vaultbook.moment();
  everybody text[] := vaultbook.with_waiting(p_signatures, p_taken_back);
  result vaultbook.decided;
  fallen text[] := array[]::text[];
  news text[];
  left_out text[];
  own record;
begin
  if exists (
    select from vaultbook.inbox as i cross join lateral unnest(i.vaults) as a (address)
     where i.signature = any (everybody) and i.outcome <> 'conflict' and vaultbook.bucket(a.address) <> all (p_locked)
  ) then
    -- To lock more now would be out of order.
    raise exception 'Something that waits for these vaults arrived while they were being locked' using errcode = '40001';
  end if;

  result.settled := vaultbook.apply_possible(everybody, p_taken_back, p_withdrawn, p_locked);
  -- Those left out may have been so only for the company they were in: together again, and then each alone, until nothing moves. Each
  -- round brings at least one in; what comes in can put another out, so that the rounds are counted all the same.
  for round in 1 .. 2 * cardinality(everybody) + 10 loop
    fallen := vaultbook.taken_back_since(began);
    if fallen || p_taken_back <> '{}' then
      -- What depended on them, or was another owner's, went with them: it is looked at again, and whatever waited for the room they leave.
      everybody := everybody || fallen || vaultbook.with_waiting(fallen || p_taken_back, fallen || p_taken_back);
    end if;
    left_out := array(
      select i.signature from vaultbook.inbox as i
       where i.signature = any (everybody)
         and ((i.outcome = 'parked' and i.content is not null) or (i.outcome = 'failed' and i.code is not null))
    );
    exit when left_out = '{}';
    news := vaultbook.apply_possible(left_out, '{}', '{}', p_locked);
    for own in
      -- One that nobody's vault waits for, and that opens none itself, is as impossible alone.
      select i.signature, i.code = 'balance_would_be_negative' as is_short from vaultbook.inbox as i
       where i.signature = any (left_out) and i.outcome = 'parked'
         and (i.code = 'balance_would_be_negative' or i.content @? '$.events[*] ? (@.kind == "initialise")')
       order by i.slot, i.transaction_index, i.signature
    loop
      -- One before it may have brought it in.
      continue when not exists (
        select from vaultbook.inbox as i where i.signature = own.signature and i.outcome = 'parked'
      );
      if own.is_short then
        update vaultbook.inbox as i
           set waits_until_slot = greatest(s.slot, i.waits_until_slot)
          from (select vaultbook.short_at(own.signature) as slot) as s
         where i.signature = own.signature and i.outcome <> 'conflict' and s.slot is not null;
        continue when found;
      end if;
      news := news || vaultbook.apply_possible(array[own.signature]::text[], '{}', '{}', p_locked);
    end loop;
    exit when news = '{}';
    result.settled := result.settled || news;
  end loop;
  result.takes_back := fallen <> '{}';
  if result.takes_back then
    result.refusals := array(
      select row (i.signature, i.outcome, i.code, i.reason, i.waits_until_slot)::vaultbook.refusal
        from vaultbook.inbox as i
       where i.signature = any (everybody || p_taken_back) and i.outcome <> 'conflict'
    );
  end if;
  return result;
end
$$;
comment on function vaultbook.decide(text[], text[], vaultbook.withdrawn_row[], integer[]) is
  'Settles by trial: applies all that makes a possible history, parks what a later event may make possible, quarantines what none can. On '
  'the way it may write what it takes back again, and the other way round. Raises 40001 where it would need vaults that are not locked.';
alter function vaultbook.decide(text[], text[], vaultbook.withdrawn_row[], integer[]) owner to vaultbook_ledger;

create function vaultbook.taken_back_since(p_moment timestamptz) returns text[]
language plpgsql stable
set search_path = ''
as $$
begin
  return array(
    select t.signature::text
      from vaultbook.compensations as c
      join public.transactions as t on t.id = c.transaction_id
     where c.compensated_in = pg_current_xact_id() and c.compensated_at > p_moment
    union
    select c.signature::text from vaultbook.status_changes as c
     where c.rolled_back_in = pg_current_xact_id() and c.rolled_back_at > p_moment
  );
end
$$;
comment on function vaultbook.taken_back_since(timestamptz) is
  'The signatures of which this transaction took back a row, or a word on a vault''s status, after a moment().';
alter function vaultbook.taken_back_since(timestamptz) owner to vaultbook_ledger;

create function vaultbook.enact(
  p_decided vaultbook.refusal[], p_taken_back text[], p_withdrawn vaultbook.withdrawn_row[], p_locked integer[]
) returns text[]
language plpgsql
set search_path = ''
as $$
declare
  coming text[];
  going text[];
  strangers text[];
  outdated text[];
  applied text[];
begin
  with change as (
    select d.signature, d.code, d.outcome = 'applied' or (d.outcome = 'failed' and d.code is null) as stands,
           i.outcome = 'applied' or (i.outcome = 'failed' and i.code is null) as stood
      from unnest(p_decided) as d
      join vaultbook.inbox as i on i.signature = d.signature and i.outcome <> 'conflict'
  )
  select coalesce(array_agg(c.signature) filter (where c.stands and not c.stood), '{}'),
         coalesce(array_agg(c.signature) filter (where c.stood and not c.stands), '{}'),
         coalesce(array_agg(c.signature) filter (where c.stood and not c.stands and c.code = 'vault_of_another_owner'), '{}'),
         coalesce(array_agg(c.signature) filter (where c.stood and not c.stands and c.code = 'correction_outdated'), '{}')
    into coming, going, strangers, outdated
    from change as c;
  update vaultbook.inbox as i
     set outcome = d.outcome, code = d.code, reason = d.reason, waits_until_slot = d.waits_until_slot, decided_at = clock_timestamp()
    from unnest(p_decided) as d
   where i.signature = d.signature and i.outcome <> 'conflict' and d.signature <> all (coming)
     and (i.outcome, i.code, i.reason, i.waits_until_slot) is distinct from (d.outcome, d.code, d.reason, d.waits_until_slot);
  applied := vaultbook.apply_possible(
    coming, p_taken_back || going,
    p_withdrawn || vaultbook.withdraw(strangers, 'vault_of_another_owner') || vaultbook.withdraw(outdated, 'correction_outdated')
      || vaultbook.withdraw(vaultbook.without(going, strangers || outdated), 'depended_on_it'),
    p_locked
  );
  perform vaultbook.refresh_status(applied || p_taken_back || going);
  return applied;
end
$$;
comment on function vaultbook.enact(vaultbook.refusal[], text[], vaultbook.withdrawn_row[], integer[]) is
  'Makes of the book what was decided, and writes and takes back nothing but what differs. Returns what was applied, or recorded as failed.';
alter function vaultbook.enact(vaultbook.refusal[], text[], vaultbook.withdrawn_row[], integer[]) owner to vaultbook_ledger;

create function vaultbook.settle(
  p_signatures text[], p_taken_back text[], p_withdrawn vaultbook.withdrawn_row[], p_locked integer[]
) returns text[]
language plpgsql
set search_path = ''
as $$
declare
  decided vaultbook.decided;
begin
  begin
    decided := vaultbook.decide(p_signatures, p_taken_back, p_withdrawn, p_locked);
    if decided.takes_back then
      raise exception 'Decided' using errcode = 'VB202';
    end if;
  exception when sqlstate 'VB202' then
    -- What was tried on the way stays on nobody's record.
    return vaultbook.enact(decided.refusals, p_taken_back, p_withdrawn, p_locked);
  end;
  if exists (select from vaultbook.status_changes as c where c.signature = any (decided.settled || p_taken_back)) then
    perform vaultbook.refresh_status(decided.settled || p_taken_back);
  end if;
  return decided.settled;
end
$$;
comment on function vaultbook.settle(text[], text[], vaultbook.withdrawn_row[], integer[]) is
  'Settles these new signatures together with what waited for them, after others were taken back: applies all that make a possible history, '
  'parks what a later event may make possible, quarantines what none can. One never takes another with it. Returns what was applied, or '
  'recorded as failed. Raises 40001 where it would need vaults that are not locked.';
alter function vaultbook.settle(text[], text[], vaultbook.withdrawn_row[], integer[]) owner to vaultbook_ledger;
