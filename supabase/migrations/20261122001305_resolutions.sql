-- Resolutions: what a person decided about what the ledger could not read or use. What was received stays as it is (I15), and so does
-- its outcome (I2): the decision is a further row.

create table vaultbook.resolutions (
  id bigint generated always as identity,
  inbox_id bigint not null,
  decision text not null,
  reason text not null,
  decided_by text not null,
  decided_at timestamptz not null default clock_timestamp(),
  outcome text not null,
  code text,
  constraint resolutions_pkey primary key (id),
  constraint resolutions_are_about_an_item foreign key (inbox_id) references vaultbook.inbox (id) on delete restrict,
  constraint resolutions_decision_is_known check (decision in ('resolved', 'replayed')),
  constraint resolutions_say_why check (btrim(reason) <> '' and length(reason) <= 1000)
);
create index resolutions_inbox_id_idx on vaultbook.resolutions (inbox_id);
comment on index vaultbook.resolutions_inbox_id_idx is 'The decisions about one item.';
create unique index resolutions_resolve_once on vaultbook.resolutions (inbox_id) where decision = 'resolved';
comment on index vaultbook.resolutions_resolve_once is 'Who resolved it first stays on record.';
comment on table vaultbook.resolutions is
  'What was decided about items in quarantine and conflicts: by whom, when, why, and what came of it.';
comment on column vaultbook.resolutions.id is 'Order of decision';
comment on column vaultbook.resolutions.inbox_id is 'The item in the inbox';
comment on column vaultbook.resolutions.decision is
  'resolved: looked at, nothing to do; replayed: its bytes were read again, by the decoder as it was then';
comment on column vaultbook.resolutions.reason is 'Why, in the words of whoever decided';
comment on column vaultbook.resolutions.decided_by is 'An operator''s user id, or service; where it was done in SQL, who did it there';
comment on column vaultbook.resolutions.decided_at is 'When';
comment on column vaultbook.resolutions.outcome is 'What the item was after it, as in inbox';
comment on column vaultbook.resolutions.code is 'And why, as in inbox';
alter table vaultbook.resolutions enable row level security;
revoke all on vaultbook.resolutions from public, anon, authenticated, service_role;
create trigger resolutions_append_only before insert or update or delete or truncate on vaultbook.resolutions
  for each statement execute function vaultbook.tg_append_only();
alter table vaultbook.resolutions enable always trigger resolutions_append_only;
comment on trigger resolutions_append_only on vaultbook.resolutions is 'Invariant I15: what somebody decided stays as it was decided.';

grant select, insert on vaultbook.resolutions to vaultbook_ledger;
create policy "The ledger keeps what was decided" on vaultbook.resolutions to vaultbook_ledger using (true) with check (true);
grant select on vaultbook.resolutions to service_role;

create view vaultbook.undecided as
select i.id, i.signature, i.outcome, i.code
  from vaultbook.inbox as i
 where i.outcome in ('quarantined', 'conflict')
   and not exists (select from vaultbook.resolutions as r where r.inbox_id = i.id and r.decision = 'resolved')
   -- What had no readable signature is another row once it has one: the replay says so.
   and not exists (
     select from vaultbook.resolutions as r
      where r.inbox_id = i.id and r.decision = 'replayed' and r.outcome not in ('quarantined', 'conflict')
   );
comment on view vaultbook.undecided is 'What is in quarantine or in conflict, and nobody has resolved.';
comment on column vaultbook.undecided.id is 'As in inbox';
comment on column vaultbook.undecided.signature is 'As in inbox';
comment on column vaultbook.undecided.outcome is 'quarantined or conflict';
comment on column vaultbook.undecided.code is 'As in inbox: of undecodable_event the alert is one of its own';
revoke all on vaultbook.undecided from public, anon, authenticated, service_role;
grant select on vaultbook.undecided to vaultbook_ledger, service_role;

create function vaultbook.close_quarantine_alerts() returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.alerts as a
     set resolved_at = clock_timestamp()
   where a.alert_type in ('quarantined', 'undecodable_event', 'conflict') and a.resolved_at is null
     and not exists (
       select from vaultbook.undecided as u
        where case when u.outcome = 'conflict' then 'conflict'
                   when u.code = 'undecodable_event' then 'undecodable_event'
                   else 'quarantined' end = a.alert_type
          -- The subject is a signature, or all of the inbox.
          and (u.signature = a.subject or a.subject in ('inbox', 'system'))
     );
end
$$;
comment on function vaultbook.close_quarantine_alerts() is
  'Resolves the alerts of quarantine and conflicts of which nothing is left that a person has to look at: it was decided, or a later '
  'delivery or the sweep brought it so that it can be read. The monitor calls it every minute, so that no delivery has to.';
