-- Monitor: what is told of because it lasts, not because it happened: low balances, broken invariants, silence.

create table vaultbook.balances_judged (
  is_only boolean not null default true,
  changed_after timestamptz not null default '-infinity',
  owner_after varchar(64) collate "C" not null default '',
  constraint balances_judged_pkey primary key (is_only),
  constraint balances_judged_are_one check (is_only)
);
comment on table vaultbook.balances_judged is 'How far low balances were looked for; one row.';
comment on column vaultbook.balances_judged.is_only is 'True: there is one row';
comment on column vaultbook.balances_judged.changed_after is 'Vaults that changed later are looked at next';
comment on column vaultbook.balances_judged.owner_after is 'The round over all vaults goes on behind this one';
alter table vaultbook.balances_judged enable row level security;
revoke all on vaultbook.balances_judged from public, anon, authenticated, service_role;
insert into vaultbook.balances_judged default values;

create function vaultbook.judge_balances(p_limit integer default 10000) returns table (looked_at bigint, raised integer, resolved bigint)
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- What begins before a look and commits after it was not seen.
  overlap constant interval := interval '5 minutes';
  judged vaultbook.balances_judged;
  lowest bigint;
  changed text[];
  latest timestamptz;
  others text[];
  low vaultbook.occurrence[];
begin
  select b.* into judged from vaultbook.balances_judged as b for update;
  select r.threshold into lowest from public.alert_rules as r where r.alert_type = 'low_balance';

  -- What changed. A transaction's vaults share their time and are looked at together.
  select coalesce(array_agg(v.owner::text), '{}'), max(v.updated_at) into changed, latest
    from (
      select c.owner, c.updated_at from public.vaults as c
       where c.updated_at > judged.changed_after order by c.updated_at fetch first p_limit rows with ties
    ) as v;
  -- And in turn all others: a threshold can change too.
  select coalesce(array_agg(v.owner::text order by v.owner), '{}') into others
    from (select o.owner from public.vaults as o where o.owner > judged.owner_after order by o.owner limit p_limit) as v;
  update vaultbook.balances_judged as b
     set changed_after = case when cardinality(changed) >= p_limit then latest else greatest(b.changed_after, now() - overlap) end,
         owner_after = case when cardinality(others) >= p_limit then others[cardinality(others)] else '' end;

  select coalesce(array_agg(row (
           'low_balance', v.owner, v.owner, format('The vault of %s has %s available, less than %s',
                                                   v.owner, vaultbook.usdt(v.available_balance), vaultbook.usdt(lowest)),
           jsonb_build_object('available_balance', v.available_balance::text, 'threshold', lowest::text)
         )::vaultbook.occurrence), '{}')
    into low
    from public.vaults as v
   where v.owner in (select unnest(changed) union select unnest(others))
     and v.status = 'active' and v.available_balance < lowest
     -- Once: it lasts until the balance is back, whoever acknowledges it meanwhile.
     and not exists (
           select from public.alerts as a where a.alert_type = 'low_balance' and a.subject = v.owner and a.resolved_at is null
         );
  raised := vaultbook.raise_alerts(low);

  update public.alerts as a
     set resolved_at = now()
    from public.vaults as v
   where a.alert_type = 'low_balance' and a.resolved_at is null and v.owner = a.subject
     and v.owner in (select unnest(changed) union select unnest(others))
     and (v.status = 'active' and v.available_balance < lowest) is not true;
  get diagnostics resolved = row_count;
  select count(*) into looked_at from (select unnest(changed) union select unnest(others)) as seen;
  return next;
end
$$;
comment on function vaultbook.judge_balances(integer) is
  'Raises low_balance for active vaults with less available than the rule''s threshold, and resolves it where that is over. Looks at the '
  'vaults that changed since the last call, p_limit at most, and in turn at so many of the others.';

create function vaultbook.judge_silence_anew() returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  slots_per_second constant numeric := 2.5;
  tip bigint;
  missed jsonb;
begin
  -- Where the chain is by now, by what the last sweep saw of it.
  select max(w.tip_slot + trunc(slots_per_second * extract(epoch from clock_timestamp() - w.seen_at))::bigint) into tip
    from vaultbook.watermarks as w;
  select coalesce(jsonb_agg(jsonb_build_object('signature', i.signature, 'slot', i.slot)), '[]') into missed
    from (select d.id from vaultbook.deliveries as d where d.source = 'sweep' order by d.id desc limit 20) as lately
    join vaultbook.inbox as i on i.delivery_id = lately.id
   where i.outcome in ('applied', 'failed');
  if tip is not null then
    perform vaultbook.judge_silence(missed, tip);
  end if;
end
$$;
comment on function vaultbook.judge_silence_anew() is
  'Judges the webhook''s silence as the sweep does, by what sweeps brought lately: the sweep may be what stopped.';

create function vaultbook.judge_parked(p_now timestamptz default clock_timestamp()) returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- The sweep looks every minute for what parked events wait for.
  patience constant interval := interval '10 minutes';
  waiting record;
begin
  select count(*) as events, min(i.first_seen_at) as since, (array_agg(i.reason order by i.id))[1] as reason,
         (array_agg(i.signature order by i.id))[1] as signature
    into waiting
    from vaultbook.inbox as i
   where i.outcome = 'parked' and i.first_seen_at < p_now - patience;
  if waiting.events = 0 then
    update public.alerts as a
       set resolved_at = p_now
     where a.alert_type = 'gap_detected' and a.subject = 'inbox' and a.resolved_at is null;
  elsif not exists (
    select from public.alerts as a where a.alert_type = 'gap_detected' and a.subject = 'inbox' and a.resolved_at is null
  ) then
    perform vaultbook.try_alert(row (
      'gap_detected', 'inbox', null,
      format('%s delivered transactions wait for something that is missing, the first one: %s', waiting.events, waiting.reason),
      jsonb_build_object('parked', waiting.events, 'since', waiting.since, 'signature', waiting.signature)
    )::vaultbook.occurrence);
  end if;
