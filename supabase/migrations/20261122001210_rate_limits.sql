-- Rate limits: how often one caller may ask for what costs. Kept here and not in a function's memory, since a function has many isolates
-- and none of them lives long.

create table public.rate_limits (
  activity varchar(50) not null,
  most integer not null,
  period interval not null,
  enabled boolean not null default true,
  constraint rate_limits_pkey primary key (activity),
  constraint rate_limits_activity_is_known check (activity in ('transactions', 'history')),
  constraint rate_limits_allow_something check (most between 1 and 1000000),
  constraint rate_limits_last_no_longer_than_a_day check (period between interval '1 second' and interval '1 day')
);
comment on table public.rate_limits is
  'How often one caller may do what costs. Edited in Studio, effective at once. The service''s own keys are not limited, nor is the webhook: '
  'refusing a wrong secret costs less than counting it.';
comment on column public.rate_limits.activity is
  'transactions: starting one, which asks the chain, and signing one, which locks the vault; history: snapshots, and balances as of a time';
comment on column public.rate_limits.most is 'So many in a period; all of them at once, if the caller was silent for a period';
comment on column public.rate_limits.period is 'They come back evenly over this time';
comment on column public.rate_limits.enabled is 'False: without limit';
alter table public.rate_limits enable row level security;
revoke all on public.rate_limits from public, anon, authenticated, service_role;
grant select on public.rate_limits to authenticated, service_role;
grant update (most, period, enabled) on public.rate_limits to service_role;
create policy "Operators see the rate limits" on public.rate_limits
  for select to authenticated
  using (((select auth.jwt()) -> 'app_metadata' ->> 'role') = 'ops');

insert into public.rate_limits (activity, most, period) values
  ('transactions', 60, '1 minute'),
  ('history', 240, '1 minute');

-- Unlogged: a crash of the server forgets a minute's counting, and saves all the others the log.
create unlogged table vaultbook.allowances (
  activity varchar(50) not null,
  caller text collate "C" not null,
  used_until timestamptz not null,
  constraint allowances_pkey primary key (activity, caller)
);
comment on table vaultbook.allowances is 'Who has used how much of an allowance; whoever is not in it, none. One row a caller, however often it asks.';
comment on column vaultbook.allowances.activity is 'As in rate_limits';
comment on column vaultbook.allowances.caller is 'A wallet, or the id of a user without one';
comment on column vaultbook.allowances.used_until is
  'Each use moves it on by its part of the period, from now at least; further than a period from now it cannot be moved';
alter table vaultbook.allowances enable row level security;
revoke all on vaultbook.allowances from public, anon, authenticated, service_role;

create function vaultbook.take_allowance(p_activity text, p_caller text) returns integer
language sql
security definer
set search_path = ''
as $$
  with rule as (
    select r.activity, r.period, r.period / r.most as part from public.rate_limits as r where r.activity = p_activity and r.enabled
  ), taken as (
    insert into vaultbook.allowances as a (activity, caller, used_until)
    select r.activity, p_caller, now() + r.part from rule as r
    on conflict (activity, caller) do update
       -- A time further off than a period is of a clock that has been set back since.
       set used_until = case when a.used_until between now() and now() + (select r.period from rule as r) then a.used_until else now() end
                        + (select r.part from rule as r)
     where a.used_until not between now() + (select r.period - r.part from rule as r) + interval '1 microsecond'
                                and now() + (select r.period from rule as r)
    returning 1
  )
  select case when exists (select from taken) or not exists (select from rule) then 0 else coalesce((
    select greatest(1, ceil(extract(epoch from a.used_until + r.part - r.period - now())))::integer
      from rule as r join vaultbook.allowances as a on a.activity = r.activity and a.caller = p_caller
  ), 1) end
$$;
comment on function vaultbook.take_allowance(text, text) is
  'Takes one use of an activity for a caller: 0 where it is allowed, else the seconds after which it will be. A refusal uses nothing. Without '
  'a limit everything is allowed. Callers do not wait for each other.';

create function vaultbook.forget_allowances() returns bigint
language sql
security definer
set search_path = ''
as $$
  with forgotten as (
    -- Also what lies further off than any period: the clock was set back.
    delete from vaultbook.allowances as a where a.used_until not between now() and now() + interval '1 day' returning 1
  )
  select count(*) from forgotten
$$;
comment on function vaultbook.forget_allowances() is 'Removes whoever has used nothing that still counts, and returns how many.';

revoke all on function vaultbook.take_allowance(text, text), vaultbook.forget_allowances() from public, anon, authenticated;
grant execute on function vaultbook.take_allowance(text, text), vaultbook.forget_allowances() to service_role;
