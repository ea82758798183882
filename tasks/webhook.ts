/**
 * `deno task webhook`: registers the Helius webhook, looks whether it is as it has to be, and changes its secret.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { rowOf, rowsOf } from "@/lib/ledger/attempts.ts";
import { type Database, openDatabase } from "@/lib/ledger/database.ts";
import { secretsFromList } from "@/lib/http/secret.ts";
import { complain, runTask, say, UsageError } from "./command_line.ts";
import { type Expectation, findings, settingsFor, withSecret } from "./webhook/expectation.ts";
import { type HeliusApi, openHeliusApi, type Webhook } from "./webhook/helius_api.ts";

const USAGE = `Keeps the Helius webhook that delivers to Vaultbook as it has to be.

  deno task webhook register|list|check|rotate (--project-ref REF | --url URL) [--each-vault] [--db-url URL] [--dry-run]

  register           makes it, or changes the one that delivers to this address already
  list               shows every webhook of the account
  check              tells what is not as it has to be; raises the alert gap_detected for it, or resolves it
  rotate             puts the first of HELIUS_WEBHOOK_SECRETS into use, after the function was seen to accept it
  --project-ref REF  the Supabase project that runs the function api
  --url URL          the address of the webhook instead, as https://…/functions/v1/api/webhooks/helius
  --each-vault       watches every vault's address instead of the program's (100000 at most)
  --db-url URL       the book that knows the vaults (default: DB_POOLER_URL, else SUPABASE_DB_URL)
  --dry-run          shows what would be done, and does nothing
  -h, --help         this text

Environment: HELIUS_API_KEY, HELIUS_WEBHOOK_SECRETS (several are valid at once, the first is in use), VAULT_PROGRAM_ID.
To change the secret: put the new one first, keep the old one behind it, \`deno task deploy\`, then \`rotate\`; a minute later take
the old one out and deploy again.

Exit code 1 when something is not as it has to be, or cannot be done.`;

const COMMANDS = { register, list, check, rotate } as const;

/** What a command works with. */
interface Work {
  readonly api: HeliusApi;
  readonly wanted: Expectation;
  readonly database: Database | null;
  readonly eachVault: boolean;
  readonly isDryRun: boolean;
}

async function main(args: string[]): Promise<number> {
  const { flags, command } = readCommandLine(args);
  if (flags.help) {
    say(USAGE);
    return 0;
  }
  if (command === undefined || !Object.hasOwn(COMMANDS, command)) {
    throw new UsageError(command === undefined ? "No command given" : `There is no command ${command}`);
  }
  const url = addressOf(flags.url, flags["project-ref"]);
  const api = openHeliusApi({ key: required("HELIUS_API_KEY"), url: Deno.env.get("HELIUS_API_URL") || undefined });
  const program = required("VAULT_PROGRAM_ID");
  const secrets = secretsFromList(required("HELIUS_WEBHOOK_SECRETS"));
  if (secrets.length === 0) throw new Error("HELIUS_WEBHOOK_SECRETS holds no secret");
  const databaseUrl = flags["db-url"] ?? (Deno.env.get("DB_POOLER_URL") || Deno.env.get("SUPABASE_DB_URL"));
  const database = databaseUrl ? openDatabase(databaseUrl) : null;
  try {
    const vaults = database && await openVaults(database);
    const wanted = { url, program, secrets, vaults };
    const work = { api, wanted, database, eachVault: flags["each-vault"], isDryRun: flags["dry-run"] };
    return await COMMANDS[command as keyof typeof COMMANDS](work);
  } finally {
    await database?.close();
  }
}

interface Flags {
  readonly "project-ref"?: string | undefined;
  readonly url?: string | undefined;
  readonly "db-url"?: string | undefined;
  readonly "each-vault": boolean;
  readonly "dry-run": boolean;
  readonly help: boolean;
}

function readCommandLine(args: string[]): { flags: Flags; command: string | undefined } {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const options = {
    ...{ "project-ref": text, url: text, "db-url": text, "each-vault": flag, "dry-run": flag },
    help: { ...flag, short: "h" },
  } as const;
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true, strict: true });
    if (positionals.length > 1) throw new UsageError(`One command at a time, and not ${positionals.join(" ")}`);
    return { flags: values, command: positionals[0] };
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

/** @throws {UsageError} where none is given, or it is no address of HTTPS. */
function addressOf(url: string | undefined, projectRef: string | undefined): string {
  if ((url === undefined) === (projectRef === undefined)) throw new UsageError("Give either --project-ref or --url");
  if (projectRef !== undefined) {
    if (!/^[a-z]{20}$/.test(projectRef)) throw new UsageError("--project-ref must be the 20 letters of a project");
    return `https://${projectRef}.supabase.co/functions/v1/api/webhooks/helius`;
  }
  const target = URL.canParse(url ?? "") ? new URL(url ?? "") : null;
  if (target?.protocol !== "https:" && target?.hostname !== "127.0.0.1") {
    throw new UsageError("--url must be an address of https://");
  }
  return target.href;
}

