/**
 * Times as people read them: how long ago, and exactly where it is pointed at.
 *
 * @module
 */
import { element } from "./dom.js";

const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", hourCycle: "h23" });

/**
 * A time that keeps saying how long ago it was.
 *
 * @param {string | null} iso
 */
export function ago(iso) {
  if (iso === null) return element("span", { class: "quiet" }, ["never"]);
  return element("time", { datetime: iso, title: EXACT.format(new Date(iso)) }, [sinceThen(iso)]);
}

/** @param {string} iso */
export function exact(iso) {
  return EXACT.format(new Date(iso));
}

/** @param {string} iso */
function sinceThen(iso) {
  return duration((Date.now() - Date.parse(iso)) / 1000);
}

/**
 * In the largest unit that it fills.
 *
 * @param {number} seconds
 */
export function duration(seconds) {
  if (seconds < 5) return "now";
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** Keeps all of them true. */
export function keepTimes() {
  setInterval(() => {
    for (const time of document.querySelectorAll("time[datetime]")) {
      const said = sinceThen(time.getAttribute("datetime") ?? "");
      if (time.textContent !== said) time.textContent = said;
    }
  }, 1000);
}
