-- Ingest lag: for how long nothing new came, and slots that no sweep has seen yet.
select clock_timestamp() - last_received_at as since_last_received, last_source, lag_slots, swept_slot, tip_slot, swept_at
  from public.ingest_lag;