alter function vaultbook.close_quarantine_alerts() owner to vaultbook_ledger;
grant execute on function vaultbook.close_quarantine_alerts() to service_role;

create function vaultbook.resolve_item(p_id bigint, p_by text, p_reason text) returns vaultbook.resolutions
language plpgsql
security definer
set search_path = ''
as $$
declare
  item vaultbook.inbox;
  decided vaultbook.resolutions;
begin
  select * into item from vaultbook.inbox as i where i.id = p_id for no key update;
  if item.id is null then
    raise exception 'The inbox has no item %', p_id using errcode = 'VB601';
  end if;
  select * into decided from vaultbook.resolutions as r where r.inbox_id = p_id and r.decision = 'resolved';
  if decided.id is not null then
    return decided;
  end if;
  if not exists (select from vaultbook.undecided as u where u.id = p_id) then
    raise exception 'Item % is not in quarantine: it is %', p_id, item.outcome using errcode = 'VB602';
  end if;
  insert into vaultbook.resolutions (inbox_id, decision, reason, decided_by, outcome, code)
  values (p_id, 'resolved', p_reason, p_by, item.outcome, item.code)
  returning * into decided;
  perform vaultbook.close_quarantine_alerts();
  return decided;
end
$$;
comment on function vaultbook.resolve_item(bigint, text, text) is
  'Notes that somebody looked at an item in quarantine, or at a conflict, and that nothing is to be done: who and why. Nothing else changes; '
  'alerts that are about nothing else any more are resolved. Repeating it is harmless, and the first one stays on record. Raises VB601 no '
  'such item, VB602 nothing to decide about it.';
alter function vaultbook.resolve_item(bigint, text, text) owner to vaultbook_ledger;

create function vaultbook.item_to_replay(
  p_id bigint, out delivery_id bigint, out delivery_position integer, out signature text, out source text, out body bytea,
  out finalized boolean
)
language plpgsql stable
security definer
set search_path = ''
as $$
declare
  outcome text;
begin
  select case when i.outcome <> 'quarantined' then i.outcome else coalesce(became.outcome, i.outcome) end, d.id, i.delivery_position, i.signature::text, d.source, d.body, d.finalized
    into outcome, delivery_id, delivery_position, signature, source, body, finalized
    from vaultbook.inbox as i
    join vaultbook.deliveries as d on d.id = i.delivery_id
    left join lateral (
      select r.outcome from vaultbook.resolutions as r where r.inbox_id = i.id and r.decision = 'replayed' order by r.id desc limit 1
    ) as became on true
   where i.id = p_id;
  if delivery_id is null then
    raise exception 'The inbox has no item %', p_id using errcode = 'VB601';
  end if;
  if outcome <> 'quarantined' or source = 'correction' then
    raise exception 'Item % is not in quarantine: it is %', p_id, outcome using errcode = 'VB602';
  end if;
end
$$;
comment on function vaultbook.item_to_replay(bigint) is
  'The delivery in which an item in quarantine came, and where in it; also of one that was resolved. Raises VB601 no such item, VB602 it is not in quarantine.';
alter function vaultbook.item_to_replay(bigint) owner to vaultbook_ledger;

create function vaultbook.note_replay(p_id bigint, p_signature text, p_by text, p_reason text) returns vaultbook.resolutions
language plpgsql
security definer
set search_path = ''
as $$
declare
  decided vaultbook.resolutions;
begin
  -- What had no signature when it first came is the row of the signature that it has now.
  insert into vaultbook.resolutions (inbox_id, decision, reason, decided_by, outcome, code)
  select p_id, 'replayed', p_reason, p_by, became.outcome, became.code
    from vaultbook.inbox as i
    join vaultbook.inbox as became
      on became.id = i.id or (i.signature is null and became.signature = p_signature and became.outcome <> 'conflict')
   where i.id = p_id
   order by became.id = i.id
   limit 1
  returning * into decided;
  perform vaultbook.close_quarantine_alerts();
  return decided;
end
$$;
comment on function vaultbook.note_replay(bigint, text, text, text) is
  'Notes that an item''s bytes were read again – under this signature, where one can be read – and what it is now; resolves the alerts that '
  'are about nothing any more.';
alter function vaultbook.note_replay(bigint, text, text, text) owner to vaultbook_ledger;

grant execute on function
  vaultbook.resolve_item(bigint, text, text), vaultbook.item_to_replay(bigint), vaultbook.note_replay(bigint, text, text, text)
to service_role;
