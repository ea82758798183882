/**
 * The panel of alerts: what is open, as it comes, until somebody acknowledges it or it is over.
 *
 * @module
 */
import { byId, element, ownerLink, short, show, tell } from "./dom.js";
import { subscribe } from "./live.js";
import { ask, messageOf, rows } from "./reading.js";
import { ago } from "./time.js";

/**
 * @typedef {object} Alert
 * @property {string} id
 * @property {"info" | "warning" | "critical"} severity
 * @property {string} alert_type
 * @property {string} message
 * @property {string | null} vault_owner
 * @property {string} created_at
 * @property {boolean} [acknowledged]
 * @property {string | null} [resolved_at]
 * @property {Record<string, unknown> | null} data
 */

/** Alerts on the page at most. */
const SHOWN = 50;

/**
 * @param {import("./reading.js").Client} client
 * @param {(alert: Alert) => void} heard is told of each that comes or changes.
 */
export function openAlerts(client, heard) {
  const feed = openFeed(client);
  const take = (/** @type {Alert} */ alert) => {
    feed.take(alert);
    heard(alert);
  };
  // What came, what was acknowledged elsewhere and what was over while nobody listened: the table says all three.
  const read = async () => {
    try {
      feed.show(
        await rows(client.from("open_alerts").select("*").order("created_at", { ascending: false }).limit(500)),
      );
    } catch (error) {
      tell("alerts-state", { problem: messageOf(error), retry: read });
    }
  };
  tell("alerts-state", "loading");
  subscribe(client, "alerts:ops", {
    isPrivate: true,
    listen: (channel) =>
      channel
        .on("broadcast", { event: "alert_created" }, ({ payload }) => take(/** @type {Alert} */ (payload)))
        .on("postgres_changes", { event: "UPDATE", schema: "public", table: "alerts" }, (change) => {
          take(/** @type {Alert} */ (change.new));
        }),
    read: () => void read(),
  });
}

/**
 * The list on the page.
 *
 * @param {import("./reading.js").Client} client
 */
function openFeed(client) {
  /** @type {Map<string, Alert>} */
  const open = new Map();
  /** What the operator has asked for and was not answered yet, or how it failed.
   * @type {Map<string, string>} */
  const asked = new Map();
  let severity = "";

  const draw = () => {
    const all = [...open.values()].sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
    const chosen = all.filter((alert) => severity === "" || alert.severity === severity);
    const items = chosen.slice(0, SHOWN).map((alert) => ({ alert, asked: asked.get(alert.id) ?? null }));
    show(byId("alerts-feed"), items, ({ alert }) => alert.id, (item) => alertItem(item, acknowledge));
    const critical = all.filter((alert) => alert.severity === "critical").length;
    byId("alerts-title").textContent = all.length === 0 ? "Open alerts" : `Open alerts · ${all.length}`;
    document.title = `${critical > 0 ? `(${critical}) ` : ""}Vaultbook – ops desk`;
    const nothing = all.length === 0 ? "Nothing is open. New alerts appear here at once." : "None of this severity.";
    tell("alerts-state", chosen.length === 0 ? { empty: nothing } : null);
  };
  const take = (/** @type {Alert} */ alert) => {
    const isNew = !open.has(alert.id);
    if (alert.acknowledged || alert.resolved_at) open.delete(alert.id);
    else open.set(alert.id, alert);
    if (isNew && open.has(alert.id) && alert.severity === "critical") {
      byId("announcements").textContent = `Critical: ${alert.message}`;
    }
    draw();
  };
  const acknowledge = async (/** @type {string} */ id) => {
    if (asked.get(id) === "") return;
    const item = document.activeElement?.closest("li");
    const neighbour = item?.nextElementSibling ?? item?.previousElementSibling;
    asked.set(id, "");
    draw();
    try {
      take(await ask(client, `/alerts/${id}/acknowledge`, {}));
      asked.delete(id);
      // Whoever works by keys goes on with the next one.
      const next = neighbour?.querySelector('[data-name="acknowledge"]') ?? byId("main");
      if (next instanceof HTMLElement && document.activeElement === document.body) next.focus();
    } catch (error) {
      asked.set(id, messageOf(error));
      draw();
    }
  };
  for (const choice of document.querySelectorAll('input[name="severity"]')) {
    choice.addEventListener("change", () => {
      severity = /** @type {HTMLInputElement} */ (choice).value;
      draw();
    });
  }
  return {
    take,
    /** @param {Alert[]} alerts all that are open. */
    show(alerts) {
      open.clear();
      for (const alert of alerts) open.set(alert.id, alert);
      draw();
    },
  };
}

/**
 * @param {{ alert: Alert, asked: string | null }} item
 * @param {(id: string) => void} acknowledge
 */
function alertItem({ alert, asked }, acknowledge) {
  const times = String(alert.data?.count ?? "1");
  return element("li", { class: `alert ${alert.severity}` }, [
    element("p", { class: "meta" }, [
      element("span", { class: `severity ${alert.severity}` }, [alert.severity]),
      element("span", {}, [alert.alert_type.replaceAll("_", " ")]),
      times !== "1" && element("span", { class: "times", title: "How often it happened" }, [`× ${times}`]),
      ago(alert.created_at),
    ]),
    element("p", { class: "message", title: alert.message }, [inShort(alert)]),
    element("p", { class: "actions" }, [
      alert.vault_owner && ownerLink(alert.vault_owner),
      asked && element("span", { class: "problem", role: "alert" }, [asked]),
      element(
        "button",
        {
          type: "button",
          "data-name": "acknowledge",
          "aria-disabled": asked === "",
          "aria-label": `Acknowledge: ${alert.message}`,
          onclick: () => acknowledge(alert.id),
        },
        [asked === "" ? "Acknowledging" : "Acknowledge"],
      ),
    ]),
  ]);
}

/** The owner is linked below: in the message its beginning and end are enough. @param {Alert} alert */
function inShort({ message, vault_owner: owner }) {
  return owner ? message.replaceAll(owner, short(owner)) : message;
}
