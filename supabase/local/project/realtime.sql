-- Realtime as a new Supabase project has it. Run by a superuser; safe to run again. What a real project learns from the
-- write-ahead log is done here with triggers and NOTIFY (which makes transactions that send queue up to commit, one after
-- the other); everything that exists for that reason alone is named `_local_…` and is not on a real project.

-- A real project partitions this table by day and drops a partition after three days. One plain table is enough here:
-- realtime._local_delete_old() keeps to the same three days.
create table if not exists realtime.messages (
  topic text not null,
  extension text not null,
  payload jsonb,
  event text,
  private boolean default false,
  updated_at timestamp without time zone not null default (now() at time zone 'utc'),
  inserted_at timestamp without time zone not null default (now() at time zone 'utc'),
  id uuid not null default gen_random_uuid(),
  binary_payload bytea,
  constraint messages_payload_exclusive check (payload is null or binary_payload is null),
  constraint messages_pkey primary key (id, inserted_at)
);

-- Serves replay. The second one exists only so that deleting old messages does not read the young ones.
create index if not exists messages_inserted_at_topic_index on realtime.messages (inserted_at desc, topic)
  where extension = 'broadcast' and private is true;
create index if not exists _local_messages_by_age on realtime.messages using brin (inserted_at);

-- Superusers skip row security; `postgres` skips it too (bypassrls), as on a real project.
alter table realtime.messages owner to supabase_realtime_admin;
alter table realtime.messages enable row level security;
grant select, insert, update on realtime.messages to postgres, anon, authenticated, service_role;

-- On a real project the supautils extension lets `postgres` write policies on this table, which it does not own. Here
-- `postgres` is a member of the owner instead. The owner has no CREATE on the schema, so neither has `postgres`.
grant usage on schema realtime to supabase_realtime_admin;
grant supabase_realtime_admin to postgres;

-- These three have no `set search_path`, as upstream: policies and triggers that they set off see the caller's.
create or replace function realtime.topic() returns text
language sql stable
as $$
  select nullif(current_setting('realtime.topic', true), '')::text;
$$;

create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true)
returns void
language plpgsql
as $$
declare
  message_id uuid;
  message jsonb;
begin
  begin
    message_id := gen_random_uuid();
    -- Fails for a payload that is not an object, and is then swallowed below like every other error.
    message := case when payload ? 'id' then payload else jsonb_set(payload, '{id}', to_jsonb(message_id)) end;

    perform set_config('realtime.topic', topic, true);

    insert into realtime.messages (id, payload, event, topic, private, extension)
    values (message_id, message, event, topic, private, 'broadcast');
  exception when others then
    raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
  end;
end
$$;

create or replace function realtime.send_binary(payload bytea, event text, topic text, private boolean default true)
returns void
language plpgsql
as $$
begin
  begin
    perform set_config('realtime.topic', topic, true);

    insert into realtime.messages (binary_payload, event, topic, private, extension)
    values (payload, event, topic, private, 'broadcast');
  exception when others then
    raise warning 'WarnSendingBroadcastMessage: %', sqlerrm;
  end;
end
$$;

create or replace function realtime.broadcast_changes(
  topic_name text, event_name text, operation text, table_name text, table_schema text,
  new record, old record, level text default 'ROW'
)
returns void
language plpgsql
as $$
begin
  if level = 'STATEMENT' then
    raise exception 'function can only be triggered for each row, not for each statement';
  end if;
  if operation not in ('INSERT', 'UPDATE', 'DELETE') then
    raise exception 'Unexpected operation type: %', operation;
  end if;
  perform realtime.send(
    jsonb_build_object(
      'old_record', old, 'record', new, 'operation', operation, 'table', table_name, 'schema', table_schema),
    event_name,
    topic_name);
exception when others then
  raise exception 'Failed to process the row: %', sqlerrm;
end
$$;

alter function realtime.topic() owner to supabase_realtime_admin;
alter function realtime.send(jsonb, text, text, boolean) owner to supabase_realtime_admin;
alter function realtime.send_binary(bytea, text, text, boolean) owner to supabase_realtime_admin;
alter function realtime.broadcast_changes(text, text, text, text, text, record, record, text)
  owner to supabase_realtime_admin;

-- Migrations add tables to it, so `postgres` must own it.
do $$
begin
  if not exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
    alter publication supabase_realtime owner to postgres;
  end if;
end
$$;

-- From here on local mechanics. One row for each message to broadcast and each change of a published table. The
-- transaction that wrote it is noted, so that a server whose connection was cut can ask for exactly what became visible
-- meanwhile. Unlogged: a crash of the database may empty it, and delivery is at most once anyway.
create unlogged table if not exists realtime._local_feed (
  position bigint generated always as identity,
  transaction_id xid8 not null default pg_current_xact_id(),
  recorded_at timestamptz not null default now(),
  -- A message…
  message_id uuid,
  -- …or a change. The rows are as to_jsonb() gives them; what a subscriber may see of them is decided on delivery.
  entity oid,
  action text,
  new_row jsonb,
  old_row jsonb,
  constraint _local_feed_pkey primary key (position),
  constraint holds_a_message_or_a_change check ((message_id is null) <> (entity is null)),
  constraint a_change_names_its_action check ((entity is null) = (action is null))
);
create index if not exists _local_feed_by_transaction on realtime._local_feed (transaction_id);

