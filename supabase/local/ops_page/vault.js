/**
 * The panel of one vault: what it holds, what it held, and its ledger, as it moves.
 *
 * @module
 */
import { amount } from "./amount.js";
import { openChart } from "./chart.js";
import { byId, element, short, tell } from "./dom.js";
import { subscribe } from "./live.js";
import { signedAmount } from "./movements.js";
import { ask, messageOf, rows } from "./reading.js";
import { openTable } from "./tables.js";
import { ago } from "./time.js";

/** @typedef {import("./movements.js").Row & { slot: number | null, signature: string | null }} LedgerRow */
/** @typedef {{ owner: string, vault_address: string, status: string, total_balance: string, locked_balance: string, available_balance: string, total_deposited: string, total_withdrawn: string, updated_at: string }} Vault */

/** Rows of the ledger at a time. */
const PAGE = 20;

/** @param {import("./reading.js").Client} client */
export function openVaults(client) {
  let close = () => {};
  const open = async (/** @type {string} */ text) => {
    close();
    close = () => {};
    byId("vault-found").replaceChildren();
    if (text === "") return await suggest(client);
    tell("vault-state", "loading");
    try {
      const vault = await find(client, text);
      if (!vault) {
        return tell("vault-state", { empty: "No vault has this owner or address." });
      }
      tell("vault-state", null);
      close = showVault(client, vault);
    } catch (error) {
      tell("vault-state", { problem: messageOf(error), retry: () => void open(text) });
    }
  };
  const chosen = () => decodeURIComponent(/^#vault=(.*)$/.exec(location.hash)?.[1] ?? "");
  const input = /** @type {HTMLInputElement} */ (byId("vault-owner"));
  byId("vault-search").addEventListener("submit", (event) => {
    event.preventDefault();
    location.hash = `vault=${encodeURIComponent(input.value.trim())}`;
  });
  addEventListener("hashchange", () => {
    if (!location.hash.startsWith("#vault=")) return;
    input.value = chosen();
    void open(chosen());
    byId("vault").scrollIntoView();
  });
  input.value = chosen();
  void open(chosen());
}

/**
 * @param {import("./reading.js").Client} client
 * @param {string} text an owner, or the address of a vault.
 * @returns {Promise<Vault | undefined>}
 */
async function find(client, text) {
  for (const column of ["owner", "vault_address"]) {
    const [vault] = /** @type {Vault[]} */ (
      await rows(client.from("vault_balances").select("*").eq(column, text).limit(1))
    );
    if (vault) return vault;
  }
}

/** Those that moved last, to begin with. @param {import("./reading.js").Client} client */
async function suggest(client) {
  try {
    const latest = /** @type {Vault[]} */ (
      await rows(client.from("vault_balances").select("owner").order("updated_at", { ascending: false }).limit(8))
    );
    tell("vault-state", latest.length === 0 ? { empty: "There is no vault yet." } : null);
    const links = latest.map(({ owner }) =>
      element("li", {}, [
        element("a", { class: "chip address", href: `#vault=${owner}`, title: owner }, [short(owner)]),
      ])
    );
    byId("vault-found").replaceChildren(
      ...(links.length
        ? [element("p", { class: "quiet" }, ["Those that moved last"]), element("ul", { class: "chips" }, links)]
        : []),
    );
  } catch (error) {
    tell("vault-state", { problem: messageOf(error), retry: () => void suggest(client) });
  }
}

/**
 * Shows it, and keeps it true.
 *
 * @param {import("./reading.js").Client} client
 * @param {Vault} vault
 * @returns {() => void} ends that.
 */
function showVault(client, vault) {
  const { owner } = vault;
  const figures = element("dl", { class: "figures" });
  const place = element("div", { class: "chart" });
  const ledger = openLedger(client, owner);
  byId("vault-found").replaceChildren(heading(vault), figures, place, ...ledger.elements);
  const chart = openChart(place, "Balance", [
    { label: "Total", colour: "accent", filled: true },
    { label: "Locked", colour: "second" },
  ]);
  /** @type {import("./chart.js").Point[]} */
  let points = [];

  const showBalances = (/** @type {Vault} */ now) => {
    figures.replaceChildren(...figuresOf(now));
    // Until now it is what it was when it last moved.
    chart.show([...points, { timestamp: new Date().toISOString(), values: [now.total_balance, now.locked_balance] }]);
  };
  const read = async () => {
    try {
      const snapshots = ask(client, `/vaults/${owner}/snapshots?interval=raw`);
      const [history, now] = await Promise.all([snapshots, find(client, owner), ledger.read()]);
      points = history.points.map((/** @type {Vault & { timestamp: string }} */ point) => ({
        timestamp: point.timestamp,
        values: [point.total_balance, point.locked_balance],
      }));
      if (now) showBalances(now);
    } catch (error) {
      tell("vault-state", { problem: messageOf(error), retry: () => void read() });
    }
  };
  showBalances(vault);
  const leave = subscribe(client, `vault:${owner}`, {
    isPrivate: true,
    listen: (channel) =>
      channel
        .on("broadcast", { event: "vault_updated" }, ({ payload }) => {
          const now = /** @type {Vault} */ (payload);
          points.push({ timestamp: now.updated_at, values: [now.total_balance, now.locked_balance] });
          showBalances(now);
        })
        .on("broadcast", { event: "transaction_recorded" }, ({ payload }) => {
          ledger.take(/** @type {LedgerRow} */ (payload));
        }),
    read: () => void read(),
  });
  return () => {
    leave();
    chart.close();
  };
}

/**
 * The ledger of one owner, a page at a time.
 *
 * @param {import("./reading.js").Client} client
 * @param {string} owner
 */
function openLedger(client, owner) {
  const scroll = element("div", { class: "scroll" });
  const more = element("button", { type: "button", hidden: true }, ["Older rows"]);
  const table = openTable(scroll, `Ledger of ${owner}`, [
    { name: "When" },
    { name: "Type" },
    { name: "Amount", isAmount: true },
    { name: "Balance after", isAmount: true },
    { name: "With" },
    { name: "Slot", isAmount: true },
  ]);
  /** @type {Map<string, LedgerRow>} */
  const ledger = new Map();
  /** Where the next page begins; undefined before the first, null at the end.
   * @type {string | null | undefined} */
  let cursor;

  const draw = () => table.show([...ledger.values()].sort(latestFirst), ({ id }) => id, cellsOf);
  const readPage = async (/** @type {string | null} */ after) => {
    const page = await ask(client, `/vaults/${owner}/transactions?limit=${PAGE}${after ? `&cursor=${after}` : ""}`);
    for (const row of page.transactions) ledger.set(row.id, row);
    // The newest page is read again after a disconnect: that must not take back what was paged to.
    if (after !== null || cursor === undefined) cursor = page.next_cursor;
    more.hidden = !cursor;
    draw();
  };
  more.addEventListener("click", () => {
    readPage(cursor ?? null).catch((error) => {
      tell("vault-state", { problem: messageOf(error), retry: () => more.click() });
    });
  });
  return {
    elements: [scroll, more],
    read: () => readPage(null),
    /** @param {LedgerRow} row */
    take(row) {
      ledger.set(row.id, row);
      draw();
    },
  };
}

/** @param {Vault} vault */
function heading({ owner, vault_address: address, status }) {
  return element("p", { class: "vault-name" }, [
    element("span", { class: `status ${status}` }, [status]),
    element("span", { class: "address whole" }, [owner]),
    element("span", { class: "quiet" }, [
      "vault ",
      element("span", { class: "address", title: address }, [short(address)]),
    ]),
  ]);
}

/** @param {Vault} vault */
function figuresOf(vault) {
  const named = /** @type {const} */ ([
    ["Total", vault.total_balance],
    ["Locked", vault.locked_balance],
    ["Available", vault.available_balance],
    ["Deposited", vault.total_deposited],
    ["Withdrawn", vault.total_withdrawn],
  ]);
  return named.map(([name, value]) =>
    element("div", {}, [element("dt", {}, [name]), element("dd", {}, [amount(value)])])
  );
}

/** @param {LedgerRow} row */
function cellsOf(row) {
  return [
    ago(row.created_at),
    element("span", {}, [
      row.transaction_type.replaceAll("_", " "),
      row.status !== "confirmed" && element("span", { class: `status ${row.status}` }, [row.status]),
    ]),
    signedAmount(row),
    amount(row.balance_after),
    row.counterparty &&
    element("a", { class: "address", href: `#vault=${row.counterparty}`, title: row.counterparty }, [
      short(row.counterparty),
    ]),
    row.slot === null ? "" : String(row.slot),
  ];
}

/**
 * In the order of the chain; what is not there yet first.
 *
 * @param {LedgerRow} a
 * @param {LedgerRow} b
 */
function latestFirst(a, b) {
  if (a.slot !== b.slot) return (b.slot ?? Infinity) - (a.slot ?? Infinity);
  return a.created_at < b.created_at ? 1 : -1;
}
