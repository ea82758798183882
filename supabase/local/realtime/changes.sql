-- What a subscriber to postgres_changes may see of a recorded change. The server installs these functions when it
-- opens. They follow upstream's realtime.apply_rls: row security and column privileges are those of the subscriber, now.

-- Whether a row, as to_jsonb() gives it, passes every filter. The values are compared as values of the column's type,
-- so that `amount=gt.9` compares no texts. A row that lacks a filtered column does not pass. Raises when an operand does
-- not fit its column.
create or replace function realtime._local_passes(candidate jsonb, entity oid, filters jsonb) returns boolean
language plpgsql stable set search_path = ''
as $$
declare
  filter record;
  type_name text;
  operation text;
  passed boolean;
begin
  for filter in
    select * from jsonb_to_recordset(filters) as given (name text, operator text, operand text, negate boolean)
  loop
    select format_type(atttypid, null) into type_name
      from pg_catalog.pg_attribute
     where attrelid = entity and attname = filter.name and attnum > 0 and not attisdropped;
    if type_name is null then
      raise exception 'invalid column for filter %', filter.name;
    end if;

    operation := case filter.operator
      when 'eq' then '%1$L::%2$s = %3$L::%2$s'
      when 'neq' then '%1$L::%2$s <> %3$L::%2$s'
      when 'lt' then '%1$L::%2$s < %3$L::%2$s'
      when 'lte' then '%1$L::%2$s <= %3$L::%2$s'
      when 'gt' then '%1$L::%2$s > %3$L::%2$s'
      when 'gte' then '%1$L::%2$s >= %3$L::%2$s'
      when 'in' then '%1$L::%2$s = any (%3$L::%2$s[])'
      when 'like' then '%1$L::%2$s ~~ %3$L::text'
      when 'ilike' then '%1$L::%2$s ~~* %3$L::text'
      when 'match' then '%1$L::%2$s ~ %3$L::text'
      when 'imatch' then '%1$L::%2$s ~* %3$L::text'
      when 'isdistinct' then '%1$L::%2$s is distinct from %3$L::%2$s'
      -- Its operand is a keyword that the server has checked.
      when 'is' then '%1$L::%2$s is %3$s'
    end;
    execute 'select ' || case when filter.negate then 'not ' else '' end
      || '(' || format(operation, candidate ->> filter.name, type_name, filter.operand) || ')'
      into passed;
    if passed is not true or not candidate ? filter.name then
      return false;
    end if;
  end loop;
  return true;
end
$$;

-- Raises when nobody could ever receive a change by this subscription; returns how many published tables it covers.
-- '*' stands for every schema or table.
create or replace function realtime._local_check_subscription(
  schema_name text, table_name text, filters jsonb, columns jsonb, role_name text
)
returns bigint
language plpgsql stable set search_path = ''
as $$
declare
  entity regclass;
  wanted text;
  tables bigint := 0;
begin
  for entity in
    select format('%I.%I', schemaname, tablename)::regclass
      from pg_catalog.pg_publication_tables
     where pubname = 'supabase_realtime' and schema_name in ('*', schemaname) and table_name in ('*', tablename)
  loop
    tables := tables + 1;
    perform realtime._local_passes('{}', entity, filters);
    for wanted in
      select value ->> 'name' from jsonb_array_elements(filters) union all select jsonb_array_elements_text(columns)
    loop
      if not exists (
        select from pg_catalog.pg_attribute
         where attrelid = entity and attname = wanted and attnum > 0 and not attisdropped
           and has_column_privilege(role_name, attrelid, attnum, 'select')
      ) then
        raise exception 'invalid column for % %',
          case when columns ? wanted then 'select' else 'filter' end, wanted;
      end if;
    end loop;
  end loop;
  return tables;
end
$$;

-- Whether the caller's row security lets a row with this primary key be read. Raises what a policy raises.
create or replace function realtime._local_row_is_visible(
  entity regclass, key_of_row jsonb, role_name text, claims text
)
returns boolean
language plpgsql
as $$
declare
  visible boolean;
  condition text;
begin
  select string_agg(format('%I = %L', name, value), ' and ')
    into condition
    from jsonb_each_text(key_of_row) as key (name, value);
  begin
    perform set_config('role', role_name, true), set_config('request.jwt.claims', claims, true);
    execute format('select exists (select from %s where %s)', entity, condition) into visible;
    raise exception using errcode = 'RTLBK', message = 'be the server again';
  exception when sqlstate 'RTLBK' then
    return visible;
  end;
end
$$;

-- The named members of a row; without those of more than 64 bytes when the row is too large to send.
create or replace function realtime._local_pick(given jsonb, names text[], too_large boolean default false)
returns jsonb
language sql immutable set search_path = ''
as $$
  select coalesce(jsonb_object_agg(name, value), '{}')
    from jsonb_each(given) as member (name, value)
   where name = any (names) and (not too_large or octet_length(value::text) <= 64);
$$;

-- The named columns as upstream describes them, in the order of the table.
create or replace function realtime._local_columns(entity oid, names text[]) returns jsonb
language sql stable set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('name', attname, 'type', typname) order by attnum), '[]')
    from pg_catalog.pg_attribute
    join pg_catalog.pg_type on pg_type.oid = atttypid
   where attrelid = entity and attnum > 0 and not attisdropped and attname = any (names);
$$;

