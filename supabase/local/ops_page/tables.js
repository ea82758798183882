/**
 * Tables that keep what has not changed.
 *
 * @module
 */
import { element, show } from "./dom.js";

/** @typedef {Node | string | null | undefined | false} Cell */
/** @typedef {{ name: string, isAmount?: boolean }} Column */

/**
 * A table in this place; `show` fills it.
 *
 * @param {HTMLElement} place
 * @param {string} caption what it holds, for who does not see it.
 * @param {readonly Column[]} columns
 */
export function openTable(place, caption, columns) {
  const heads = columns.map(({ name, isAmount }) =>
    element("th", { scope: "col", class: isAmount && "number" }, [name])
  );
  const body = element("tbody");
  place.replaceChildren(
    element("table", {}, [
      element("caption", { class: "unseen" }, [caption]),
      element("thead", {}, [element("tr", {}, heads)]),
      body,
    ]),
  );
  // Whoever has no mouse scrolls what is too wide by keys.
  place.setAttribute("role", "region");
  place.setAttribute("aria-label", caption);
  place.tabIndex = 0;
  return {
    /**
     * @template Item
     * @param {readonly Item[]} items
     * @param {(item: Item) => string} keyOf
     * @param {(item: Item) => Cell[]} cells one for each column.
     */
    show(items, keyOf, cells) {
      place.hidden = items.length === 0;
      show(body, items, keyOf, (item) =>
        element(
          "tr",
          {},
          cells(item).map((cell, i) => element("td", { class: columns[i]?.isAmount && "number" }, [cell])),
        ));
    },
  };
}
