/**
 * Single mistakes in the ledger's SQL, each as a replacement of text in one function or view, as PostgreSQL gives it back.
 *
 * @module
 */
import { bug, type PlantedBug } from "./planted_bug.ts";
import { FORKS, OVERRULING, OWNERS } from "./planted_bugs_of_forks.ts";
import { TOTALS } from "./planted_bugs_of_totals.ts";

/** What happens to which balance. */
const EFFECTS: readonly PlantedBug[] = [
  bug(
    "movements",
    "a withdrawal takes from what is locked",
    "('withdrawal'::text,'-1'::integer,0,",
    "('withdrawal'::text,'-1'::integer,'-1'::integer,",
  ),
  bug(
    "movements",
    "a lock shows the total",
    "('lock'::text,0,1,false,'available'::text)",
    "('lock'::text,0,1,false,'total'::text)",
  ),
  bug("movements", "an unlock locks", "('unlock'::text,0,'-1'::integer", "('unlock'::text,0,1"),
  bug("movements", "what arrives is locked", "('transfer_in'::text,1,0,", "('transfer_in'::text,1,1,"),
  bug(
    "movements",
    "a transfer leaves the locked part alone",
    "('transfer_out'::text,'-1'::integer,'-1'::integer,",
    "('transfer_out'::text,'-1'::integer,0,",
  ),
  bug(
    "movements",
    "a fee takes more than is locked",
    "('fee'::text,'-1'::integer,'-1'::integer,true",
    "('fee'::text,'-1'::integer,'-1'::integer,false",
  ),
  bug(
    "movements",
    "a fee shows the available balance",
    "('fee'::text,'-1'::integer,'-1'::integer,true,'total'::text)",
    "('fee'::text,'-1'::integer,'-1'::integer,true,'available'::text)",
  ),
  bug("legs", "a fee is any transfer to another", "= 'FeeCollection'::text", "<> 'FeeCollection'::text"),
  bug("legs", "what leaves names its own owner", "e.to_owner AS counterparty", "e.owner AS counterparty"),
  bug(
    "legs",
    "what arrives names its own owner",
    "e.owner AS counterparty,\n    e.reason AS note\n   FROM vaultbook.events e\n  WHERE ((e.kind = 'transfer'",
    "e.to_owner AS counterparty,\n    e.reason AS note\n   FROM vaultbook.events e\n  WHERE ((e.kind = 'transfer'",
  ),
  bug(
    "legs",
    "the reason gets lost",
    "e.reason AS note\n   FROM vaultbook.events e\n  WHERE ((e.kind = ANY",
    "NULL::text AS note\n   FROM vaultbook.events e\n  WHERE ((e.kind = ANY",
  ),
  bug(
    "legs",
    "a failed transfer arrives",
    "WHERE ((e.kind = 'transfer'::text) AND (NOT e.failed))",
    "WHERE (e.kind = 'transfer'::text)",
  ),
  bug(
    "legs",
    "a failed transaction is confirmed",
    "WHEN e.failed THEN 'failed'::text",
    "WHEN e.failed THEN 'confirmed'::text",
  ),
  bug("legs", "an amount is one off", "    e.amount,\n    e.to_owner", "    (e.amount + 1) AS amount,\n    e.to_owner"),
  bug("events", "a conflict counts too", "WHERE (i.outcome <> 'conflict'::text)", "", /what contradicts/),
];

