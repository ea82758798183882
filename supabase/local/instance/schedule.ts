/**
 * What the schedule in the database has to know of this instance: where its functions are, and the secret that they ask for.
 *
 * @module
 */
import postgres, { type TransactionSql } from "postgres";

/** Where to call functions, and with what. */
export interface ScheduleTarget {
  /** The platform's URL. */
  readonly projectUrl: string;
  /** Empty: nobody may call, and every call fails, on record. */
  readonly cronSecret: string;
}

/**
 * Puts both into Vault, as the owner of a hosted project does once, and has pg_cron told anew what to run: it may have come since the
 * migrations. To be done before the first tick.
 *
 * @param ownerUrl connection string of the role that owns Vaultbook's tables.
 * @throws the database's error.
 */
export async function aimSchedule(
  ownerUrl: string,
  { projectUrl, cronSecret }: ScheduleTarget,
): Promise<void> {
  const owner = postgres(ownerUrl, { max: 1, onnotice: () => {} });
  try {
    await owner.begin(async (sql) => {
      await keepSecret(sql, "project_url", projectUrl);
      await keepSecret(sql, "cron_secret", cronSecret);
      await sql`select vaultbook.schedule_jobs()`;
    });
  } finally {
    await owner.end();
  }
}

async function keepSecret(sql: TransactionSql, name: string, value: string): Promise<void> {
  const [known] = await sql<{ id: string }[]>`select id from vault.secrets where name = ${name}`;
  if (known) await sql`select vault.update_secret(${known.id}, ${value})`;
  else await sql`select vault.create_secret(${value}, ${name})`;
}
