/**
 * A book, a chain, and the sweep between them: the stage of the tests of the sweep.
 *
 * @module
 */
import bs58 from "bs58";
import { expect } from "expect";
import type { Sql } from "postgres";
import { sweep } from "@/functions/sweep/sweep.ts";
import type { SweepLimits } from "@/functions/sweep/context.ts";
import { readDelivery } from "@/lib/chain/delivery.ts";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram } from "@/lib/chain/program.ts";
import { createNode } from "@/lib/chain/rpc.ts";
import type { RpcOptions } from "@/lib/chain/rpc_transport.ts";
import { type Database, openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import type { JobReport } from "@/lib/ledger/jobs.ts";
import { DEMO_PROGRAM } from "@/supabase/local/demo/address.ts";
import type { FaultName } from "@/supabase/local/demo/faults.ts";
import { rawItem } from "@/supabase/local/demo/transaction_json.ts";
import { openTestDatabase } from "./database.ts";
import { deliver, type Weather } from "./deliverer.ts";
import { type FaultyNode, openFaultyNode } from "./faulty_node.ts";
import { brokenInvariants } from "./ledger_state.ts";
import { bodyOf } from "./raw_delivery.ts";

/** The vault program of the demo chain. */
export const program = compileProgram(DEMO_PROGRAM, idl, mapping);

/** How a test sweeps. */
export interface SweepAsked {
  readonly fromSlot?: number;
  readonly authorities?: readonly string[];
  readonly limits?: Partial<SweepLimits>;
  /** Nodes to ask; default the stage's first. */
  readonly urls?: readonly string[];
  /** Of all calls together, in milliseconds; default a minute. */
  readonly budget?: number;
  readonly rpc?: Partial<RpcOptions>;
}

/** What a test of the sweep works with. */
export interface SweepStage {
  readonly node: FaultyNode;
  readonly sql: Sql;
  /** Connection string of the superuser. */
  readonly adminUrl: string;
  readonly database: Database;
  sweep(asked?: SweepAsked): Promise<JobReport>;
  /** What the webhook heard of all that was posted since the last time. */
  hear(weather?: Weather): Promise<ReturnType<typeof deliver>["fired"]>;
  /** Gives the webhook these items. */
  take(...items: unknown[]): Promise<string[]>;
  /** What differs between book and chain, and which invariants are broken; empty when all is well. */
  differences(): Promise<string[]>;
}

/** A database of the test's own, a chain of so many transactions that are final, and nothing heard of it yet. */
export async function openSweepStage(
  { seed, transactions = 40, traders = 4, server }: {
    seed: string;
    transactions?: number;
    traders?: number;
    /** As for {@link openTestDatabase}. */
    server?: string;
  },
): Promise<SweepStage & { close(): Promise<void> }> {
  const database = await openTestDatabase(server === undefined ? {} : { server });
  const connection = openDatabase(database.url, { max: 2 });
  const node = openFaultyNode({ seed, traders });
  let heard = 0;
  node.trade(transactions);
  node.waitUntilFinal();
  const take = async (...items: unknown[]): Promise<string[]> => {
    const body = bodyOf(...items);
    const settled = await ingest(connection, { source: "webhook", body, transactions: readDelivery(body, program) });
    return settled.map(({ outcome, code }) => (code ? `${outcome} ${code}` : outcome));
  };
  return {
    node,
    sql: database.admin,
    adminUrl: database.adminUrl,
    database: connection,
    take,
    sweep({ urls = [node.url], budget = 60_000, rpc = {}, ...asked } = {}): Promise<JobReport> {
      const nodes = urls.map((url) => createNode({ url, budget, sleep: () => Promise.resolve(), ...rpc }));
      return sweep({ database: connection, program, nodes, now: node.now, ...asked });
    },
    async hear(weather = {}): Promise<ReturnType<typeof deliver>["fired"]> {
      const posted = node.posted().slice(heard);
      heard = node.posted().length;
      const { deliveries, fired } = deliver(posted, `${seed}/${heard}`, weather);
      for (const { items } of deliveries) await take(...items);
      return fired;
    },
    differences: async () => [...await differencesOf(node, database.admin), ...await brokenInvariants(database.admin)],
    async close(): Promise<void> {
      await node.close();
      await connection.close();
      await database.close();
    },
  };
}

/** Runs a test on a stage, and checks that every named fault struck. */
export function sweepTest(
  name: string,
  faults: readonly FaultName[],
  run: (stage: SweepStage) => Promise<void>,
  options: { transactions?: number; traders?: number } = {},
): void {
  Deno.test(name, async () => {
    const stage = await openSweepStage({ seed: name, ...options });
    try {
      await run(stage);
      for (const fault of faults) expect([fault, stage.node.faults.fired(fault) > 0]).toEqual([fault, true]);
    } finally {
      await stage.close();
    }
  });
}

/** The item that the webhook would be sent of a transaction by its number. */
export function itemOf(node: FaultyNode, number: number): unknown {
  return rawItem(node.chain.render(number));
}

/** The same under a signature that nobody made; each number another. */
export function forgedOf(item: unknown, number: number): unknown {
  const { transaction } = item as { transaction: Record<string, unknown> };
  const signatures = [bs58.encode(new Uint8Array(64).fill(number))];
  return { ...item as Record<string, unknown>, transaction: { ...transaction, signatures } };
}

/** The book against the chain's vault accounts, and the inbox against its finalized transactions. */
async function differencesOf({ chain }: FaultyNode, sql: Sql): Promise<string[]> {
  const vaults = await sql<{ line: string }[]>`
    select concat_ws(' ', 'vault', owner, vault_address, token_account, total_balance, locked_balance, available_balance,
                     total_deposited, total_withdrawn) as line
      from public.vaults where status <> 'closed'`;
  const landed = await sql<{ line: string }[]>`
    select concat_ws(' ', 'landed', signature, slot, transaction_index, case when finalized_at is null then 'not final' end) as line
      from vaultbook.inbox
     where outcome in ('applied', 'failed', 'parked', 'quarantined') and not vaultbook.is_correction(signature)`;
  // What does nothing has to be there, and no more.
  const ignored = new Set(
    (await sql`select signature from vaultbook.inbox where outcome = 'ignored'`).map((row) => row.signature),
  );
  const book = new Set([...vaults, ...landed].map(({ line }) => line));
  const { finalized } = chain.tips();
  const truth = new Set([
    ...[...chain.state().vaults.values()].map((vault) =>
      [
        ...["vault", vault.owner, vault.address, vault.tokenAccount, vault.total, vault.locked],
        ...[vault.total - vault.locked, vault.totalDeposited, vault.totalWithdrawn],
      ].join(" ")
    ),
    ...chain.naming(program.address).map((number) => chain.record(number))
      .filter(({ slot, signatures: [first] }) => slot <= finalized && !ignored.has(first))
      .map(({ signatures: [first], slot, index }) => ["landed", first, slot, index].join(" ")),
  ]);
  return [
    ...[...book].filter((line) => !truth.has(line)).map((line) => `only in the book: ${line}`),
    ...[...truth].filter((line) => !book.has(line)).map((line) => `only on the chain: ${line}`),
  ];
}