/** Order, and the running balances. */
const THREADS: readonly PlantedBug[] = [
  bug(
    "fold",
    "the place in the block does not count",
    "partition by d.owner\n        order by d.slot, d.transaction_index, d.signature",
    "partition by d.owner\n        order by d.slot, d.signature",
  ),
  bug(
    "fold",
    "events of one transaction run backwards",
    "d.signature, d.event_index, d.transaction_type = 'transfer_in'",
    "d.signature, d.event_index desc, d.transaction_type = 'transfer_in'",
  ),
  bug(
    "fold",
    "what goes to oneself arrives before it leaves",
    "d.event_index, d.transaction_type = 'transfer_in'",
    "d.event_index, d.transaction_type <> 'transfer_in'",
  ),
  bug(
    "fold",
    "a failed transaction moves the total",
    "case th.status when 'confirmed' then m.total_sign",
    "case th.status when th.status then m.total_sign",
  ),
  bug(
    "fold",
    "a failed transaction moves what is locked",
    "case th.status when 'confirmed' then m.locked_sign",
    "case th.status when th.status then m.locked_sign",
  ),
  bug(
    "fold",
    "what is locked may go below nothing",
    "greatest(0, max(- r.unfloored) filter (where r.spends) over chain)",
    "0",
  ),
  bug("fold", "every row takes what is locked first", "filter (where r.spends) over chain", "over chain"),
  bug("fold", "a late event begins from nothing", "coalesce(last.total_after, 0)", "0"),
  bug("fold", "a late event forgets what was locked", "coalesce(last.locked_after, 0)", "0"),
  bug(
    "fold",
    "a late event begins from a row of another vault",
    "where t.vault_owner = h.owner and t.rolled_back_at is null\n             and (t.slot",
    "where t.rolled_back_at is null\n             and (t.slot",
  ),
  bug(
    "fold",
    "what follows in the same slot is not threaded anew",
    "(later.slot, later.transaction_index) >= (h.slot, h.transaction_index)",
    "later.slot > h.slot",
  ),
  bug(
    "fold",
    "only the next slots are threaded anew",
    "(later.slot, later.transaction_index) >= (h.slot, h.transaction_index)",
    "(later.slot, later.transaction_index) >= (h.slot, h.transaction_index) and later.slot < h.slot + 20",
  ),
  bug(
    "fold",
    "a lock's row begins where it ends",
    "else f.total_after - f.locked_after + f.locked_delta end",
    "else f.total_after - f.locked_after end",
  ),
  bug(
    "post",
    "later rows follow only where the total changes",
    "(t.total_after <> f.total_after or t.locked_after <> f.locked_after)",
    "t.total_after <> f.total_after",
  ),
  bug(
    "post",
    "later rows keep what they showed",
    "set balance_before = f.balance_before, balance_after = f.balance_after,",
    "set balance_before = f.balance_before,",
  ),
  bug("post", "a vault holds what its first new row says", "order by f.slot desc, f.tr", "order by f.slot, f.tr"),
  bug(
    "post",
    "rows threaded anew are deposited again",
    "case when f.id is null then f.total_delta end as delta",
    "f.total_delta as delta",
  ),
  bug(
    "post",
    "transfers count as deposits",
    "m.transaction_type = 'deposit'",
    "m.transaction_type in ('deposit', 'transfer_in')",
  ),
  bug("post", "withdrawals are not summed up", "v.total_withdrawn + b.withdrawn", "v.total_withdrawn"),
];

