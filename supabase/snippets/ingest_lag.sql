-- Ingest lag: seconds without anything new, and slots that no sweep has seen yet.
select * from public.ingest_lag;
