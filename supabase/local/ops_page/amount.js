/**
 * Amounts as people read them: exact, from decimal text, never by way of a floating point number.
 *
 * @module
 */
import { element } from "./dom.js";

const UNIT = 1_000_000n;

/**
 * Whole USDT with separators, and six decimals.
 *
 * @param {string} text base units as decimal text.
 * @returns {{ sign: string, whole: string, decimals: string }}
 */
export function partsOf(text) {
  const amount = BigInt(text);
  const size = amount < 0n ? -amount : amount;
  const whole = String(size / UNIT).replace(/\B(?=(\d{3})+$)/g, ",");
  return { sign: amount < 0n ? "−" : "", whole, decimals: String(size % UNIT).padStart(6, "0") };
}

/**
 * For labels: at least two decimals, never rounded.
 *
 * @param {string} text base units as decimal text.
 */
export function usdt(text) {
  const { sign, whole, decimals } = partsOf(text);
  return `${sign}${whole}.${decimals.replace(/0{1,4}$/, "")} USDT`;
}

/**
 * For tables: always six decimals, the last four quieter, so that points stand below each other.
 *
 * @param {string} text base units as decimal text.
 * @param {string} [sign] shown before a positive amount.
 */
export function amount(text, sign = "") {
  const parts = partsOf(text);
  return element("data", { class: "amount", value: text }, [
    `${parts.sign || sign}${parts.whole}.${parts.decimals.slice(0, 2)}`,
    element("span", { class: "fine" }, [parts.decimals.slice(2)]),
  ]);
}

/**
 * Where a chart draws it; rounded, so for nothing else.
 *
 * @param {string} text base units as decimal text.
 */
export function drawn(text) {
  return Number(BigInt(text)) / 1e6;
}
