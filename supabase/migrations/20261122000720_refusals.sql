-- Refusals: who calls the webhook without its secret is told of, in one alert, however often it happens.

create function vaultbook.note_refusals(p_count bigint, p_is_secret_set boolean) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform vaultbook.try_alert(row (
    'webhook_unauthorized', 'webhook', null,
    case when p_is_secret_set then 'Somebody calls the webhook with a wrong secret, and is refused'
         else 'The webhook refuses every delivery: HELIUS_WEBHOOK_SECRETS is not set' end,
    jsonb_build_object('is_secret_set', p_is_secret_set, 'count', p_count)
  )::vaultbook.occurrence);
end
$$;
comment on function vaultbook.note_refusals(bigint, boolean) is
  'Raises webhook_unauthorized for so many calls that were refused. Each instance of the function tells of them once a minute at most.';

create function vaultbook.settle_refusals() returns bigint
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- Longer than Helius waits before it tries a delivery again.
  quiet constant interval := interval '1 hour';
  resolved bigint;
begin
  update public.alerts as a
     set resolved_at = now()
   where a.alert_type = 'webhook_unauthorized' and a.resolved_at is null
     and coalesce((a.data ->> 'last_at')::timestamptz, a.created_at) < now() - quiet;
  get diagnostics resolved = row_count;
  return resolved;
end
$$;
comment on function vaultbook.settle_refusals() is
  'Resolves webhook_unauthorized once nobody was refused for an hour. Returns how many.';
grant execute on function vaultbook.note_refusals(bigint, boolean), vaultbook.settle_refusals() to service_role;
