/**
 * The ops desk: signs an operator in, and opens the panels.
 *
 * @module
 */
import { createClient } from "@supabase/supabase-js";
import { openAlerts } from "./alerts.js";
import { byId } from "./dom.js";
import { openJobs } from "./jobs.js";
import { openMovements } from "./movements.js";
import { openQuarantine } from "./quarantine.js";
import { openReconciliation } from "./reconciliation.js";
import { keepTimes } from "./time.js";
import { openTvl } from "./tvl.js";
import { openVaults } from "./vault.js";

const key = document.querySelector('meta[name="publishable-key"]')?.getAttribute("content") ?? "";
// For as long as the tab is open: a desk that somebody walked away from is not left signed in.
const client = createClient(location.origin, key, { auth: { storage: sessionStorage, detectSessionInUrl: false } });

/** @param {import("@supabase/supabase-js").Session} session */
async function openDesk(session) {
  byId("sign-in").hidden = true;
  byId("desk").hidden = false;
  byId("operator").textContent = session.user.email ?? "";
  byId("sign-out").addEventListener("click", () => void client.auth.signOut());
  client.auth.onAuthStateChange((event) => {
    // Everything that was read goes with the page.
    if (event === "SIGNED_OUT") location.reload();
  });
  // Private channels ask who listens; from here on the client tells of each new token by itself.
  await client.realtime.setAuth();
  keepTimes();
  openTvl(client);
  openVaults(client);
  openMovements(client);
  const [quarantine, reconciliation, jobs] = [openQuarantine(client), openReconciliation(client), openJobs(client)];
  // What an alert tells of is in one of these, which have no channel of their own.
  const told = /** @type {Record<string, () => void>} */ ({
    ...{ quarantined: quarantine, undecodable_event: quarantine, conflict: quarantine },
    ...{ reconcile_mismatch: reconciliation, job_failed: jobs, ingest_stalled: jobs },
  });
  openAlerts(client, ({ alert_type: type }) => told[type]?.());
}

function askWho() {
  const place = byId("sign-in");
  const form = /** @type {HTMLFormElement} */ (place.querySelector("form"));
  const problem = /** @type {HTMLElement} */ (form.querySelector(".problem"));
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  place.hidden = false;
  /** @type {HTMLInputElement} */ (form.elements.namedItem("email")).focus();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    button.disabled = true;
    problem.textContent = "";
    const {
      data: { session },
      error,
    } = await client.auth.signInWithPassword({
      email: String(given.get("email")),
      password: String(given.get("password")),
    });
    button.disabled = false;
    if (session && isOperator(session)) {
      form.reset();
      return void openDesk(session);
    }
    if (session) await client.auth.signOut();
    problem.textContent = error ? `${error.message}.` : "This user is no operator.";
  });
}

/** What the database asks too: here it only spares an empty desk. @param {import("@supabase/supabase-js").Session} session */
function isOperator(session) {
  return session.user.app_metadata.role === "ops";
}

const {
  data: { session },
} = await client.auth.getSession();
if (session && isOperator(session)) await openDesk(session);
else askWho();
