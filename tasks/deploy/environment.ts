/**
 * What a deployment is told by the environment.
 *
 * @module
 */

/** Without these nothing is deployed: the project would refuse every request that needs one. */
const REQUIRED = ["HELIUS_WEBHOOK_SECRETS", "CRON_SECRET", "SOLANA_RPC_URL", "VAULT_PROGRAM_ID"] as const;
const OPTIONAL = [
  "SOLANA_RPC_URL_2",
  "USDT_MINT",
  "VAULT_AUTHORITIES",
  "DB_POOLER_URL",
  "NOTICE_URLS",
  "NOTICE_SECRETS",
] as const;
/** Characters that a secret has at least. `openssl rand -hex 32` makes 64. */
const SECRET_LENGTH = 32;

/** What is deployed with. */
export interface DeployEnvironment {
  /** For the supabase CLI alone. */
  readonly accessToken: string;
  /** Null where the connection is given whole. */
  readonly databasePassword: string | null;
  readonly cronSecret: string;
  /** The functions' secrets by name, those that are set. */
  readonly secrets: Readonly<Record<string, string>>;
}

/**
 * @param options.needsPassword false where the database's connection is given whole.
 * @throws {Error} naming each variable that is missing or too short; never what is in one.
 */
export function readEnvironment(
  environment: Readonly<Record<string, string>>,
  { needsPassword }: { readonly needsPassword: boolean },
): DeployEnvironment {
  const needed = ["SUPABASE_ACCESS_TOKEN", ...(needsPassword ? ["SUPABASE_DB_PASSWORD"] : []), ...REQUIRED];
  const missing = needed.filter((name) => !environment[name]?.trim());
  if (missing.length > 0) throw new Error(`Not set: ${missing.join(", ")}`);
  const secretsOf = (name: string): string[] => (environment[name] ?? "").split(",").map((secret) => secret.trim());
  const short = ["HELIUS_WEBHOOK_SECRETS", "CRON_SECRET"].filter((name) =>
    secretsOf(name).some((secret) => secret.length < SECRET_LENGTH)
  );
  if (short.length > 0) {
    throw new Error(`Shorter than ${SECRET_LENGTH} characters: ${short.join(", ")} (openssl rand -hex 32 makes one)`);
  }
  // The file that they travel in has one a line.
  const broken = [...REQUIRED, ...OPTIONAL].filter((name) => /[\r\n]/.test(environment[name] ?? ""));
  if (broken.length > 0) throw new Error(`More than one line: ${broken.join(", ")}`);
  const set = [...REQUIRED, ...OPTIONAL].flatMap((name) =>
    environment[name] ? [[name, environment[name]] as const] : []
  );
  return {
    accessToken: environment.SUPABASE_ACCESS_TOKEN ?? "",
    databasePassword: environment.SUPABASE_DB_PASSWORD ?? null,
    cronSecret: environment.CRON_SECRET ?? "",
    secrets: Object.fromEntries(set),
  };
}

/** As a file for `secrets set --env-file`: each in single quotes, in which nothing else has a meaning. */
export function envFile(secrets: Readonly<Record<string, string>>): string {
  return Object.entries(secrets).map(([name, value]) => {
    if (value.includes("'")) {
      throw new Error(`${name} holds a single quote, which cannot be handed to the supabase CLI`);
    }
    return `${name}='${value}'\n`;
  }).join("");
}
