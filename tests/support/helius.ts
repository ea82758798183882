/**
 * A Helius account on this machine: its webhooks by its API, as its documentation tells of them; and the function they deliver to.
 *
 * @module
 */

/** A stand-in for both. */
export interface Helius {
  /** Where both answer. */
  readonly url: string;
  readonly webhooks: Map<string, Record<string, unknown>>;
  /** What was asked of the API: method and path. */
  readonly calls: string[];
  /** Answers of the API instead of its own, the next first. */
  readonly instead: (() => Response)[];
  /** Which secrets the function accepts from now on; none at first. */
  accept(...secrets: string[]): void;
  close(): Promise<void>;
}

/** @param key the only API key. */
export function openHelius(key: string): Helius {
  const helius = {
    webhooks: new Map<string, Record<string, unknown>>(),
    calls: [] as string[],
    instead: [] as (() => Response)[],
  };
  const state = { accepted: [] as readonly string[] };
  let made = 0;
  const answer = async (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/functions/v1/api/webhooks/helius") {
      const isLetIn = state.accepted.includes(request.headers.get("authorization") ?? "");
      return Response.json({ error: { code: isLetIn ? "body_invalid" : "unauthorized" } }, {
        status: isLetIn ? 400 : 401,
      });
    }
    helius.calls.push(`${request.method} ${pathname}`);
    const scripted = helius.instead.shift();
    if (scripted) return scripted();
    if (searchParams.get("api-key") !== key) {
      return Response.json({ error: "invalid api key provided" }, { status: 401 });
    }
    const id = pathname.match(/^\/v0\/webhooks\/(.+)$/)?.[1];
    if (id === undefined && request.method === "POST") {
      const webhook = { webhookID: `hook-${++made}`, wallet: "owner", active: true, ...await request.json() };
      helius.webhooks.set(webhook.webhookID, webhook);
      return Response.json(webhook);
    }
    if (id === undefined) {
      return Response.json([...helius.webhooks.values()].map(({ accountAddresses: _, ...rest }) => rest));
    }
    const known = helius.webhooks.get(id);
    if (!known) return Response.json({ error: "not found" }, { status: 404 });
    if (request.method === "PUT") {
      helius.webhooks.set(id, { webhookID: id, wallet: "owner", active: known.active, ...await request.json() });
    }
    if (request.method === "PATCH") helius.webhooks.set(id, { ...known, ...await request.json() });
    return Response.json(helius.webhooks.get(id));
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  return {
    ...helius,
    url: `http://127.0.0.1:${server.addr.port}`,
    accept(...secrets): void {
      state.accepted = secrets;
    },
    close: () => server.shutdown(),
  };
}
