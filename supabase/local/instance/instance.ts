/**
 * One running Vaultbook on a data folder: database, platform, and the demo chain that feeds it.
 *
 * @module
 */
import { join } from "node:path";
import { DEMO_PROGRAM, USDT_MINT } from "../demo/address.ts";
import { type Demo, DEMO_SEED, startDemo } from "../demo/demo.ts";
import { localUrl } from "../gateway.ts";
import { openOpsPage } from "../ops_page.ts";
import { startPlatform } from "../platform.ts";
import { removeData } from "../postgres/data_folder.ts";
import { freePort } from "../postgres/port.ts";
import { openInstanceDatabase } from "./database.ts";
import { type LogFile, openLog } from "./log_file.ts";
import { lockInstance } from "./lock.ts";
import { ensureOperator, type Operator } from "./operator.ts";
import { aimSchedule } from "./schedule.ts";
import { loadSecrets, type Secrets } from "./secrets.ts";
import { removeStatus, type Status, writeStatus } from "./status.ts";

/** How to run it. */
export interface InstanceOptions {
  /** The data folder. */
  readonly dir: string;
  readonly host: string;
  /** Wanted ports; the next free ones are taken where they are not. */
  readonly port: number;
  readonly databasePort: number;
  readonly rpcPort: number;
  /** See {@link openInstanceDatabase}. */
  readonly databaseUrl?: string;
  /** Whether the demo chain trades. */
  readonly demo: boolean;
  /** Who can sign in to the ops page, by an email address; default as {@link ensureOperator} has it. */
  readonly operator?: string;
  /** Whether everything in the data folder is deleted first. */
  readonly fresh: boolean;
  /** Variables of the caller's own that the functions take, such as VAULT_PROGRAM_ID. */
  readonly environment: Readonly<Record<string, string>>;
  readonly onProgress: (message: string) => void;
}

/** A running instance. */
export interface Instance {
  readonly status: Status;
  /** Null without the demo. */
  readonly demo: Demo | null;
  /** Who can sign in to the ops page; null where nobody was asked for. */
  readonly operator: Operator | null;
  /** Rejects when a part that it cannot do without ends by itself. */
  readonly failed: Promise<never>;
  /** Ends everything, in order, and frees the folder. */
  close(): Promise<void>;
}

/** What an app under development may be served from, for sign-in. */
const SITE_URL = "http://localhost:3000";
const REDIRECT_URLS = ["http://localhost:*/**", "http://127.0.0.1:*/**", "https://localhost:*/**"];

/** The variables that the functions take from the caller's environment, beside what is made here. */
const TAKEN = [
  "HELIUS_WEBHOOK_SECRETS",
  "CRON_SECRET",
  "SOLANA_RPC_URL",
  "SOLANA_RPC_URL_2",
  "VAULT_PROGRAM_ID",
  "USDT_MINT",
  "VAULT_AUTHORITIES",
  "NOTICE_URLS",
  "NOTICE_SECRETS",
  "NOTICE_LOCAL",
];