end
$$;
comment on function vaultbook.judge_parked(timestamptz) is
  'Raises gap_detected with the subject inbox for what has been parked for ten minutes, for sweeps should have found by then what it waits '
  'for; resolves it when none is.';

create table vaultbook.invariant_checks (
  invariant text not null,
  checked_at timestamptz not null,
  took interval not null,
  violations bigint,
  example text,
  constraint invariant_checks_pkey primary key (invariant),
  constraint invariant_checks_take_time check (took >= interval '0')
);
comment on table vaultbook.invariant_checks is 'When each invariant was last looked at, and what was found.';
comment on column vaultbook.invariant_checks.invariant is 'I1 to I15';
comment on column vaultbook.invariant_checks.checked_at is 'When that began';
comment on column vaultbook.invariant_checks.took is 'How long it took, or was tried';
comment on column vaultbook.invariant_checks.violations is 'What breaks it; NULL: it could not be counted in the time there was';
comment on column vaultbook.invariant_checks.example is 'One of those';
alter table vaultbook.invariant_checks enable row level security;
revoke all on vaultbook.invariant_checks from public, anon, authenticated, service_role;
grant select on vaultbook.invariant_checks to service_role;

create function vaultbook.due_invariants(p_took_at_most interval, p_now timestamptz default clock_timestamp()) returns setof text
language sql stable
security definer
set search_path = ''
as $$
  select i.invariant
    from (
      select upper(substr(c.relname, 8)) as invariant, substr(c.relname, 9)::integer as place
        from pg_catalog.pg_class as c
       where c.relnamespace = 'vaultbook'::regnamespace and c.relname ~ '^breaks_i[0-9]+$'
    ) as i
    left join vaultbook.invariant_checks as k on k.invariant = i.invariant
   where k.invariant is null
      -- Every minute, but with no more than a fiftieth of the time: what takes ten seconds comes every eight minutes.
      or ((k.took <= p_took_at_most or p_took_at_most is null) and p_now >= k.checked_at + greatest(interval '50 seconds', 50 * k.took))
   order by k.checked_at nulls first, i.place
$$;
comment on function vaultbook.due_invariants(interval, timestamptz) is
  'The invariants that should be looked at again and did not take longer than this last time (NULL: whatever they took), the longest '
  'neglected first.';

create function vaultbook.note_invariant(p_invariant text, p_took interval, p_violations bigint, p_example text) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into vaultbook.invariant_checks as k (invariant, checked_at, took, violations, example)
  values (p_invariant, clock_timestamp() - p_took, p_took, p_violations, p_example)
  on conflict (invariant) do update
     set checked_at = excluded.checked_at, took = excluded.took, violations = excluded.violations, example = excluded.example;
  if p_violations > 0 then
    -- Once: it lasts until it holds again, whoever acknowledges it meanwhile.
    if not exists (
      select from public.alerts as a where a.alert_type = 'invariant_violation' and a.subject = p_invariant and a.resolved_at is null
    ) then
      perform vaultbook.try_alert(row (
        'invariant_violation', p_invariant, null, format('Invariant %s is broken %s times: %s', p_invariant, p_violations, p_example),
        jsonb_build_object('invariant', p_invariant, 'violations', p_violations, 'example', p_example)
      )::vaultbook.occurrence);
    end if;
  elsif p_violations = 0 then
    update public.alerts as a set resolved_at = now()
     where a.alert_type = 'invariant_violation' and a.subject = p_invariant and a.resolved_at is null;
  end if;
end
$$;
comment on function vaultbook.note_invariant(text, interval, bigint, text) is
  'Notes what a look at an invariant found. A broken one raises invariant_violation; it is resolved when the invariant holds again. '
  'p_violations NULL: it took too long, and nothing is known.';

create function vaultbook.check_invariant(p_invariant text) returns bigint
language plpgsql
security definer
set search_path = ''
as $$
declare
  began constant timestamptz := clock_timestamp();
  violations bigint;
  example text;
begin
  execute format(
    'select count(*), (array_agg(b.subject || '': '' || b.detail))[1] from vaultbook.%I as b', 'breaks_' || lower(p_invariant)
  ) into violations, example;
  perform vaultbook.note_invariant(p_invariant, clock_timestamp() - began, violations, example);
  return violations;
end
$$;
comment on function vaultbook.check_invariant(text) is 'Counts what breaks an invariant, and notes it. Returns how many.';

create function vaultbook.check_dear_invariants(p_now timestamptz default clock_timestamp()) returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  dear text;
begin
  select d into dear from vaultbook.due_invariants(null, p_now) as d limit 1;
  if dear is not null then
    perform vaultbook.check_invariant(dear);
  end if;
  return dear;
end
$$;
comment on function vaultbook.check_dear_invariants(timestamptz) is
  'Looks at the invariant that was neglected longest, however long that takes: for pg_cron, which has the time that a function has not. '
  'Returns which.';

grant execute on function
  vaultbook.judge_balances(integer), vaultbook.judge_silence_anew(), vaultbook.judge_parked(timestamptz),
  vaultbook.due_invariants(interval, timestamptz),
  vaultbook.check_invariant(text), vaultbook.note_invariant(text, interval, bigint, text)
to service_role;
