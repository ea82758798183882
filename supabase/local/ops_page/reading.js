/**
 * Reading: from the tables and views by supabase-js, from the API with the same token; again and again while somebody looks.
 *
 * @module
 */

/** @typedef {import("@supabase/supabase-js").SupabaseClient} Client */

/**
 * The rows of a query.
 *
 * @template Row
 * @param {PromiseLike<{ data: unknown, error: { message: string } | null }>} query
 * @returns {Promise<Row[]>}
 */
export async function rows(query) {
  const { data, error } = await query;
  if (error) throw new Error(error.message || "The platform does not answer");
  return /** @type {Row[]} */ (data ?? []);
}

/**
 * Asks Vaultbook's API.
 *
 * @param {Client} client
 * @param {string} path behind `/api`.
 * @param {unknown} [body] makes it a POST.
 * @returns {Promise<any>}
 */
export async function ask(client, path, body) {
  const {
    data: { session },
  } = await client.auth.getSession();
  const response = await fetch(`/functions/v1/api${path}`, {
    headers: {
      ...(session && { authorization: `Bearer ${session.access_token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }),
  });
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  // Health answers 503 with its findings when something is down.
  if (answer?.checks) return answer;
  throw new Error(answer?.error?.message ?? `The API answered ${response.status}`);
}

/**
 * Does it now, and again so long after it was done, while the page is looked at.
 *
 * @param {number} milliseconds
 * @param {() => Promise<void>} work tells of its own failures.
 * @returns {() => void} does it at once.
 */
export function every(milliseconds, work) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let isAtWork = false;
  let isWanted = false;
  const turn = async () => {
    clearTimeout(timer);
    // What is asked for while it is being read may be newer than what is read.
    if (isAtWork) return void (isWanted = true);
    isAtWork = true;
    isWanted = false;
    try {
      if (!document.hidden) await work();
    } finally {
      isAtWork = false;
      timer = setTimeout(turn, isWanted ? 0 : milliseconds);
    }
  };
  document.addEventListener("visibilitychange", () => document.hidden || void turn());
  void turn();
  return () => void turn();
}

/** @param {unknown} error */
export function messageOf(error) {
  if (error instanceof TypeError) return "Vaultbook does not answer.";
  return error instanceof Error ? `${error.message}.`.replace("..", ".") : "Something failed.";
}
