/**
 * Random requests to every endpoint of the API, as its own document describes them and around it. Every answer must be of the closed
 * vocabulary, as the document says it is, and nobody else's.
 *
 * @module
 */
import { createApi } from "@/functions/api/app.ts";
import { settingsOf } from "@/tests/support/api.ts";
import { type Description, descriptionOf } from "@/tests/support/api_description.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { brokenInvariants } from "@/tests/support/ledger_state.ts";
import { diceOf } from "@/tests/support/model/dice.ts";
import { generator } from "@/tests/support/seeded.ts";
import type { TestServer } from "../test/server.ts";
import { CANARY, fillBook, FOREIGN, stageOf } from "./api_book.ts";
import { randomRequest, type Sent, type Stage } from "./api_requests.ts";
import { breathe, type Campaign, type Counts, type Kind, refuse, sum } from "./campaign.ts";

/** What a round is made of. */
export interface Requests {
  readonly requests: number;
  /** What is on trial: the answer that goes out for the one that the API gave. */
  readonly answer: (response: Response, sent: Sent) => Promise<Response>;
}

const FULL: Requests = { requests: 1_000, answer: (response) => Promise.resolve(response) };

/** I16; 204 and 304 are for those who asked for them. */
const VOCABULARY = [200, 202, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429];

/** Requests of this shape. */
export function api(shape: Partial<Requests> = {}): Kind {
  const given = { ...FULL, ...shape };
  return {
    mustHappen: ["asked", ...[200, 400, 401, 403, 404, 405].map((status) => `× ${status}`)],
    open: (server) => open(server, given),
  };
}

async function open(server: TestServer, shape: Requests): Promise<Campaign> {
  const database = await openTestDatabase({ server: server.adminUrl });
  const logged: string[] = [];
  const settings = await settingsOf(database.url);
  const app = createApi({ ...settings, log: (entry) => entry.error && logged.push(JSON.stringify(entry)) });
  const close = async (): Promise<void> => {
    await settings.database.close();
    await database.close();
  };
  try {
    await fillBook(app);
    const document = await (await app.request("/api/openapi.json")).json();
    const description = descriptionOf(document);
    const stage = await stageOf(app, description, database.admin);
    const ask = async (sent: Sent): Promise<Response> =>
      await shape.answer(await app.request(`/api${sent.path}`, sent.init), sent);
    return {
      async round(seed): Promise<Counts> {
        const counts = await round(server, { ask, description, stage, logged, requests: shape.requests }, seed);
        refuse("The book is not sound", await brokenInvariants(database.admin));
        return counts;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Trial {
  readonly ask: (sent: Sent) => Promise<Response>;
  readonly description: Description;
  readonly stage: Stage;
  /** Of errors, as the API logged them. */
  readonly logged: readonly string[];
  readonly requests: number;
}

async function round(server: TestServer, trial: Trial, seed: number): Promise<Counts> {
  const dice = diceOf(generator(seed));
  let counts: Counts = {};
  for (let number = 0; number < trial.requests && !server.interrupted.aborted; number++) {
    if (number % 100 === 0) await breathe();
    const sent = randomRequest(trial.stage, dice);
    const response = await trial.ask(sent);
    const text = await response.text();
    const wrong = complaint(trial.description, sent, response, text);
    if (wrong) {
      throw new Error(
        `${wrong}\n${shown(sent)}\n${response.status} ${text.slice(0, 600)}\n${trial.logged.at(-1) ?? ""}`,
      );
    }
    counts = sum(counts, { asked: 1, [`× ${response.status}`]: 1 });
  }
  return counts;
}

/** What is wrong with an answer; null where nothing is. */
function complaint(description: Description, sent: Sent, response: Response, text: string): string | null {
  const { endpoint, asker, init, isMeant } = sent;
  const { status, headers } = response;
  if (!headers.get("x-request-id")) return "No request id";
  const method = init.method.toUpperCase();
  if (method === "OPTIONS" && status === 204) return null;
  if (status === 304) return init.headers["if-none-match"] && text === "" ? null : "Unasked: not modified";
  // There is no chain here to begin anything on.
  if (status === 503 && text.includes('"rpc_unconfigured"')) return null;
  if (!VOCABULARY.includes(status)) return "A status that is none of ours";
  const isWebhook = endpoint.path.startsWith("/webhooks/");
  if (isWebhook && isMeant && status === 403) return "The webhook never answers 403";
  if (status < 300 && endpoint.isGuarded && isMeant && !isWebhook && !asker.isKnown) {
    return "Somebody unknown was answered";
  }
  if (status < 300 && asker.name === CANARY && text.includes(FOREIGN)) return "Somebody else's is in it";
  if (method === "HEAD") return text === "" ? null : "A body for HEAD";
  if (!headers.get("content-type")?.startsWith("application/json")) return "No JSON";
  const body = JSON.parse(text);
  if (status >= 400 && body.error?.request_id !== headers.get("x-request-id")) return "Another request id in the body";
  if (isMeant) return description.complaint(endpoint, status, body);
  return status < 400 || typeof body.error?.code === "string" ? null : "An error without a code";
}

function shown({ asker, path, init }: Sent): string {
  const { authorization: _, apikey: __, ...headers } = init.headers;
  const body = typeof init.body === "string" ? JSON.stringify(init.body.slice(0, 300)) : init.body ? "bytes" : "";
  return `${init.method} /api${path.slice(0, 600)} by ${asker.name} ${JSON.stringify(headers).slice(0, 300)} ${body}`;
}
