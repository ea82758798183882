-- Open alerts: the worst first, then the oldest.
select severity, alert_type, message, times, created_at, last_at, vault_owner, id
  from public.open_alerts
 order by array_position(array['critical', 'warning', 'info'], severity::text), created_at;
