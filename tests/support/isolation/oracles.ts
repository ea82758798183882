/**
 * Questions that somebody could ask to learn from the answer's time whether another owner is there, or how much that owner has: through
 * REST, the API and Realtime.
 *
 * @module
 */
import type { TestPlatform } from "@/tests/support/platform.ts";
import { newWallet } from "@/tests/support/platform.ts";
import { relationsOf } from "./catalog.ts";
import { plantTenants } from "./tenants.ts";
import { signedToken } from "./tokens.ts";

/** The side that is asked about: an owner with a long history, or one that there is not. */
export type Side = 0 | 1;

/** One question, asked as an owner of something else. */
export interface Oracle {
  readonly name: string;
  /** Of the times that are taken of a question, so much is enough of this one: it takes that much longer. */
  readonly share: number;
  /** Asks about a side; gives what was answered, which must be the same of both. */
  ask(side: Side): Promise<string>;
}

/** What stands for one side in a question. */
interface Subject {
  readonly OWNER: string;
  readonly ALERT: string;
  readonly TRANSACTION: string;
}

/** Rows of the owner that is asked about, in every table that has owners. Enough that reading them before hiding them would show. */
const ROWS = 5_000;

/** How long the token holds that all is asked with, in seconds: longer than anybody measures. */
const TOKEN_HOLDS = 7 * 86_400;

