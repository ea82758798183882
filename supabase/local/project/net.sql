-- A stand-in for the extension pg_net 0.20.4, for databases that do not have it: the same tables, types, functions,
-- signatures, error texts and grants. `supabase/local/jobs` is its worker: it sends what is committed to the queue and
-- writes the responses. Run by supabase_admin; safe to run again.
do $stand_in$
begin
  if exists (select from pg_catalog.pg_extension where extname = 'pg_net') then
    return;
  end if;

  if to_regtype('net.http_method') is null then
    create domain net.http_method as text
      check (value ilike 'get' or value ilike 'post' or value ilike 'delete');
    -- Lifecycle states of a request.
    create type net.request_status as enum ('PENDING', 'SUCCESS', 'ERROR');
    -- A response from an HTTP server.
    create type net.http_response as (status_code integer, headers jsonb, body text);
    -- A response, or why there is none.
    create type net.http_response_result as (status net.request_status, message text, response net.http_response);
  end if;

  -- Requests that the worker has not taken yet. Unlogged as in pg_net: a crash of the server loses them.
  create unlogged table if not exists net.http_request_queue (
    id                   bigserial       not null,
    method               net.http_method not null,
    url                  text            not null,
    headers              jsonb,
    body                 bytea,
    timeout_milliseconds integer         not null
  );

  -- What came of each request; kept for six hours.
  create unlogged table if not exists net._http_response (
    id           bigint,
    status_code  integer,
    content_type text,
    headers      jsonb,
    content      text,
    timed_out    boolean,
    error_msg    text,
    created      timestamptz not null default now()
  );
  create index if not exists _http_response_created_idx on net._http_response (created);

  -- Percent-encodes everything but RFC 3986's unreserved characters, byte by byte, as curl does.
  create or replace function net._urlencode_string(string varchar) returns text
  language sql immutable strict set search_path = ''
  as $function$
    select coalesce(
             string_agg(
               case
                 when chr(byte) ~ '^[A-Za-z0-9._~-]$' then chr(byte)
                 else '%' || lpad(upper(to_hex(byte)), 2, '0')
               end,
               '' order by position),
             '')
      from (select position, get_byte(convert_to(string, 'UTF8'), position) as byte
              from generate_series(0, octet_length(convert_to(string, 'UTF8')) - 1) as position) as bytes;
  $function$;

  -- Appends `key=value` pairs to a URL's query, before its fragment.
  create or replace function net._encode_url_with_params_array(url text, params_array text[]) returns text
  language plpgsql immutable strict set search_path = ''
  as $function$
  declare
    -- scheme, host, path, query, fragment
    part constant text[] := regexp_match(url, '^([A-Za-z][A-Za-z0-9+.-]*)://([^/?#\s]+)([^?#\s]*)(\?[^#\s]*)?(#\S*)?$');
    query text;
  begin
    if part is null and url ~ '^[A-Za-z][A-Za-z0-9+.-]*:' then
      raise exception using errcode = 'internal_error', message = 'Unsupported URL scheme';
    elsif part is null then
      raise exception using errcode = 'internal_error', message = 'URL using bad/illegal format or missing URL';
    end if;
    query := array_to_string(array_remove(array_prepend(nullif(substr(part[4], 2), ''), params_array), null), '&');
    return lower(part[1]) || '://' || part[2] || coalesce(nullif(part[3], ''), '/')
      || coalesce('?' || nullif(query, ''), '') || coalesce(part[5], '');
  end
  $function$;

  -- Wakes the worker, which hears of it when this transaction commits and not before.
  create or replace function net.wake() returns void
  language sql set search_path = ''
  as $function$
    select pg_catalog.pg_notify('pg_net', 'wake');
  $function$;

  -- The worker is a client here, not a process of the server; it is known by its application name, which is pg_net's.
  create or replace function net._is_worker_up() returns boolean
  language sql stable security definer set search_path = ''
  as $function$
    select exists (
      select from pg_catalog.pg_stat_activity
       where application_name like 'pg_net %' and datname = current_database());
  $function$;

  create or replace function net.check_worker_is_up() returns void
  language plpgsql set search_path = ''
  as $function$
  begin
    if not net._is_worker_up() then
      raise exception using
        message = 'the pg_net background worker is not up',
        detail = 'the pg_net background worker is down due to an internal error and cannot process requests',
        hint = 'make sure that you didn''t modify any of pg_net internal tables';
    end if;
  end
  $function$;
  comment on function net.check_worker_is_up()
    is 'raises an exception if the pg_net background worker is not up, otherwise it doesn''t return anything';

  create or replace function net.wait_until_running() returns void
  language plpgsql set search_path = ''
  as $function$
  begin
    while not net._is_worker_up() loop
      perform pg_catalog.pg_stat_clear_snapshot();
      perform pg_catalog.pg_sleep(0.05);
    end loop;
  end
  $function$;
  comment on function net.wait_until_running() is 'waits until the worker is running';

  -- There is nothing to restart in a client: it looks at the queue again.
  create or replace function net.worker_restart() returns boolean
  language plpgsql set search_path = ''
  as $function$
  begin
    perform net.wake();
    return true;
  end
  $function$;

  -- Puts a request into the queue; nothing is sent before the caller's transaction commits.
  create or replace function net._enqueue(
    method text, url text, params jsonb, headers jsonb, body jsonb, timeout_milliseconds integer
  ) returns bigint
  language plpgsql set search_path = ''
  as $function$
  declare
    request_id bigint;
  begin
    insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
    values (
      method,
      net._encode_url_with_params_array(
        url,
        array(select net._urlencode_string(key) || '=' || net._urlencode_string(value) from jsonb_each_text(params))),
      headers,
      convert_to(body::text, 'UTF8'),
      timeout_milliseconds)
    returning id into request_id;
    perform net.wake();
    return request_id;
  end
  $function$;

  create or replace function net.http_get(
    url text,
    params jsonb default '{}'::jsonb,
    headers jsonb default '{}'::jsonb,
    timeout_milliseconds integer default 5000
  ) returns bigint
  language sql set search_path = ''
  as $function$
    select net._enqueue('GET', url, params, headers, null, timeout_milliseconds);
  $function$;

  create or replace function net.http_post(
    url text,
    body jsonb default '{}'::jsonb,
    params jsonb default '{}'::jsonb,
    headers jsonb default '{"Content-Type": "application/json"}'::jsonb,
    timeout_milliseconds integer default 5000
  ) returns bigint
  language plpgsql set search_path = ''
  as $function$
  declare
    content_type text;
  begin
    select header.value into content_type
      from jsonb_each_text(coalesce(headers, '{}'::jsonb)) as header
     where lower(header.key) = 'content-type'
     limit 1;
    if content_type is null then
      headers := headers || '{"Content-Type": "application/json"}'::jsonb;
    elsif content_type <> 'application/json' then
      raise exception 'Content-Type header must be "application/json"';
    end if;
    return net._enqueue('POST', url, params, headers, body, timeout_milliseconds);
  end
  $function$;

  create or replace function net.http_delete(
    url text,
    params jsonb default '{}'::jsonb,
    headers jsonb default '{}'::jsonb,
    timeout_milliseconds integer default 5000,
    body jsonb default null
  ) returns bigint
  language sql set search_path = ''
  as $function$
    select net._enqueue('DELETE', url, params, headers, body, timeout_milliseconds);
  $function$;

  -- Blocks until a request is complete.
  create or replace function net._await_response(request_id bigint) returns boolean
  language plpgsql set search_path = ''
  as $function$
  begin
    while not exists (select from net._http_response as response where response.id = request_id) loop
      perform pg_catalog.pg_sleep(0.05);
    end loop;
    return true;
  end
  $function$;

  -- A request's response. One that is still under way and one that never was look alike, as in pg_net.
  create or replace function net._http_collect_response(request_id bigint, async boolean default true)
  returns net.http_response_result
  language plpgsql set search_path = ''
  as $function$
  declare
    found_response net._http_response;
  begin
    if not async then
      perform net._await_response(request_id);
    end if;
    select * into found_response from net._http_response as response where response.id = request_id;
    if found_response.id is null or found_response.error_msg is not null then
      return (
        'ERROR',
        coalesce(found_response.error_msg, 'request matching request_id not found'),
        null
      )::net.http_response_result;
    end if;
    return (
      'SUCCESS',
      'ok',
      (found_response.status_code, found_response.headers, found_response.content)::net.http_response
    )::net.http_response_result;
  end
  $function$;

  create or replace function net.http_collect_response(request_id bigint, async boolean default true)
  returns net.http_response_result
  language plpgsql set search_path = ''
  as $function$
  begin
    raise notice 'The net.http_collect_response function is deprecated.';
    return net._http_collect_response(request_id, async);
  end
  $function$;

  -- As pg_net grants: to everyone, the queue with its headers included. Keep the project's own keys out of it.
  grant usage on schema net to public;
  grant all on all tables in schema net to public;
  grant all on all sequences in schema net to public;
end
$stand_in$;
