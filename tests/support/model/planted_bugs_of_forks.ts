/**
 * Single mistakes in what the ledger does when a fork takes something back, or when a vault comes to be another owner's.
 *
 * @module
 */
import { bug, type PlantedBug } from "./planted_bug.ts";

/** What a fork takes back, and where it lands again. */
export const FORKS: readonly PlantedBug[] = [
  bug("withdraw", "what is taken back stays on the record of deposits", "l.status = 'confirmed')", "false)"),
  bug(
    "withdraw",
    "nothing is put on record",
    "vaultbook.moment() from live as l\n",
    "vaultbook.moment() from live as l where false\n",
  ),
  bug(
    "withdraw",
    "what was said of a vault's status stays said",
    "where c.signature = any (p_signatures) and c.rolled_back_at is null",
    "where false",
  ),
  bug("relocate", "the lowest place is where it lies", "p.finalized desc, p.slot desc", "p.finalized desc, p.slot"),
  bug("relocate", "a finalized place is like any other", "p.finalized desc, p.slot desc", "p.slot desc"),
  bug("relocate", "a finalized place can be lost", "where p.finalized\n        or not exists", "where not exists"),
  bug(
    "relocate",
    "a slot is lost to everybody",
    "where gone.signature = p.signature and gone.slot = p.slot",
    "where gone.slot = p.slot",
  ),
  bug("relocate", "what is lost stays lost", "else k.is_lost or (b.slot", "else (b.slot"),
  bug(
    "relocate",
    "it keeps the balances of its old place",
    "content = coalesce(b.content, i.content),",
    "",
    /lost landing told/,
  ),
  bug(
    "note_landings",
    "other places are not noted",
    "<> (i.slot, i.transaction_index)",
    "<> (i.slot, i.transaction_index) and false",
  ),
  bug(
    "roll_back",
    "lost places are forgotten",
    "as l (signature text, slot bigint)\n  on conflict",
    "as l (signature text, slot bigint) where false\n  on conflict",
  ),
  bug(
    "apply_together",
    "what depended on it stays",
    "vaultbook.misfits(fitting.folded, withdrawn <> '{}')",
    "vaultbook.misfits(fitting.folded, false)",
  ),
  bug(
    "apply_together",
    "what depended on an opening that fell stays",
    "where c.signature = any (fallen) and c.change",
    "where false and c.change",
  ),
  bug("settle", "what was tried on the way stays on record", "if decided.takes_back then", "if false then"),
  bug(
    "fold",
    "what was taken back still counts for what follows",
    "where later.vault_owner = h.owner and later.rolled_back_at is null and",
    "where later.vault_owner = h.owner and",
  ),
  bug(
    "fold",
    "what went is not where the thread begins anew",
    "select w.owner, w.slot, w.transaction_index from unnest(p_withdrawn) as w",
    "select w.owner, w.slot + 1, w.transaction_index from unnest(p_withdrawn) as w",
  ),
  bug(
    "post",
    "an emptied vault keeps what it held",
    "where v.owner = b.owner\n",
    "where v.owner = b.owner and b.owner in (select f.owner from unnest(p_rows) as f)\n",
  ),
];

/** Whose a vault is, and what state it is in. */
export const OWNERS: readonly PlantedBug[] = [
  bug("openings", "what was taken back still opens", " AND (rolled_back_at IS NULL)", ""),
  bug(
    "apply_together",
    "rows stay with the former owner",
    "astray := vaultbook.without(vaultbook.misattributed(shifted), candidates);",
    "astray := '{}';",
  ),
  bug("misattributed", "failed ones stay with the former owner", "i.outcome = 'failed' and i.code is null", "false"),
  bug("misattributed", "the counterparty stays", "and l.counterparty is not distinct from t.counterparty", ""),
  bug(
    "refresh_status",
    "the first word on a vault is the last",
    "order by c.slot desc, c.transaction_index desc, c.signature desc, c.event_index desc",
    "order by c.slot, c.transaction_index, c.signature, c.event_index",
  ),
  bug(
    "refresh_status",
    "a vault that was taken over stays open",
    "then 'closed'\n                 else",
    "then 'active'\n                 else",
  ),
  bug("change_status", "a closing pauses", "when e.kind = 'close' then 'close'", "when e.kind = 'close' then 'pause'"),
  bug(
    "open_vaults",
    "an owner can have two vaults",
    "join owned as v on v.owner = o.named_owner and v.vault_address = o.vault",
    "join owned as v on v.owner = o.named_owner",
    /nobody gets/,
  ),
];

/** What the chain finalized against what was said. */
export const OVERRULING: readonly PlantedBug[] = [
  bug(
    "overrule",
    "anybody overrules",
    "where i.finalized and (i.content",
    "where (i.content",
    /^repetitions/,
  ),
  bug("overrule", "what is finalized is overruled", " and known.proven_at is null", ""),
  bug("overrule", "what was said still counts", "vaultbook.withdraw(result.moved, 'overruled')", "'{}'"),
  bug(
    "overrule",
    "what was a conflict stays one",
    "where heard.outcome = 'conflict' and",
    "where false and",
  ),
  bug(
    "overrule",
    "what the chain shows unreadable overrules nothing",
    " or (i.outcome = 'quarantined' and i.slot is not null)",
    "",
    /cannot be read/,
  ),
  bug(
    "finalize",
    "nobody remembers that the chain's own copy is unreadable",
    " or (known.content is null and i.outcome = 'quarantined' and known.outcome = 'quarantined')",
    "",
    /could read at first/,
  ),
  bug(
    "receive",
    "anybody reads what the chain cannot",
    "(known.proven_at is null or item.finalized)",
    "true",
    /cannot be read/,
  ),
  bug(
    "receive",
    "what is said of the unreadable is a repetition",
    " or (known.content is null and known.proven_at is not null and item.digest is not null)",
    "",
    /cannot be read/,
  ),
];