/** Plants the two tenants, gives bob a long history, and gives the questions that alice may ask about it. */
export async function openOracles(platform: TestPlatform): Promise<{ oracles: Oracle[]; close(): Promise<void> }> {
  const sql = platform.database.admin;
  const { alice, bob } = await plantTenants(platform);
  await lengthen(platform, bob.address);
  const client = platform.client();
  await alice.signIn(client);
  const genuine = (await client.auth.getSession()).data.session?.access_token ?? "";
  const claims = JSON.parse(atob(genuine.split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/") ?? ""));
  const token = await signedToken({
    signingKey: platform.signingKey,
    claims: { ...claims, exp: claims.iat + TOKEN_HOLDS },
  });
  const [ids] = await sql<{ alert: string; transaction: string }[]>`
    select (select id::text from public.alerts where vault_owner = ${bob.address} limit 1) as alert,
           (select id::text from public.transactions where vault_owner = ${bob.address} and status = 'pending') as transaction`;
  const subjects: readonly [Subject, Subject] = [
    { OWNER: bob.address, ALERT: ids?.alert ?? "", TRANSACTION: ids?.transaction ?? "" },
    { OWNER: strangerLike(bob.address), ALERT: crypto.randomUUID(), TRANSACTION: crypto.randomUUID() },
  ];
  const requests = [...await ofRest(platform), ...OF_API];
  const joins = await openJoins(platform, token);
  return {
    oracles: [
      ...requests.map((request) => overHttp(platform, token, request, subjects)),
      ...["vault:OWNER", "alerts:OWNER"].map((topic) => ({
        name: `Realtime ${topic}`,
        share: 0.1,
        ask: (side: Side): Promise<string> => joins.ask(topic.replace("OWNER", subjects[side].OWNER)),
      })),
    ],
    close: joins.close,
  };
}

/** An address that nobody's vault has, and no shorter or longer than this one: more text could take longer. */
function strangerLike(address: string): string {
  for (;;) {
    const stranger = newWallet().address;
    if (stranger.length === address.length) return stranger;
  }
}

/** Gives an owner many rows. Nobody listens to them: as many messages would be most of the work. */
async function lengthen({ database: { admin } }: TestPlatform, owner: string): Promise<void> {
  await admin.begin(async (sql) => {
    await sql`update public.rate_limits set enabled = false`;
    await sql`set local session_replication_role = replica`;
    await sql`set local role vaultbook_ledger`;
    await sql`
      insert into public.transactions (vault_owner, transaction_type, amount, balance_before, balance_after, status, note)
      select ${owner}, 'deposit', n, 0, 0, 'failed', 'expired' from generate_series(1, ${ROWS}::integer) as n`;
    await sql`
      insert into public.balance_snapshots (vault_owner, total_balance, locked_balance, available_balance)
      select ${owner}, n, 0, n from generate_series(1, ${ROWS}::integer) as n`;
    await sql`
      insert into public.reconciliation_logs (vault_owner, expected_balance, actual_balance, difference)
      select ${owner}, n, n, 0 from generate_series(1, ${ROWS}::integer) as n`;
    await sql`
      insert into public.alerts (severity, alert_type, message, vault_owner, subject)
      select 'info', 'large_tx', 'm', ${owner}, 'subject ' || n from generate_series(1, ${ROWS}::integer) as n`;
  });
  await admin`vacuum (analyze)`;
}

/** A request with names of {@link Subject} in its path. */
interface Asked {
  readonly name: string;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Every relation that has owners, by the owner: its rows, and how many there are. */
async function ofRest({ database }: TestPlatform): Promise<Asked[]> {
  const relations = await relationsOf(database.admin, ["public"]);
  return relations.flatMap(({ name, columns }): Asked[] => {
    const column = ["vault_owner", "owner"].find((one) => columns.includes(one));
    if (column === undefined) return [];
    const path = `/rest/v1/${name}?${column}=eq.OWNER`;
    const time = ["created_at", "timestamp"].find((one) => columns.includes(one));
    return [
      { name: `REST ${name}`, path: time === undefined ? path : `${path}&order=${time}.desc&limit=50` },
      { name: `REST ${name}, counted`, path, method: "HEAD", headers: { prefer: "count=exact" } },
    ];
  });
}

const OF_API: readonly Asked[] = [
  ...["", "/transactions", "/snapshots", "/balance"].map((path) => ({
    name: `API vault${path}`,
    path: `/functions/v1/api/vaults/OWNER${path}`,
  })),
  {
    name: "API start a transaction",
    path: "/functions/v1/api/vaults/OWNER/transactions",
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": "one" },
    body: '{"type": "deposit", "amount": "1"}',
  },
  {
    name: "API acknowledge an alert",
    path: "/functions/v1/api/alerts/ALERT/acknowledge",
    method: "POST",
  },
  {
    name: "API sign a transaction",
    path: "/functions/v1/api/transactions/TRANSACTION/signature",
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ signature: "5".repeat(88) }),
  },
];

function overHttp(
  { url, publishable }: TestPlatform,
  token: string,
  { name, path, method = "GET", headers = {}, body }: Asked,
  subjects: readonly [Subject, Subject],
): Oracle {
  const paths = subjects.map((subject) =>
    Object.entries(subject).reduce((text, [what, value]) => text.replace(what, value), path)
  );
  const init = {
    method,
    headers: { apikey: publishable, authorization: `Bearer ${token}`, ...headers },
    ...(body === undefined ? {} : { body }),
  };
  return {
    name,
    share: 1,
    async ask(side): Promise<string> {
      const response = await fetch(`${url}${paths[side]}`, init);
      const text = await response.text();
      const answer = Object.entries(subjects[side]).reduce((told, [what, value]) => told.replaceAll(value, what), text);
      const range = response.headers.get("content-range");
      return `${response.status} ${range} ${answer.replace(/"request_id":"[^"]*"/, "")}`;
    },
  };
}

/** Joins private channels over one socket, and hears at once what is answered. */
async function openJoins(
  { url, publishable }: TestPlatform,
  token: string,
): Promise<{ ask(topic: string): Promise<string>; close(): Promise<void> }> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/realtime/v1/websocket?apikey=${publishable}&vsn=2.0.0`);
  let frames = 0;
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  return {
    async ask(topic): Promise<string> {
      const ref = String(++frames);
      const reply = new Promise<string>((resolve) => {
        socket.onmessage = ({ data }): void => {
          if (typeof data === "string" && data.startsWith(`["${ref}","${ref}",`)) resolve(data);
        };
      });
      const config = { private: true, presence: { enabled: false } };
      const payload = { config, access_token: token };
      socket.send(JSON.stringify([ref, ref, `realtime:${topic}`, "phx_join", payload]));
      const [, , , event, answer] = JSON.parse(await reply);
      return `${event} ${answer?.status}`;
    },
    close: () =>
      new Promise((resolve) => {
        socket.onclose = (): void => resolve();
        socket.close();
      }),
  };
}
