-- The roles and schemas that a new Supabase project already has, as far as Vaultbook's migrations and supabase-js rely on
-- them. Run by a superuser; safe to run again. On a real project none of this is run: it is there.
do $$
declare
  needed record;
begin
  for needed in
    select *
      from (values
        ('anon',                   'nologin noinherit'),
        ('authenticated',          'nologin noinherit'),
        ('service_role',           'nologin noinherit bypassrls'),
        ('authenticator',          'login noinherit'),
        ('supabase_admin',         'login superuser createdb createrole replication bypassrls'),
        ('supabase_auth_admin',    'nologin noinherit createrole'),
        ('supabase_realtime_admin','nologin noinherit'),
        -- Hosted migrations run as this role: no superuser, but row security does not stop it.
        ('postgres',               'login nosuperuser createdb createrole replication bypassrls')
      ) as role (name, options)
  loop
    if not exists (select from pg_catalog.pg_roles where rolname = needed.name) then
      execute format('create role %I with %s', needed.name, needed.options);
    end if;
  end loop;
end
$$;

grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role, authenticator to postgres with admin option;
grant pg_monitor, pg_read_all_data, pg_signal_backend to postgres;
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';

-- Migrations create schemas, and the publication that Realtime reads belongs to them.
do $$
begin
  execute format('grant all on database %I to postgres', current_database());
end
$$;

create schema if not exists extensions authorization supabase_admin;
create schema if not exists auth authorization supabase_admin;
create schema if not exists realtime authorization supabase_admin;
create schema if not exists net authorization supabase_admin;
create schema if not exists cron authorization supabase_admin;
create schema if not exists vault authorization supabase_admin;

grant usage on schema extensions to public;
grant all on schema extensions to postgres with grant option;
grant usage on schema auth, realtime to postgres, anon, authenticated, service_role;
grant usage on schema cron, net, vault to postgres;
grant all on schema public to postgres with grant option;
grant usage on schema public to anon, authenticated, service_role;

create extension if not exists pgcrypto with schema extensions;
create extension if not exists "uuid-ossp" with schema extensions;

-- As on projects made before 30 October 2026: new tables of `postgres` are granted to the API roles unless a migration
-- says otherwise. Keeping this here proves that our migrations revoke what they must.
alter default privileges for role postgres in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on functions to anon, authenticated, service_role;
alter default privileges for role postgres in schema public grant all on sequences to anon, authenticated, service_role;
