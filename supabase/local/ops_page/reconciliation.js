/**
 * The panel of reconciliation: which vaults the chain says otherwise of, and what was found last.
 *
 * @module
 */
import { amount } from "./amount.js";
import { byId, element, ownerLink, tell } from "./dom.js";
import { every, messageOf, rows } from "./reading.js";
import { openTable } from "./tables.js";
import { ago } from "./time.js";

/** @typedef {{ id: string, vault_owner: string | null, expected_balance: string, actual_balance: string, difference: string, auto_fixed: boolean, notes: string | null, created_at: string }} Log */

const EVERY_MS = 15_000;
/** As text, or what is above 2^53 would be rounded. */
const COLUMNS =
  "id, vault_owner, expected_balance::text, actual_balance::text, difference::text, auto_fixed, notes, created_at";

/**
 * @param {import("./reading.js").Client} client
 * @returns {() => void} reads it at once.
 */
export function openReconciliation(client) {
  const table = openTable(byId("reconciliation-table"), "The latest reconciliations", [
    { name: "When" },
    { name: "Vault" },
    { name: "In the book", isAmount: true },
    { name: "On the chain", isAmount: true },
    { name: "Difference", isAmount: true },
    { name: "Notes" },
  ]);
  tell("reconciliation-state", "loading");
  const again = every(EVERY_MS, async () => {
    try {
      const logs = client.from("reconciliation_logs").select(COLUMNS).order("created_at", { ascending: false });
      const [differing, sums, latest, drifting] = await Promise.all([
        rows(
          client
            .from("reconciliation_logs")
            .select(COLUMNS)
            .neq("difference", 0)
            .order("created_at", { ascending: false })
            .limit(8),
        ),
        rows(
          client
            .from("reconciliation_logs")
            .select(COLUMNS)
            .is("vault_owner", null)
            .order("created_at", { ascending: false })
            .limit(4),
        ),
        rows(logs.limit(8)),
        client.from("drifting_vaults").select("vault_owner", { count: "exact", head: true }),
      ]);
      const found = new Map(/** @type {Log[]} */ ([...differing, ...sums, ...latest]).map((log) => [log.id, log]));
      const shown = [...found.values()].sort((a, b) => (a.created_at < b.created_at ? 1 : -1)).slice(0, 12);
      table.show(shown, ({ id }) => id, cellsOf);
      const count = drifting.count ?? 0;
      const pill = byId("drift");
      pill.dataset.state = count > 0 ? "bad" : shown.length > 0 ? "good" : "";
      pill.textContent = count > 0
        ? `${count} ${count === 1 ? "vault drifts" : "vaults drift"}`
        : shown.length > 0
        ? "No drift"
        : "";
      tell(
        "reconciliation-state",
        shown.length === 0 ? { empty: "Nothing was reconciled yet: it runs every 15 minutes." } : null,
      );
    } catch (error) {
      tell("reconciliation-state", { problem: messageOf(error), retry: () => again() });
    }
  });
  return again;
}

/** @param {Log} log */
function cellsOf(log) {
  return [
    ago(log.created_at),
    log.vault_owner ? ownerLink(log.vault_owner) : element("strong", {}, ["All vaults"]),
    amount(log.expected_balance),
    amount(log.actual_balance),
    log.difference === "0"
      ? element("span", { class: "good" }, ["none"])
      : element("span", { class: log.auto_fixed ? "" : "bad" }, [amount(log.difference, "+")]),
    element("span", { class: "note" }, [log.auto_fixed ? "Put right. " : "", log.notes ?? ""]),
  ];
}
