/**
 * Two owners and the system, each with values in every table that nobody else has: canaries.
 *
 * @module
 */
import type { Sql } from "postgres";
import type { TestPlatform, Wallet } from "@/tests/support/platform.ts";
import { newWallet } from "@/tests/support/platform.ts";
import { events, logOf, rawTransaction, signature, vaultOf } from "@/tests/support/raw_delivery.ts";

/** Whose a canary is. */
export type Tenant = "alice" | "bob" | "system";

/** The planted book. */
export interface Tenants {
  readonly alice: Wallet;
  readonly bob: Wallet;
  /** Every text that gives a tenant away, in whatever relation, body or header it is found. */
  readonly canaries: Readonly<Record<Tenant, readonly string[]>>;
}

/** What each owner holds, in base units; no other number in the book looks like it. */
const HOLDINGS = { alice: 8_111_122_223_333n, bob: 9_444_455_556_666n } as const;

/** Fills the book of a fresh platform. */
export async function plantTenants(platform: TestPlatform): Promise<Tenants> {
  const owners = { alice: newWallet(), bob: newWallet() };
  const sql = platform.database.admin;
  const canaries: Record<Tenant, string[]> = { alice: [], bob: [], system: ["canary-system"] };
  for (const [slot, name] of (["alice", "bob"] as const).entries()) {
    const { address } = owners[name];
    const amount = HOLDINGS[name];
    await platform.deliver(rawTransaction({
      signature: signature(`canary ${name}`),
      slot: slot + 1,
      logs: logOf(events.initialise(address), events.deposit(address, amount, amount)),
    }));
    const ids = await plantRows(sql, name, address);
    const { vault, tokenAccount } = vaultOf(address);
    const usdt = amount.toLocaleString("en-US").replace(/,(\d{3}),(\d{3})$/, ".$1$2");
    canaries[name].push(
      address,
      vault,
      tokenAccount,
      signature(`canary ${name}`),
      `canary-${name}`,
      `${amount}`,
      usdt,
      ...ids,
    );
  }
  await plantSystemRows(sql);
  return { ...owners, canaries };
}

/** Beside what the delivery left: one row of everything that has a word of its own. Returns their ids. */
async function plantRows(sql: Sql, name: string, owner: string): Promise<string[]> {
  const word = `canary-${name}`;
  return await sql.begin(async (own) => {
    await own`set local role vaultbook_ledger`;
    await own`update public.transactions set note = ${word}, counterparty = ${owner} where vault_owner = ${owner}`;
    await own`
      insert into public.balance_snapshots (vault_owner, total_balance, locked_balance, available_balance)
      select owner, total_balance, locked_balance, available_balance from public.vaults where owner = ${owner}`;
    await own`
      insert into public.reconciliation_logs (vault_owner, expected_balance, actual_balance, difference, notes)
      select owner, total_balance, total_balance, 0, ${word} from public.vaults where owner = ${owner}`;
    await own`
      insert into public.alerts (severity, alert_type, message, vault_owner, subject, data)
      values ('warning', 'low_balance', ${word}, ${owner}, ${word}, ${own.json({ secret: word })})`;
    await own`set local role postgres`;
    await own`select vaultbook.open_pending(${owner}, 'deposit', 77, ${`${word} key`}, interval '1 day')`;
    const rows = await own<{ id: string }[]>`
      select id::text from public.transactions where vault_owner = ${owner}
      union all select id::text from public.alerts where vault_owner = ${owner}
      union all select id::text from public.balance_snapshots where vault_owner = ${owner}
      union all select id::text from public.reconciliation_logs where vault_owner = ${owner}`;
    return rows.map(({ id }) => id);
  });
}

/** What only operators see, and what everybody sees. */
async function plantSystemRows(sql: Sql): Promise<void> {
  await sql.begin(async (own) => {
    await own`set local role vaultbook_ledger`;
    await own`
      insert into public.alerts (severity, alert_type, message, data)
      values ('critical', 'ingest_stalled', 'canary-system', '{"secret": "canary-system"}')`;
    await own`
      insert into public.reconciliation_logs (expected_balance, actual_balance, difference, notes) values (5, 5, 0, 'canary-system')`;
    await own`
      insert into public.job_runs (job, status, finished_at, code, message)
      values ('tvl', 'failed', clock_timestamp(), 'planted', 'canary-system')`;
    await own`
      insert into public.tvl_snapshots (total_value_locked, active_vaults, total_locked, total_available) values (3, 2, 1, 2)`;
  });
}

/** The canaries in an answer that are not in the question: as text, or in the hexadecimal form of a bytea. */
export function leaksIn(answer: string, question: string, foreign: readonly string[]): string[] {
  return foreign.filter((canary) =>
    (answer.includes(canary) || answer.includes(hexOf(canary))) && !question.includes(canary)
  );
}

const hexes = new Map<string, string>();

function hexOf(text: string): string {
  const known = hexes.get(text);
  if (known !== undefined) return known;
  const hex = [...new TextEncoder().encode(text)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  hexes.set(text, hex);
  return hex;
}

/** The canaries of everybody but these. */
export function foreignTo({ canaries }: Tenants, ...own: readonly Tenant[]): string[] {
  return (Object.keys(canaries) as Tenant[]).filter((tenant) => !own.includes(tenant)).flatMap((tenant) =>
    canaries[tenant]
  );
}
