/**
 * The panel of movements: the latest rows of the ledger, of all vaults.
 *
 * @module
 */
import { amount } from "./amount.js";
import { byId, element, ownerLink, show, tell } from "./dom.js";
import { every, messageOf, rows } from "./reading.js";
import { ago } from "./time.js";

/**
 * @typedef {object} Row of `vault_ledger`.
 * @property {string} id
 * @property {string} vault_owner
 * @property {string} transaction_type
 * @property {string} amount
 * @property {string} status
 * @property {string} created_at
 * @property {string} balance_after
 * @property {string | null} counterparty
 * @property {string | null} note
 */

/** Which way an amount goes; what is locked or unlocked stays in the vault. */
const SIGNS = /** @type {Record<string, string>} */ ({
  deposit: "+",
  transfer_in: "+",
  withdrawal: "−",
  transfer_out: "−",
  fee: "−",
});

/** @param {Row} row */
export function signedAmount(row) {
  return amount(row.amount, row.status === "confirmed" ? SIGNS[row.transaction_type] : "");
}

/** There is no channel of all vaults' rows: operators listen to one vault at a time. */
const EVERY_MS = 3000;

/** @param {import("./reading.js").Client} client */
export function openMovements(client) {
  tell("movements-state", "loading");
  const again = every(EVERY_MS, async () => {
    try {
      const found = /** @type {Row[]} */ (
        await rows(
          client
            .from("vault_ledger")
            .select("id, vault_owner, transaction_type, amount, status, created_at, balance_after, counterparty, note")
            .order("created_at", { ascending: false })
            .order("id")
            .limit(20),
        )
      );
      show(byId("movements-feed"), found, ({ id }) => id, movement);
      tell("movements-state", found.length === 0 ? { empty: "Nothing has moved yet." } : null);
    } catch (error) {
      tell("movements-state", { problem: messageOf(error), retry: () => again() });
    }
  });
}

/** @param {Row} row */
function movement(row) {
  return element("li", { class: row.status }, [
    element("span", { class: "kind" }, [
      row.transaction_type.replaceAll("_", " "),
      row.status !== "confirmed" && element("span", { class: `status ${row.status}` }, [row.status]),
    ]),
    ownerLink(row.vault_owner),
    signedAmount(row),
    ago(row.created_at),
  ]);
}
