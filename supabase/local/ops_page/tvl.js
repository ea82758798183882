/**
 * The panel of the TVL: what all vaults hold, now and over time.
 *
 * @module
 */
import { amount, partsOf } from "./amount.js";
import { openChart } from "./chart.js";
import { byId, element } from "./dom.js";
import { subscribe } from "./live.js";
import { ask, every } from "./reading.js";

/** @typedef {{ total_value_locked: string, total_locked: string, total_available: string, active_vaults: number, timestamp: string }} Tvl */

/** Spans, and how far apart their points are. */
const SPANS = /** @type {const} */ ({
  day: { days: 1, interval: "raw" },
  week: { days: 7, interval: "hour" },
  month: { days: 30, interval: "hour" },
});

/** How often what is true now is asked for, and how many answers are kept: an hour of them. */
const NOW_EVERY_MS = 3000;
const ASKED = 1200;

/** @param {import("./reading.js").Client} client */
export function openTvl(client) {
  const chart = openChart(byId("tvl-chart"), "Total value locked", [{ label: "TVL", colour: "accent", filled: true }]);
  /** @type {Tvl[]} */
  let history = [];
  /** What was asked since the page was opened: snapshots come every five minutes only.
   * @type {Tvl[]} */
  let asked = [];
  /** @type {keyof typeof SPANS} */
  let span = "day";

  const draw = () => {
    const line = [...history, ...asked].sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp));
    chart.show(line.map((tvl) => ({ timestamp: tvl.timestamp, values: [tvl.total_value_locked] })));
    const latest = line.at(-1);
    if (latest) showFigures(latest);
  };
  const read = async () => {
    const { days, interval } = SPANS[span];
    const from = new Date(Date.now() - days * 86_400_000).toISOString();
    history = await readHistory(client, from, interval).catch(() => history);
    draw();
  };
  for (const choice of document.querySelectorAll('input[name="span"]')) {
    choice.addEventListener("change", () => {
      span = /** @type {keyof typeof SPANS} */ (/** @type {HTMLInputElement} */ (choice).value);
      void read();
    });
  }
  subscribe(client, "tvl", {
    isPrivate: false,
    listen: (channel) =>
      channel.on("broadcast", { event: "tvl_updated" }, ({ payload }) => {
        history = [...history, /** @type {Tvl} */ (payload)];
        draw();
      }),
    read: () => void read(),
  });
  every(NOW_EVERY_MS, async () => {
    const tvl = await ask(client, "/tvl").catch(() => null);
    if (!tvl) return;
    asked = [...asked, { ...tvl, timestamp: new Date().toISOString() }].slice(-ASKED);
    draw();
  });
}

/**
 * @param {import("./reading.js").Client} client
 * @param {string} from
 * @param {string} interval
 * @returns {Promise<Tvl[]>}
 */
async function readHistory(client, from, interval) {
  /** @type {Tvl[]} */
  const points = [];
  for (let next = /** @type {string | null} */ (from); next !== null && points.length < 10_000;) {
    const page = await ask(client, `/tvl/history?interval=${interval}&from=${encodeURIComponent(next)}`);
    points.push(...page.points);
    next = page.next_from;
  }
  return points;
}

/** @param {Tvl} tvl */
function showFigures(tvl) {
  const { whole, decimals } = partsOf(tvl.total_value_locked);
  byId("tvl-total").replaceChildren(
    `${whole}.${decimals.slice(0, 2)}`,
    element("span", { class: "fine" }, [decimals.slice(2)]),
    element("span", { class: "unit" }, [" USDT"]),
  );
  byId("tvl-figures").replaceChildren(
    ...figure("Locked", amount(tvl.total_locked)),
    ...figure("Available", amount(tvl.total_available)),
    ...figure("Vaults", String(tvl.active_vaults)),
  );
}

/**
 * @param {string} name
 * @param {Node | string} value
 */
function figure(name, value) {
  return [element("div", {}, [element("dt", {}, [name]), element("dd", {}, [value])])];
}