-- PostgreSQL delivers notifications in the order of commits, and one of equal ones per transaction: a transaction that
-- sends five hundred messages notifies once.
create or replace function realtime._local_notify() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform pg_catalog.pg_notify('realtime_local_feed', pg_catalog.pg_current_xact_id()::text);
  return null;
end
$$;

create or replace trigger _local_notify after insert on realtime._local_feed
  for each statement execute function realtime._local_notify();

create or replace function realtime._local_record_message() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  insert into realtime._local_feed (message_id) values (new.id);
  return null;
end
$$;

-- The same messages that upstream passes on; the probes of realtime._local_authorize() are not among them.
create or replace trigger _local_record_message after insert on realtime.messages
  for each row
  when (
    new.event is not null
    and new.private is not null
    and (new.payload is not null or new.binary_payload is not null)
  )
  execute function realtime._local_record_message();

-- Times in records are in UTC whatever the writer's zone, because upstream's server writes them.
create or replace function realtime._local_record_change() returns trigger
language plpgsql security definer set search_path = '' set timezone = 'UTC'
as $$
begin
  insert into realtime._local_feed (entity, action, new_row, old_row)
  values (
    tg_relid,
    tg_op,
    case when tg_op <> 'DELETE' then to_jsonb(new) end,
    case when tg_op <> 'INSERT' then to_jsonb(old) end);
  return null;
end
$$;

-- Gives every table of the publication supabase_realtime the recording trigger, and takes it from every other.
create or replace function realtime._local_record_published_tables() returns void
language plpgsql security definer set search_path = ''
as $$
declare
  entity regclass;
  is_published boolean;
begin
  for entity, is_published in
    select coalesce(published.entity, recorded.entity), published.entity is not null
      from (
        select format('%I.%I', schemaname, tablename)::regclass as entity
          from pg_catalog.pg_publication_tables where pubname = 'supabase_realtime'
      ) as published
      full join (
        select tgrelid::regclass as entity from pg_catalog.pg_trigger where tgname = '_local_record_change'
      ) as recorded on recorded.entity = published.entity
     where published.entity is null or recorded.entity is null
  loop
    if is_published then
      execute format(
        'create trigger _local_record_change after insert or update or delete on %s '
        'for each row execute function realtime._local_record_change()', entity);
    else
      execute format('drop trigger _local_record_change on %s', entity);
    end if;
  end loop;
end
$$;

create or replace function realtime._local_follow_publication() returns event_trigger
language plpgsql security definer set search_path = ''
as $$
begin
  perform realtime._local_record_published_tables();
end
$$;

drop event trigger if exists _local_follow_publication;
create event trigger _local_follow_publication on ddl_command_end
  when tag in ('CREATE PUBLICATION', 'ALTER PUBLICATION', 'DROP PUBLICATION')
  execute function realtime._local_follow_publication();

-- Three days of messages, as upstream; an hour of the feed, which is how long a server may be without its connection.
create or replace function realtime._local_delete_old() returns void
language sql security definer set search_path = ''
as $$
  delete from realtime.messages where inserted_at < (now() at time zone 'utc') - interval '3 days';
  delete from realtime._local_feed where recorded_at < now() - interval '1 hour';
$$;

-- What upstream's server does before it lets anyone into a private channel: write probe messages as the owner, become
-- the caller, see which of them can be read and which could be written, and leave no trace. The probes hold nothing but
-- topic and extension, so a policy can look at nothing else. Returns the extensions ('broadcast', 'presence') that pass.
-- Raises what a policy raises. No `set search_path`, for the reason given above.
create or replace function realtime._local_authorize(
  topic_name text, role_name text, claims text, headers text, to_read text[], to_write text[],
  out readable text[], out writable text[]
)
language plpgsql
as $$
declare
  probes uuid[];
  wanted text;
begin
  -- Nothing that lasts is written, so nobody need wait for the disk.
  perform set_config('synchronous_commit', 'off', true);
  writable := '{}';
  begin
    with probe as (
      insert into realtime.messages (topic, extension) select topic_name, unnest(to_read) returning id
    )
    select array_agg(id) into probes from probe;

    perform set_config('role', role_name, true),
            set_config('realtime.topic', topic_name, true),
            set_config('request.jwt.claims', claims, true),
            set_config('request.jwt.claim.sub', coalesce(claims::jsonb ->> 'sub', ''), true),
            set_config('request.jwt.claim.role', role_name, true),
            set_config('request.headers', headers, true);

    readable := array(select message.extension from realtime.messages as message where message.id = any (probes));

    foreach wanted in array to_write loop
      begin
        insert into realtime.messages (topic, extension) values (topic_name, wanted);
        writable := writable || wanted;
      exception when insufficient_privilege then
        null;
      end;
    end loop;

    raise exception using errcode = 'RTLBK', message = 'undo the probes';
  exception when sqlstate 'RTLBK' then
    null;
  end;
end
$$;

-- The server connects as a superuser; nobody else has any business with the local functions.
revoke execute on function
  realtime._local_notify(),
  realtime._local_record_message(),
  realtime._local_record_change(),
  realtime._local_record_published_tables(),
  realtime._local_follow_publication(),
  realtime._local_delete_old(),
  realtime._local_authorize(text, text, text, text, text[], text[])
from public;

select realtime._local_record_published_tables();
