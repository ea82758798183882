/**
 * What every bench shares: which figures are asked for, how they are said, and a database to take them on.
 *
 * @module
 */
import type { Sql } from "postgres";
import { withTestServer } from "@/tasks/test/server.ts";
import { openTestDatabase } from "@/tests/support/database.ts";

/** A figure beside what bounds it, taken in the same run. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly ceiling: number;
  readonly ceiling_name: string;
  /** What the ratio is to be: `>= 0.7` of a rate, `<= 1.5` of what is spent. Default: nothing in particular. */
  readonly goal?: `${">=" | "<="} ${number}`;
}

/** Whether `--only` asks for this figure, by its name or the beginning of it; without `--only` each is asked for. */
export function isWanted(name: string): boolean {
  const only = valueOf("only");
  return only === undefined || name === only || name.startsWith(`${only}/`) || name.startsWith(`${only} `);
}

/** A whole number from the command line, as `--vaults 1000`. @throws {Error} where it is none. */
export function sizeOf(flag: string, preset: number): number {
  const text = valueOf(flag) ?? String(preset);
  if (!/^[1-9][0-9_]*$/.test(text)) throw new Error(`--${flag} must be a whole number`);
  // not an amount: how much the bench takes on
  return Number(text.replaceAll("_", ""));
}

function valueOf(flag: string): string | undefined {
  const place = Deno.args.indexOf(`--${flag}`);
  return place < 0 ? undefined : Deno.args[place + 1];
}

/** Says a figure: a line for a person, or with `--json` an object. The ratio is ours to the ceiling. */
export function report(figure: Figure): void {
  const { name, unit, ceiling_name: ceilingName, goal } = figure;
  const [ours, ceiling, ratio] = [figure.ours, figure.ceiling, figure.ours / figure.ceiling].map(rounded);
  print(
    Deno.args.includes("--json")
      ? JSON.stringify({ name, unit, ours, ceiling, ceiling_name: ceilingName, ratio, ...(goal && { goal }) })
      : `${name}: ${ours} ${unit}, ${ceilingName} ${ceiling} ${unit}, ratio ${ratio}${goal ? ` (goal ${goal})` : ""}`,
  );
}

/** Three digits that mean something. */
function rounded(value: number): number {
  return value >= 100 ? Math.round(value) : Math.round(value * 1000) / 1000;
}

/** Says how far it is; on standard error, where it is in nobody's way. */
export function tell(line: string): void {
  // deno-lint-ignore no-console -- for whoever waits
  console.error(line);
}

function print(line: string): void {
  // deno-lint-ignore no-console -- the figures
  console.log(line);
}

/** The middle one. @throws {RangeError} of an empty list. */
export function median(values: readonly number[]): number {
  const middle = values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)];
  if (middle === undefined) throw new RangeError("There is no middle of nothing");
  return middle;
}

/** Milliseconds that it takes. */
export async function timeOf(work: () => PromiseLike<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** As a small project has it. */
const SETTINGS = {
  shared_buffers: "1GB",
  maintenance_work_mem: "512MB",
  max_wal_size: "8GB",
  checkpoint_timeout: "1h",
};

/**
 * Works on a migrated database of its own as its superuser, over one connection: on an embedded server of its own, or on the server
 * that `--db-url` names by a superuser.
 *
 * @param options.durable whether commits wait for the disk; default false, for what only reads.
 */
export async function onDatabase(
  work: (sql: Sql, url: string, server: string) => Promise<void>,
  { durable = false }: { durable?: boolean } = {},
): Promise<void> {
  const given = valueOf("db-url");
  if (given !== undefined) return await onServer(given, new AbortController().signal, work);
  const options = { fresh: true, durable, settings: SETTINGS, onProgress: tell };
  await withTestServer(options, ({ adminUrl, interrupted }) => onServer(adminUrl, interrupted, work));
}

async function onServer(
  server: string,
  interrupted: AbortSignal,
  work: (sql: Sql, url: string, server: string) => Promise<void>,
): Promise<void> {
  const database = await openTestDatabase({ server });
  // Whatever it waits for then fails at once.
  interrupted.addEventListener("abort", () => void database.admin.end({ timeout: 0 }));
  try {
    const sql = await database.admin.reserve();
    await work(sql, database.url, server).finally(() => sql.release());
  } finally {
    await database.close();
  }
}

/** The value below which so large a part of them lies. @throws {RangeError} of an empty list. */
export function quantile(values: readonly number[], part: number): number {
  const value =
    values.toSorted((one, other) => one - other)[Math.min(values.length - 1, Math.floor(values.length * part))];
  if (value === undefined) throw new RangeError("There is no part of nothing");
  return value;
}

/** Fills the book up to so many vaults that hold something, in an order that is not that of their owners. */
export async function fillVaults(sql: Sql, count: number): Promise<void> {
  tell(`Making ${count} vaults`);
  await sql`set role vaultbook_ledger`;
  await sql`
    insert into public.vaults (owner, vault_address, token_account, total_balance, locked_balance, available_balance, total_deposited)
    select 'A' || key || substr(key, 1, 11), 'V' || key || substr(key, 1, 11), 'T' || key || substr(key, 1, 11), 1000 + n, n % 1000, 1000 + n - n % 1000, 1000 + n
      from (select n, translate(md5(n::text), '0', 'g') as key from generate_series(1, ${count}::integer) as n) as made
    on conflict do nothing`;
  await sql`select vaultbook.recount_totals()`;
  await sql`reset role`;
  await sql`vacuum (analyze) public.vaults`;
  await sql`vacuum (analyze) vaultbook.vault_totals`;
}
