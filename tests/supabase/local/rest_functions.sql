-- Functions that the tests of the REST stand-in call.
create function public.add_them(a integer, b integer default 10) returns integer
language sql immutable as $$ select a + b $$;

create function public.echo_exact(x bigint, y numeric) returns table (x bigint, y numeric)
language sql immutable as $$ select x, y $$;

create function public.projects_of(client bigint) returns setof public.projects
language sql stable set search_path = ''
as $$ select * from public.projects p where p.client_id = $1 order by p.id $$;

create function public.one_project(project bigint) returns public.projects
language sql stable set search_path = ''
as $$ select * from public.projects p where p.id = $1 $$;

create function public.three_numbers() returns setof integer
language sql immutable as $$ values (1), (2), (3) $$;

create function public.no_text() returns text
language sql immutable as $$ select null::text $$;

create function public.do_nothing() returns void
language sql as $$ select $$;

create function public.with_out(given integer, out doubled integer, out halved numeric)
language sql immutable as $$ select given * 2, given / 2.0 $$;

create function public.take_json(json) returns json
language sql immutable as $$ select $1 $$;

create function public.take_text(text) returns text
language sql immutable as $$ select upper($1) $$;

create function public.take_bytes(bytea) returns text
language sql immutable as $$ select encode($1, 'hex') $$;

create function public.add_all(variadic numbers integer[]) returns bigint
language sql immutable as $$ select sum(n) from unnest(numbers) n $$;

create function public.overloaded(a integer) returns text
language sql immutable as $$ select 'one' $$;

create function public.overloaded(a integer, b integer) returns text
language sql immutable as $$ select 'two' $$;

create function public.unclear(a integer) returns text
language sql immutable as $$ select 'integer' $$;

create function public.unclear(a text) returns text
language sql immutable as $$ select 'text' $$;

create function public.who() returns jsonb
language sql stable
as $$
  select jsonb_build_object(
    'role', current_user,
    'jwt_role', auth.role(),
    'uid', auth.uid(),
    'method', current_setting('request.method', true),
    'path', current_setting('request.path', true),
    'headers', current_setting('request.headers', true)::jsonb,
    'cookies', current_setting('request.cookies', true)::jsonb,
    'search_path', current_setting('search_path'),
    'timeout', current_setting('statement_timeout'),
    'timezone', current_setting('timezone')
  )
$$;

create function public.add_counter(name text) returns bigint
language sql as $$ insert into public.counters (label) values (name) returning id $$;

create function public.add_counters(names text[]) returns setof public.counters
language sql as $$ insert into public.counters (label) select unnest(names) returning * $$;

create function public.fail_loudly(code text default 'P0001') returns void
language plpgsql
as $$
begin
  raise exception 'it failed' using errcode = code, detail = 'the detail', hint = 'the hint';
end
$$;

create function public.fail_in_json() returns void
language plpgsql
as $$
begin
  raise sqlstate 'PGRST' using
    message = '{"code": "123", "message": "Payment required", "details": "quota", "hint": "upgrade"}',
    detail = '{"status": 402, "headers": {"X-Powered-By": "tests"}}';
end
$$;

create function public.answer_as(status text, headers text default null) returns text
language plpgsql
as $$
begin
  perform set_config('response.status', status, true);
  perform set_config('response.headers', coalesce(headers, ''), true);
  return 'answered';
end
$$;

create function public.sleep_for(seconds double precision) returns text
language plpgsql as $$ begin perform pg_sleep(seconds); return 'awake'; end $$;

create function public.sleep_briefly() returns text
language plpgsql set statement_timeout = '200ms' as $$ begin perform pg_sleep(1); return 'awake'; end $$;

create function public.only_service() returns integer
language sql as $$ select 1 $$;
revoke execute on function public.only_service() from public, anon, authenticated;