/**
 * Starts an instance; when this resolves, everything answers and `status.json` says where.
 *
 * @throws {InstanceRunning} when another process runs on the folder; any other error after what had started was ended again.
 */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const { dir, host, onProgress } = options;
  await using opened = new AsyncDisposableStack();
  const lock = await lockInstance(dir);
  opened.defer(() => lock.release());
  if (options.fresh) await deleteContents(dir);
  const log = openLog(join(dir, "vaultbook.log"));
  opened.defer(() => log.close());
  const secrets = await loadSecrets(dir);

  const database = await openInstanceDatabase({
    dir,
    host,
    port: options.databasePort,
    ...(options.databaseUrl === undefined ? {} : { url: options.databaseUrl }),
    passwords: secrets.databasePasswords,
    onProgress,
  });
  opened.defer(() => database.close());

  const port = await freePort(host, options.port);
  if (port !== options.port) onProgress(`Port ${options.port} is taken: the API is on ${port}`);
  const rpcPort = options.demo ? await freePort(host, options.rpcPort) : 0;
  const environment = environmentOf(options, secrets, rpcPort);
  await aimSchedule(database.ownerUrl, { projectUrl: localUrl(host, port), cronSecret: environment.CRON_SECRET ?? "" });
  onProgress("Starting the platform");
  const platform = await startPlatform({
    adminUrl: database.adminUrl,
    authenticatorUrl: database.authenticatorUrl,
    functionsDatabaseUrl: database.ownerUrl,
    host,
    port,
    secrets: { publishable: secrets.publishableKey, secret: secrets.secretKey, signingKey: secrets.signingKey },
    functionsEnv: environment,
    siteUrl: SITE_URL,
    redirectUrls: REDIRECT_URLS,
    accessTokenHook: "vaultbook.custom_access_token_hook",
    jobs: { cron: !database.has.cron, net: !database.has.net },
    page: openOpsPage(secrets.publishableKey).handle,
    log: log.write,
    eagerFunctions: true,
  });
  opened.defer(() => platform.close());
  const operator = await ensureOperator(dir, { email: options.operator, isDemo: options.demo }, {
    url: platform.url,
    secretKey: secrets.secretKey,
  });

  const demo = options.demo ? await startTraffic(options, environment, platform.url, rpcPort, log) : null;
  if (demo) {
    opened.defer(() => demo.close());
    onProgress("The demo chain delivers its first transactions");
    await demo.caughtUp;
  }

  const status = statusOf(platform.url, database.ownerUrl, secrets, environment);
  await writeStatus(dir, status);
  opened.defer(() => removeStatus(dir));
  const running = opened.move();
  return { status, demo, operator, failed: database.failed, close: () => running.disposeAsync() };
}

async function startTraffic(
  { dir, host }: InstanceOptions,
  environment: Readonly<Record<string, string>>,
  url: string,
  rpcPort: number,
  log: LogFile,
): Promise<Demo> {
  return await startDemo({
    folder: join(dir, "demo"),
    seed: DEMO_SEED,
    programId: environment.VAULT_PROGRAM_ID ?? DEMO_PROGRAM,
    mint: environment.USDT_MINT ?? USDT_MINT,
    webhookUrl: `${url}/functions/v1/api/webhooks/helius`,
    webhookSecret: firstSecret(environment),
    host,
    rpcPort,
    log: (line) => log.write(`demo: ${line}`),
  });
}

function statusOf(
  url: string,
  databaseUrl: string,
  secrets: Secrets,
  environment: Readonly<Record<string, string>>,
): Status {
  return {
    API_URL: url,
    DB_URL: databaseUrl,
    FUNCTIONS_URL: `${url}/functions/v1`,
    REALTIME_URL: `${url.replace("http", "ws")}/realtime/v1`,
    PUBLISHABLE_KEY: secrets.publishableKey,
    SECRET_KEY: secrets.secretKey,
    JWKS_URL: `${url}/auth/v1/.well-known/jwks.json`,
    HELIUS_WEBHOOK_SECRET: firstSecret(environment),
    CRON_SECRET: environment.CRON_SECRET ?? "",
    SOLANA_RPC_URL: environment.SOLANA_RPC_URL ?? "",
    VAULT_PROGRAM_ID: environment.VAULT_PROGRAM_ID ?? "",
    PID: Deno.pid,
  };
}

/** Several secrets may be valid at once; the first is the one to send. */
function firstSecret(environment: Readonly<Record<string, string>>): string {
  return environment.HELIUS_WEBHOOK_SECRETS?.split(",")[0]?.trim() ?? "";
}

function environmentOf(options: InstanceOptions, secrets: Secrets, rpcPort: number): Record<string, string> {
  const given = TAKEN.flatMap((name) => {
    const value = options.environment[name];
    return value ? [[name, value]] : [];
  });
  return {
    HELIUS_WEBHOOK_SECRETS: secrets.heliusWebhookSecret,
    CRON_SECRET: secrets.cronSecret,
    VAULT_PROGRAM_ID: DEMO_PROGRAM,
    USDT_MINT,
    ...(options.demo ? { SOLANA_RPC_URL: `http://${options.host}:${rpcPort}` } : {}),
    ...Object.fromEntries(given),
  };
}

/** Everything but the lock, which this process holds. */
async function deleteContents(dir: string): Promise<void> {
  await removeData(join(dir, "postgres"));
  for await (const entry of Deno.readDir(dir)) {
    if (entry.name !== "lock") await Deno.remove(join(dir, entry.name), { recursive: true });
  }
}