function required(name: string): string {
  const value = Deno.env.get(name);
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

async function openVaults(database: Database): Promise<string[]> {
  const rows = await rowsOf(database, (sql) =>
    sql<{ vault_address: string }[]>`
    select v.vault_address from public.vaults as v where v.status <> 'closed' order by v.vault_address`);
  return rows.map((row) => row.vault_address);
}

async function register(work: Work): Promise<number> {
  const { api, wanted } = work;
  const settings = settingsFor(wanted, work.eachVault);
  const existing = await ours(work);
  const what = `${settings.accountAddresses.length} addresses, ${settings.webhookType}, to ${settings.webhookURL}`;
  if (work.isDryRun) {
    say(existing ? `Would change webhook ${existing.webhookID}: ${what}` : `Would make a webhook: ${what}`);
    return 0;
  }
  const webhook = existing ? await api.update(existing.webhookID, settings) : await api.create(settings);
  if (!webhook.active) await api.activate(webhook.webhookID);
  say(`${existing ? "Changed" : "Made"} webhook ${webhook.webhookID}: ${what}`);
  return 0;
}

async function list({ api, wanted }: Work): Promise<number> {
  const webhooks = await api.list();
  for (const webhook of webhooks) {
    const { webhookID, webhookType, webhookURL, active, accountAddresses } = webhook;
    const mark = webhookURL === wanted.url ? "*" : " ";
    say(
      `${mark} ${webhookID}  ${webhookType}  ${
        active ? "on" : "off"
      }  ${accountAddresses.length} addresses  ${webhookURL}`,
    );
  }
  say(webhooks.length === 0 ? "The account has no webhook" : "* delivers here");
  return 0;
}

async function check(work: Work): Promise<number> {
  const all = await work.api.list();
  const here = all.filter(({ webhookURL }) => webhookURL === work.wanted.url);
  const problems = here.length === 0
    ? ["no webhook of the account delivers here"]
    : here.flatMap((webhook) =>
      findings(webhook, work.wanted).map((finding) => `webhook ${webhook.webhookID}: ${finding}`)
    );
  if (here.length > 1) {
    problems.push(`${here.length} webhooks deliver here: each event comes as often, and is paid for as often`);
  }
  for (const problem of problems) complain(problem);
  if (!work.database) complain("No alert is raised or resolved: no database is named");
  else if (!work.isDryRun) {
    await rowOf(
      work.database,
      (sql) => sql`select vaultbook.note_webhook_check(${JSON.stringify(problems)}::text::jsonb)`,
    );
  }
  if (problems.length === 0) {
    say(`The webhook is as it has to be: ${here[0]?.accountAddresses.length} addresses, ${work.wanted.url}`);
  }
  return problems.length === 0 ? 0 : 1;
}

async function rotate(work: Work): Promise<number> {
  const webhook = await ours(work);
  if (!webhook) throw new Error("No webhook of the account delivers here: register it first");
  const [secret = ""] = work.wanted.secrets;
  if (webhook.authHeader === secret) {
    say("The first of HELIUS_WEBHOOK_SECRETS is in use already: the others may go");
    return 0;
  }
  if (!await isAccepted(work.wanted.url, secret)) {
    throw new Error(
      "The function refuses the first of HELIUS_WEBHOOK_SECRETS: deploy it with the new secret before the old one, then rotate",
    );
  }
  if (work.isDryRun) {
    say(`Would put the first of HELIUS_WEBHOOK_SECRETS into use at webhook ${webhook.webhookID}`);
    return 0;
  }
  await work.api.update(webhook.webhookID, withSecret(webhook, secret));
  say(
    `Webhook ${webhook.webhookID} uses the first of HELIUS_WEBHOOK_SECRETS now. In a minute, when what is on its way has arrived, take the others out and deploy`,
  );
  return 0;
}

async function ours({ api, wanted }: Work): Promise<Webhook | undefined> {
  const here = (await api.list()).filter(({ webhookURL }) => webhookURL === wanted.url);
  if (here.length > 1) {
    throw new Error(
      `${here.length} webhooks deliver here: delete all but one of ${
        here.map(({ webhookID }) => webhookID).join(", ")
      }`,
    );
  }
  return here[0];
}

/** Whether the function lets the secret in: it is given no transaction, which is refused only after that. */
async function isAccepted(url: string, secret: string): Promise<boolean> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: secret },
    body: "[]",
    redirect: "error",
    signal: AbortSignal.timeout(10_000),
  });
  await answer.body?.cancel();
  if (answer.status === 401 || answer.status === 403) return false;
  if (answer.status >= 500 || answer.status === 404) {
    throw new Error(`The function answers ${answer.status}: nothing was changed`);
  }
  return true;
}

if (import.meta.main) await runTask(main);
