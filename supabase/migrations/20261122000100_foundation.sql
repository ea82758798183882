-- Foundation: the private schema, the one role that may move balances, and no privilege that was not written down.

create schema vaultbook;
comment on schema vaultbook is
  'Vaultbook''s own rooms: the chain inbox, the ledger''s functions and the invariants. Not exposed by the Data API.';
revoke all on schema vaultbook from public;

-- What a project grants to the API roles by default depends on its age, so every grant in these migrations is explicit
-- and the defaults are taken away first.
alter default privileges in schema public revoke all on tables from anon, authenticated, service_role;
alter default privileges in schema public revoke all on functions from anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from anon, authenticated, service_role;
-- Without a schema: PostgreSQL's own grant of EXECUTE to everybody can only be taken back globally.
alter default privileges revoke execute on functions from public;

-- Roles belong to the cluster, not to the database: another database of this cluster may have made it.
do $$
begin
  if not exists (select from pg_catalog.pg_roles where rolname = 'vaultbook_ledger') then
    create role vaultbook_ledger nologin noinherit;
  end if;
exception when duplicate_object or unique_violation then
  null; -- A migration of another database of this cluster was faster.
end
$$;
-- Whoever creates a role administers it, but may not yet hand functions over to it.
grant vaultbook_ledger to current_user;
comment on role vaultbook_ledger is
  'Owns the ledger''s functions. Only inside them is it the current user, and only it passes the guard of the append-only tables.';

grant usage, create on schema vaultbook to vaultbook_ledger;
grant usage on schema public to vaultbook_ledger;
grant usage on schema vaultbook to service_role;

create function vaultbook.tg_append_only() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if tg_op in ('DELETE', 'TRUNCATE') then
    raise exception 'Cannot % rows of %: it is append-only', lower(tg_op), tg_table_name
      using errcode = 'VB001', hint = 'History is corrected by a further row, never by removing one.';
  end if;
  if current_user <> 'vaultbook_ledger' then
    raise exception 'Cannot % rows of %: only the ledger''s own functions write here', lower(tg_op), tg_table_name
      using errcode = 'VB001', hint = 'Chain events come in by vaultbook.ingest().';
  end if;
  return null;
end
$$;
comment on function vaultbook.tg_append_only() is
  'Guard, before each statement: refuses delete and truncate to everybody, insert and update to everybody but the ledger''s own '
  'functions. Its triggers are ENABLE ALWAYS, so session_replication_role does not switch them off. Raises VB001.';

create function vaultbook.moment() returns timestamptz
language plpgsql
set search_path = ''
as $$
declare
  latest constant timestamptz := nullif(current_setting('vaultbook.moment', true), '')::timestamptz;
  moment constant timestamptz := greatest(clock_timestamp(), now(), latest + interval '1 microsecond');
begin
  perform set_config('vaultbook.moment', moment::text, true);
  return moment;
end
$$;
comment on function vaultbook.moment() is
  'The server''s clock, that never stands still nor goes back within a transaction: what happened after a moment has a later one, also '
  'when somebody sets the clock.';
alter function vaultbook.moment() owner to vaultbook_ledger;

create function vaultbook.usdt(amount numeric) returns text
language sql stable parallel safe
set search_path = ''
as $$
  select case when amount < 0 then '-' else '' end || to_char(abs(trunc(amount / 1000000)), 'FM999,999,999,999,999,999,999,990') || '.'
         || rpad(places.shown, greatest(2, length(places.shown)), '0') || ' USDT'
    from (select rtrim(lpad(abs(amount % 1000000)::text, 6, '0'), '0')) as places (shown)
$$;
comment on function vaultbook.usdt(numeric) is
  'An amount, or a sum of some, in base units as a person reads it: 20000500000 → 20,000.50 USDT. Exact: at least two places, never rounded.';
