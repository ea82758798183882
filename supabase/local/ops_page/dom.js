/**
 * Elements from data. Text becomes text and never markup, whatever is in it.
 *
 * @module
 */

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * @param {string} name
 * @param {Record<string, unknown>} [attributes] one that begins with `on` is a listener; true is an empty one, false and null are none.
 * @param {readonly Child[]} [children]
 * @returns {HTMLElement}
 */
export function element(name, attributes = {}, children = []) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) {
      made.addEventListener(key.slice(2), /** @type {EventListener} */ (value));
    } else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/**
 * The element of this id. Those that the page is written with are there.
 *
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}`);
  return found;
}

/** @type {WeakMap<Element, { key: string, said: string }>} */
const shown = new WeakMap();

/**
 * Makes a list show these items, in this order. What has not changed stays the very element that it was, so that nobody loses the focus
 * or a selection when something else comes in.
 *
 * @template Item
 * @param {Element} list
 * @param {readonly Item[]} items
 * @param {(item: Item) => string} keyOf
 * @param {(item: Item) => HTMLElement} make
 */
export function show(list, items, keyOf, make) {
  const present = new Map([...list.children].map((child) => [shown.get(child)?.key ?? "", child]));
  const wanted = new Set(items.map(keyOf));
  for (const [key, child] of present) if (!wanted.has(key)) child.remove();
  items.forEach((item, place) => {
    const key = keyOf(item);
    const said = JSON.stringify(item);
    let child = present.get(key);
    if (!child || shown.get(child)?.said !== said) {
      const made = make(item);
      shown.set(made, { key, said });
      if (child) replace(child, made);
      child = made;
    }
    if (list.children[place] !== child) {
      list.insertBefore(child, list.children[place] ?? null);
    }
  });
}

/**
 * Keeps the focus on what has the same name.
 *
 * @param {Element} old
 * @param {Element} made
 */
function replace(old, made) {
  const active = document.activeElement;
  const name = active && old.contains(active) ? active.getAttribute("data-name") : null;
  old.replaceWith(made);
  if (name === null) return;
  const heir = made.querySelector(`[data-name="${CSS.escape(name)}"]`);
  if (heir instanceof HTMLElement) heir.focus();
}

/**
 * What a panel says while it has nothing to show: that it loads, that there is nothing, or that something failed.
 *
 * @param {string} id of the place for it.
 * @param {null | "loading" | { empty: string } | { problem: string, retry: () => void }} state null: nothing to say.
 */
export function tell(id, state) {
  const place = byId(id);
  const said = JSON.stringify(state);
  if (place.dataset.said === said) return;
  place.dataset.said = said;
  if (state === null) return place.replaceChildren();
  if (state === "loading") {
    return place.replaceChildren(element("p", { class: "loading", "aria-busy": "true" }, ["Loading"]));
  }
  if ("empty" in state) {
    return place.replaceChildren(element("p", { class: "empty" }, [state.empty]));
  }
  place.replaceChildren(
    element("p", { class: "problem", role: "alert" }, [state.problem, " "]),
    element("button", { type: "button", onclick: state.retry }, ["Try again"]),
  );
}

/**
 * An address or a signature: short, whole where it is pointed at.
 *
 * @param {string} text
 */
export function short(text) {
  return text.length > 14 ? `${text.slice(0, 5)}…${text.slice(-5)}` : text;
}

/**
 * An owner, as a link to the vault.
 *
 * @param {string} owner
 */
export function ownerLink(owner) {
  return element(
    "a",
    { class: "address", href: `#vault=${encodeURIComponent(owner)}`, title: owner, "data-name": "owner" },
    [short(owner)],
  );
}
