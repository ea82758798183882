-- Quarantine and conflicts: what a person has to look at, the oldest first. To say that nothing is to be done:
--   select vaultbook.resolve_item(<id>, 'your name', 'why');
-- To read it again, after the IDL was corrected: POST /functions/v1/api/quarantine/<id>/replay, or the button on the ops page.
select id, outcome, code, reason, signature, slot, times_seen, first_seen_at, replayed_at
  from public.quarantine
 order by first_seen_at;
