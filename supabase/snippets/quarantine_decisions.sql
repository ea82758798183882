-- What was decided about quarantine and conflicts, the latest first.
select decided_at, decision, decided_by, reason, outcome, code, signature, item_id
  from public.quarantine_decisions
 order by decided_at desc
 limit 200;
