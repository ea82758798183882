/**
 * The panel of quarantine: what a person has to look at, and what is decided about it.
 *
 * @module
 */
import { byId, element, short, show, tell } from "./dom.js";
import { ask, every, messageOf, rows } from "./reading.js";
import { ago } from "./time.js";

/**
 * @typedef {object} Item of `quarantine`.
 * @property {string} id
 * @property {"quarantined" | "conflict"} outcome
 * @property {string} code
 * @property {string | null} reason
 * @property {string | null} signature
 * @property {number} times_seen
 * @property {string} first_seen_at
 * @property {string | null} replayed_at
 */

const EVERY_MS = 15_000;

/** What can be decided, in words. */
const DECISIONS = {
  resolve: {
    title: "Nothing to do?",
    text: "It stays in the inbox as it is, and is not shown here any more. Your name and your reason stay on record.",
    button: "Resolve",
  },
  replay: {
    title: "Read it again?",
    text:
      "Its bytes are read once more, by the decoder as it is now. What can be read takes effect, once, at its place on the chain.",
    button: "Replay",
  },
};

/**
 * @param {import("./reading.js").Client} client
 * @returns {() => void} reads it at once.
 */
export function openQuarantine(client) {
  tell("quarantine-state", "loading");
  const again = every(EVERY_MS, async () => {
    try {
      const [items, parked] = await Promise.all([
        rows(client.from("quarantine").select("*").order("first_seen_at", { ascending: false }).limit(50)),
        client.from("parked_transactions").select("id", { count: "exact", head: true }),
      ]);
      show(
        byId("quarantine-feed"),
        /** @type {Item[]} */ (items),
        ({ id }) => id,
        (item) => quarantineItem(item, decide),
      );
      byId("parked").textContent = parked.count
        ? `${parked.count} parked, waiting for what they lack`
        : "Nothing is parked";
      tell("quarantine-state", items.length === 0 ? { empty: "Nothing waits for a person." } : null);
    } catch (error) {
      tell("quarantine-state", { problem: messageOf(error), retry: () => again() });
    }
  });
  const decide = (/** @type {Item} */ item, /** @type {keyof typeof DECISIONS} */ what) =>
    askWhy(DECISIONS[what], async (reason) => {
      const { decision, outcome, code } = await ask(client, `/quarantine/${item.id}/${what}`, { reason });
      again();
      if (decision === "replayed" && outcome === "quarantined") {
        throw new Error(`It still cannot be read: ${code.replaceAll("_", " ")}`);
      }
    });
  return again;
}

/**
 * @param {Item} item
 * @param {(item: Item, what: keyof typeof DECISIONS) => void} decide
 */
function quarantineItem(item, decide) {
  return element("li", { class: "alert warning" }, [
    element("p", { class: "meta" }, [
      element("span", { class: "severity warning" }, [item.outcome]),
      element("span", {}, [item.code.replaceAll("_", " ")]),
      item.times_seen > 1 && element("span", { class: "times" }, [`× ${item.times_seen}`]),
      ago(item.first_seen_at),
    ]),
    element("p", { class: "message" }, [item.reason ?? "No reason is known"]),
    element("p", { class: "actions" }, [
      item.signature
        ? element("span", { class: "address", title: item.signature }, [short(item.signature)])
        : element("span", { class: "quiet" }, ["no signature"]),
      item.replayed_at && element("span", { class: "quiet" }, ["replayed ", ago(item.replayed_at)]),
      item.outcome === "quarantined" &&
      element("button", { type: "button", "data-name": "replay", onclick: () => decide(item, "replay") }, ["Replay"]),
      element("button", { type: "button", "data-name": "resolve", onclick: () => decide(item, "resolve") }, [
        "Resolve",
      ]),
    ]),
  ]);
}

/**
 * Asks for a reason, and stays open until it is done.
 *
 * @param {{ title: string, text: string, button: string }} words
 * @param {(reason: string) => Promise<void>} act
 */
function askWhy(words, act) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("decision"));
  const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
  const reason = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("reason"));
  const problem = /** @type {HTMLElement} */ (form.querySelector(".problem"));
  const submit = /** @type {HTMLButtonElement} */ (form.querySelector('[type="submit"]'));
  byId("decision-title").textContent = words.title;
  byId("decision-text").textContent = words.text;
  submit.textContent = words.button;
  problem.textContent = "";
  reason.value = "";
  const cancel = /** @type {HTMLButtonElement} */ (form.querySelector('[value="cancel"]'));
  cancel.onclick = () => dialog.close();
  form.onsubmit = async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      await act(reason.value);
      dialog.close();
    } catch (error) {
      problem.textContent = messageOf(error);
    } finally {
      submit.disabled = false;
    }
  };
  dialog.showModal();
}
