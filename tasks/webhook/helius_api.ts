/**
 * The webhooks of a Helius account, by its API.
 *
 * @module
 */
import { z } from "zod";

/** Addresses that one webhook may have at most. */
export const ADDRESSES_MAX = 100_000;
const API_URL = "https://api.helius.xyz";
/** Longest that an answer may take, and pauses before what may pass is asked again. Milliseconds. */
const PATIENCE = 30_000;
const PAUSES = [1_000, 4_000, 10_000];

const webhookSchema = z.object({
  webhookID: z.string().min(1),
  webhookURL: z.string(),
  webhookType: z.string(),
  transactionTypes: z.array(z.string()).default([]),
  accountAddresses: z.array(z.string()).default([]),
  authHeader: z.string().default(""),
  /** Helius turns off a webhook whose deliveries fail nearly all. Accounts whose answers lack it have it on. */
  active: z.boolean().default(true),
  txnStatus: z.string().default("all"),
});

/** A webhook as Helius knows it. */
export type Webhook = z.output<typeof webhookSchema>;
/** What of it can be chosen. */
export type WebhookSettings = Omit<Webhook, "webhookID" | "active">;

/** The account's webhooks. Each call throws an Error that names what is wrong, and never the key. */
export interface HeliusApi {
  /** All of them, with all their addresses. */
  list(): Promise<Webhook[]>;
  create(settings: WebhookSettings): Promise<Webhook>;
  /** Replaces all its settings. */
  update(id: string, settings: WebhookSettings): Promise<Webhook>;
  /** Turns it on again. */
  activate(id: string): Promise<void>;
}

/** @param options.url default that of Helius; `pauses` in milliseconds, before each further attempt. */
export function openHeliusApi(
  options: { readonly key: string; readonly url?: string | undefined; readonly pauses?: readonly number[] },
): HeliusApi {
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    for (let attempt = 0;; attempt++) {
      const answer = await ask(options, method, path, body);
      const pause = (options.pauses ?? PAUSES)[attempt];
      // Creating is not repeated where it may have been done: a second webhook would deliver everything twice.
      const mayPass = answer.status === 429 || (answer.status >= 500 && method !== "POST");
      if (!mayPass || pause === undefined) return await contentOf(answer, `${method} ${path}`);
      await answer.body?.cancel();
      await new Promise((resume) => setTimeout(resume, pause));
    }
  };
  return {
    async list(): Promise<Webhook[]> {
      const known = parsed(z.array(webhookSchema), await call("GET", "/v0/webhooks"), "GET /v0/webhooks");
      // A list may leave out the addresses.
      const whole = [];
      for (const { webhookID } of known) {
        const path = `/v0/webhooks/${encodeURIComponent(webhookID)}`;
        whole.push(parsed(webhookSchema, await call("GET", path), `GET ${path}`));
      }
      return whole;
    },
    async create(settings): Promise<Webhook> {
      return parsed(webhookSchema, await call("POST", "/v0/webhooks", settings), "POST /v0/webhooks");
    },
    async update(id, settings): Promise<Webhook> {
      const path = `/v0/webhooks/${encodeURIComponent(id)}`;
      return parsed(webhookSchema, await call("PUT", path, settings), `PUT ${path}`);
    },
    async activate(id): Promise<void> {
      await call("PATCH", `/v0/webhooks/${encodeURIComponent(id)}`, { active: true });
    },
  };
}

async function ask(
  { key, url }: { readonly key: string; readonly url?: string | undefined },
  method: string,
  path: string,
  body: unknown,
): Promise<Response> {
  const target = new URL(path, url ?? API_URL);
  target.searchParams.set("api-key", key);
  try {
    return await fetch(target, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      redirect: "error",
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch (error) {
    // The message names the address, and the address holds the key: it is told without its cause.
    const why = error instanceof Error && error.name === "TimeoutError"
      ? `did not answer within ${PATIENCE} ms`
      : "cannot be reached";
    throw new Error(`Helius ${why}: ${method} ${target.origin}${path}`);
  }
}

async function contentOf(answer: Response, call: string): Promise<unknown> {
  const text = await answer.text();
  if (answer.ok) {
    try {
      return JSON.parse(text);
    } catch {
      throw new Error(`Helius answered ${call} with what is no JSON`);
    }
  }
  const why = REASONS[answer.status] ?? (answer.status >= 500 ? "it has trouble; try again later" : text.slice(0, 200));
  throw new Error(`Helius refused ${call} with ${answer.status}: ${why}`);
}

const REASONS: Readonly<Record<number, string>> = {
  401: "HELIUS_API_KEY is none of its keys",
  403: "HELIUS_API_KEY may not do that",
  404: "there is no such webhook in this account",
  429: "too many requests, or no credits left",
};

function parsed<Output>(schema: z.ZodType<Output>, value: unknown, call: string): Output {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(
    `Helius answered ${call} in another form: ${issue?.path.join(".") || "(all of it)"}: ${issue?.message}`,
  );
}
