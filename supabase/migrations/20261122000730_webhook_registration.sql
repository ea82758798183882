-- The webhook's registration: what is not as it has to be at Helius is told of, until it is.

create function vaultbook.note_webhook_check(p_problems jsonb) returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  if jsonb_array_length(p_problems) > 0 then
    perform vaultbook.try_alert(row (
      'gap_detected', 'webhook', null,
      format('The webhook is not registered as it has to be: %s', p_problems ->> 0),
      jsonb_build_object('problems', p_problems)
    )::vaultbook.occurrence);
  else
    update public.alerts as a
       set resolved_at = now()
     where a.alert_type = 'gap_detected' and a.subject = 'webhook' and a.resolved_at is null;
  end if;
end
$$;
comment on function vaultbook.note_webhook_check(jsonb) is
  'Takes a JSON array of what is not as it has to be about the webhook at Helius: raises gap_detected with the subject webhook, for events '
  'will be missing, or resolves it where the array is empty.';
grant execute on function vaultbook.note_webhook_check(jsonb) to service_role;