-- What decides on the visibility of a table's changes. `identity` is what PostgreSQL logs of an old row.
create or replace function realtime._local_table(
  entity oid, role_name text,
  out schema_name text, out table_name text, out is_secured boolean,
  out primary_key text[], out identity text[], out readable text[]
)
returns setof record
language sql stable set search_path = ''
as $$
  with named as (
    select attname::text, attnum,
           coalesce(bool_or(indisprimary), false) as is_primary,
           coalesce(bool_or(indisreplident), false) as is_replica_identity
      from pg_catalog.pg_attribute
      left join pg_catalog.pg_index on indrelid = attrelid and attnum = any (indkey)
     where attrelid = entity and attnum > 0 and not attisdropped
     group by attname, attnum
  )
  select nspname, relname, relrowsecurity,
         array(select attname from named where is_primary),
         array(
           select attname from named
            where case relreplident
              when 'f' then true
              when 'd' then is_primary
              when 'i' then is_replica_identity
              else false
            end),
         array(select attname from named where has_column_privilege(role_name, entity, attnum, 'select'))
    from pg_catalog.pg_class
    join pg_catalog.pg_namespace on pg_namespace.oid = relnamespace
   where pg_class.oid = entity;
$$;

-- The change at a position of the feed as one subscriber gets it, or null when that is not at all.
create or replace function realtime._local_change_for(
  change realtime._local_feed, role_name text, claims text, filters jsonb, columns text[]
)
returns jsonb
language plpgsql
as $$
declare
  table_of_change record;
  readable text[];
  too_large constant boolean := octet_length(coalesce(change.new_row, change.old_row)::text) > 1024 * 1024;
  result jsonb;
begin
  select * into table_of_change from realtime._local_table(change.entity, role_name);
  if not found then
    return null;
  end if;
  result := jsonb_build_object(
    'schema', table_of_change.schema_name, 'table', table_of_change.table_name, 'type', change.action, 'errors', null);

  if change.action <> 'DELETE' then
    if table_of_change.primary_key = '{}' then
      return result || '{"errors": ["Error 400: Bad Request, no primary key"]}';
    elsif not table_of_change.primary_key <@ table_of_change.readable then
      return result || '{"errors": ["Error 401: Unauthorized"]}';
    end if;
  end if;

  if not realtime._local_passes(
    coalesce(change.new_row, realtime._local_pick(change.old_row, table_of_change.identity)), change.entity, filters)
  then
    return null;
  end if;

  if change.action <> 'DELETE' and table_of_change.is_secured then
    begin
      if not realtime._local_row_is_visible(
        change.entity, realtime._local_pick(change.new_row, table_of_change.primary_key), role_name, claims)
      then
        return null;
      end if;
    exception when others then
      -- Withheld, because the policy could not say otherwise.
      return result || '{"errors": ["Error 500: Internal Server Error, RLS policy evaluation failed"]}';
    end;
  end if;

  readable := array(
    select name from unnest(table_of_change.readable) as name
     where cardinality(columns) = 0 or name = any (columns || table_of_change.primary_key));
  result := result || jsonb_build_object(
    'commit_timestamp', to_char(change.recorded_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'columns', realtime._local_columns(change.entity, readable));
  if change.action <> 'DELETE' then
    result := result || jsonb_build_object('record', realtime._local_pick(change.new_row, readable, too_large));
  end if;
  if change.action <> 'INSERT' then
    -- Nobody can say whose a deleted row was, so row security leaves only its key to be told.
    result := result || jsonb_build_object('old_record', realtime._local_pick(
      change.old_row,
      array(
        select name from unnest(readable) as name
         where name = any (table_of_change.identity)
           and (change.action = 'UPDATE' or not table_of_change.is_secured
             or name = any (table_of_change.primary_key))),
      too_large));
  end if;
  return result || case when too_large then '{"errors": ["Error 413: Payload Too Large"]}' else '{}' end::jsonb;
end
$$;

-- The change at a position of the feed as each of the subscribers gets it. `subscribers` is an array of
-- {"role", "claims", "filters", "columns"}; those who get nothing are left out, `subscriber` counts from 1. The data is
-- text, so that no number passes through a program that would round it.
create or replace function realtime._local_changes_for(change_position bigint, subscribers jsonb)
returns table (subscriber bigint, data text)
language plpgsql
as $$
declare
  change realtime._local_feed;
  caller record;
begin
  select * into change from realtime._local_feed where position = change_position;
  for caller in
    select number, value ->> 'role' as role, (value -> 'claims')::text as claims, value -> 'filters' as filters,
           array(select jsonb_array_elements_text(value -> 'columns')) as columns
      from jsonb_array_elements(subscribers) with ordinality as given (value, number)
  loop
    begin
      subscriber := caller.number;
      data := realtime._local_change_for(change, caller.role, caller.claims, caller.filters, caller.columns)::text;
    exception when others then
      raise warning 'WarnApplyingRlsToSubscription: %', sqlerrm;
      data := null;
    end;
    if data is not null then
      return next;
    end if;
  end loop;
end
$$;

revoke execute on function
  realtime._local_passes(jsonb, oid, jsonb),
  realtime._local_check_subscription(text, text, jsonb, jsonb, text),
  realtime._local_row_is_visible(regclass, jsonb, text, text),
  realtime._local_pick(jsonb, text[], boolean),
  realtime._local_columns(oid, text[]),
  realtime._local_table(oid, text),
  realtime._local_change_for(realtime._local_feed, text, text, jsonb, text[]),
  realtime._local_changes_for(bigint, jsonb)
from public;
