/**
 * A line over time, drawn by uPlot. What is pointed at, by mouse or by arrow keys, is read out exactly.
 *
 * @module
 */
import uPlot from "uplot";
import { drawn, usdt } from "./amount.js";
import { element } from "./dom.js";
import { exact } from "./time.js";

/** @typedef {{ timestamp: string, values: string[] }} Point times as ISO 8601, the oldest first; a value for each series, base units. */
/** @typedef {{ label: string, colour: string, filled?: boolean }} Series the colour is a custom property of the style sheet. */

const AXIS = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 2 });
const dark = matchMedia("(prefers-color-scheme: dark)");

/**
 * A chart in this place.
 *
 * @param {HTMLElement} place
 * @param {string} name what it shows.
 * @param {readonly Series[]} series
 */
export function openChart(place, name, series) {
  const readout = element("p", { class: "readout", "aria-live": "polite" });
  const canvas = element("div", { class: "canvas", role: "img", tabindex: "0", "aria-label": name });
  place.replaceChildren(readout, canvas);
  /** @type {Point[]} */
  let points = [];
  /** @type {uPlot | null} */
  let plot = null;

  const say = (/** @type {number | null | undefined} */ index) => {
    const point = points[index ?? points.length - 1];
    readout.replaceChildren(
      ...(point
        ? [
          element("time", { class: "quiet" }, [exact(point.timestamp)]),
          ...series.map(({ label, colour }, i) =>
            element("span", {}, [
              element("span", { class: `swatch ${colour}`, "aria-hidden": "true" }),
              `${label} ${usdt(point.values[i] ?? "0")}`,
            ])
          ),
        ]
        : []),
    );
  };
  const draw = () => {
    plot?.destroy();
    plot = null;
    canvas.classList.toggle("blank", points.length < 2);
    if (points.length < 2) {
      return canvas.replaceChildren("The line begins with the second point");
    }
    canvas.replaceChildren();
    plot = new uPlot(optionsOf(canvas, series, say), dataOf(points, series), canvas);
  };
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!plot || step === undefined) return;
    event.preventDefault();
    const at = Math.min(points.length - 1, Math.max(0, (plot.cursor.idx ?? points.length) + step));
    plot.setCursor({ left: plot.valToPos(plot.data[0][at] ?? 0, "x"), top: 0 });
  });
  new ResizeObserver(() => plot?.setSize({ width: canvas.clientWidth, height: canvas.clientHeight })).observe(canvas);
  dark.addEventListener("change", draw);

  return {
    /** Shows these points. @param {Point[]} next */
    show(next) {
      points = next;
      canvas.setAttribute("aria-label", describe(name, points));
      if (plot && points.length > 1) plot.setData(dataOf(points, series));
      else draw();
      if (!plot || plot.cursor.idx === null) say(null);
    },
    close() {
      plot?.destroy();
      dark.removeEventListener("change", draw);
    },
  };
}

/**
 * @param {Point[]} points
 * @param {readonly Series[]} series
 * @returns {uPlot.AlignedData}
 */
function dataOf(points, series) {
  const times = points.map(({ timestamp }) => Date.parse(timestamp) / 1000);
  return [times, ...series.map((_, i) => points.map(({ values }) => drawn(values[i] ?? "0")))];
}

/**
 * @param {HTMLElement} canvas
 * @param {readonly Series[]} series
 * @param {(index: number | null | undefined) => void} say
 * @returns {uPlot.Options}
 */
function optionsOf(canvas, series, say) {
  const style = getComputedStyle(document.documentElement);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  const font = `12px ${style.getPropertyValue("--text")}`;
  const axis = { stroke: colour("quiet"), font, ticks: { show: false }, grid: { stroke: colour("line"), width: 1 } };
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  return {
    width: canvas.clientWidth,
    height: canvas.clientHeight,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    padding: [8, 8, 0, 0],
    scales: { y: { range: (_, low, high) => spanOf(low, high) } },
    axes: [
      { ...axis, size: 30, grid: { show: false }, space: 70, values: timesOf },
      { ...axis, size: 56, space: 44, values: (_, ticks) => ticks.map((tick) => AXIS.format(tick)) },
    ],
    series: [
      {},
      ...series.map(({ label, colour: name, filled = false }) => ({
        label,
        stroke: colour(name),
        width: 2,
        ...(filled && { fill: colour(`${name}-soft`) }),
        ...(stepped && { paths: stepped }),
        points: { show: false },
      })),
    ],
    hooks: { setCursor: [(plot) => say(plot.cursor.idx)] },
  };
}

/**
 * Room above and below; a line that stands still lies in the middle.
 *
 * @param {number} low
 * @param {number} high
 * @returns {[number, number]}
 */
function spanOf(low, high) {
  const room = high > low ? (high - low) * 0.12 : Math.max(1, Math.abs(high) * 0.02);
  return [Math.max(0, low - room), high + room];
}

/**
 * Hours and minutes; days where the ticks are so far apart.
 *
 * @param {unknown} _
 * @param {number[]} ticks seconds.
 */
function timesOf(_, ticks) {
  const apart = (ticks[1] ?? 0) - (ticks[0] ?? 0);
  /** @type {Intl.DateTimeFormatOptions} */
  const shape = apart >= 86_400
    ? { month: "short", day: "numeric" }
    : apart < 60
    ? { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }
    : { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const format = new Intl.DateTimeFormat(undefined, shape);
  return ticks.map((tick) => format.format(tick * 1000));
}

/**
 * The same for who does not see it.
 *
 * @param {string} name
 * @param {Point[]} points
 */
function describe(name, points) {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return `${name}: nothing yet`;
  return (
    `${name}, ${points.length} points from ${exact(first.timestamp)} to ${exact(last.timestamp)}: ` +
    `first ${usdt(first.values[0] ?? "0")}, last ${usdt(last.values[0] ?? "0")}. Arrow keys read single points.`
  );
}