/** What is let in, what waits, what is refused. */
const ADMISSION: readonly PlantedBug[] = [
  bug("misfits", "what is locked may exceed the total", "or f.total_after < f.locked_after ", ""),
  bug("misfits", "nothing is too large", " or f.total_after > 9223372036854775807\n", "\n"),
  bug("misfits_of", "what is too large waits", "case when exceeds then 'quarantined' else 'parked' end", "'parked'"),
  bug("misfits_of", "the earliest has to go, not the latest", "select max(r.place)", "select min(r.place)"),
  bug("misfits_of", "what takes is to blame for too much", "and exceeds = (", "and exceeds <> ("),
  bug("misfits_of", "what is locked may go below nothing", "locked[at] := greatest(locked[at], 0);", "null;"),
  bug(
    "misfits_of",
    "the walk begins from nothing",
    "total[0] := coalesce(opening.total_after, 0)::numeric;",
    "total[0] := 0;",
  ),
  bug(
    "misfits_of",
    "what waits does not look at its own slot",
    "case when not exceeds then own.slot end",
    "case when not exceeds then own.slot - 1 end",
  ),
  bug("short_at", "what is short later does not wait for it", "else later.slot end", "else n.slot end"),
  bug("refuse_openers", "a refused vault stays", "if leaving <> '{}' then", "if false then", /cannot stand/),
  bug("decide", "what was left out in bad company stays out", "exit when left_out = '{}';", "exit;"),
  bug("decide", "what is short alone forgets its company", "greatest(s.slot, i.waits_until_slot)", "s.slot"),
  bug(
    "with_waiting",
    "failed ones wait for ever",
    "and (w.outcome = 'parked' or w.code is not null)",
    "and w.outcome = 'parked'",
  ),
  bug(
    "with_waiting",
    "parked ones wait for ever",
    "w.outcome = 'parked' or w.code is not null",
    "w.outcome = 'failed'",
  ),
  bug("with_waiting", "an earlier event mends nothing", "r.slot <= w.waits_until_slot", "r.slot = w.waits_until_slot"),
  bug(
    "with_waiting",
    "what waits for another waiting one is not reached",
    "on w.vaults && r.vaults",
    "on w.vaults && r.vaults and r.signature = any (p_signatures)",
  ),
  bug(
    "admit",
    "anybody's name will do",
    "or (e.named_owner <> e.owner and not e.failed))",
    ")",
  ),
  bug(
    "admit",
    "a failed one does not wait for its vault",
    "and not (e.failed and e.kind in ('initialise', 'close', 'pause'))",
    "and not e.failed",
  ),
  bug(
    "open_vaults",
    "a failed transaction opens a vault",
    "e.kind = 'initialise' and not e.failed",
    "e.kind = 'initialise'",
  ),
  bug(
    "decide",
    "what waits is not settled with what is new",
    "vaultbook.with_waiting(p_signatures, p_taken_back)",
    "p_signatures",
  ),
  bug(
    "apply_together",
    "a failed transaction is applied",
    "then 'failed' else 'applied' end",
    "then 'applied' else 'applied' end",
  ),
];

/** What is said about the whole protocol. */
const PAUSES: readonly PlantedBug[] = [
  bug(
    "change_status",
    "a failed transaction pauses",
    "e.kind in ('close', 'pause') and not e.failed",
    "e.kind in ('close', 'pause')",
  ),
  bug("change_status", "every word on pausing pauses", "when e.paused then 'pause' else 'resume'", "else 'pause'"),
];

/** What is told, and what is remembered. */
const INBOX: readonly PlantedBug[] = [
  bug(
    "receive",
    "another content is a repetition",
    "known.content_sha256 <> item.digest",
    "known.content_sha256 <> item.digest and false",
  ),
  bug(
    "receive",
    "repetitions in one delivery count once",
    "times_seen = known.times_seen + r.times",
    "times_seen = known.times_seen + 1",
    /^repetitions/,
  ),
  bug(
    "receive",
    "a conflict is counted once",
    "do update set times_seen = known.times_seen + excluded.times_seen",
    "do update set times_seen = known.times_seen",
    /^repetitions/,
  ),
  bug(
    "receive",
    "what could not be read never can be",
    "known.outcome in ('ignored', 'parked', 'quarantined')",
    "known.outcome in ('ignored', 'quarantined')",
  ),
  bug("ingest", "a repetition is told as what it repeats", "else 'duplicate' end", "else s.held_outcome end"),
  bug(
    "ingest",
    "a conflict is told as a repetition",
    "case when s.is_conflict then 'conflict'",
    "case when s.is_conflict then 'duplicate'",
  ),
];

/** All of them. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  ...[EFFECTS, THREADS, ADMISSION, PAUSES, INBOX, TOTALS].flat(),
  ...FORKS.map((planted) => ({ about: /^row [78]:/, ...planted })),
  ...OVERRULING.map((planted) => ({ about: /^row [28]:/, ...planted })),
  ...OWNERS.map((planted) => ({ about: /^row 5[34]:/, ...planted })),
];
