/**
 * `deno task rebuild`: replays every delivery ever received into an empty shadow, and compares what comes out with the book.
 *
 * @module
 */
import postgres, { type ISql } from "postgres";
import { readDelivery } from "@/lib/chain/delivery.ts";
import idl from "@/lib/chain/idl/collateral_vault.json" with { type: "json" };
import mapping from "@/lib/chain/idl/collateral_vault.mapping.json" with { type: "json" };
import { compileProgram, type VaultProgram } from "@/lib/chain/program.ts";
import { type Database, openDatabase } from "@/lib/ledger/database.ts";
import { ingest } from "@/lib/ledger/ingest.ts";
import { rollBack } from "@/lib/ledger/roll_back.ts";
import { readStatus } from "@/supabase/local/instance/status.ts";
import { applyMigrations } from "@/supabase/local/migrations.ts";
import { installProject } from "@/supabase/local/project.ts";
import { complain, dataDirOf, INSTANCE_FLAGS, readFlags, runTask, say } from "./command_line.ts";
import { withTestServer } from "./test/server.ts";

const USAGE =
  `Replays every delivery in the inbox from zero into a shadow database and compares it with the book, row by row.

  deno task rebuild [--data-dir DIR] [--db-url URL --program ADDRESS] [--quiet]

  --data-dir DIR     data folder of the running instance (default .vaultbook in the project)
  --db-url URL       compare this database instead
  --program ADDRESS  the vault program to read the deliveries by (default: that of the running instance)
  --quiet            print only what differs
  -h, --help         this text

Exit code 1 when something differs, or when nothing runs on the data folder. The shadow lies in the temporary directory and is gone
afterwards.`;

/** Deliveries fetched at a time; each can be 10 MiB. */
const PAGE = 20;
/** Differences shown at most. */
const SHOWN = 10;

/** A connection, inside a transaction or not. */
type Reader = ISql<Record<never, never>>;

interface Delivery {
  readonly id: string;
  readonly source: "webhook" | "sweep" | "correction";
  readonly body: Uint8Array;
  readonly finalized: boolean;
}

async function main(args: string[]): Promise<number> {
  const flags = readFlags(args, { ...INSTANCE_FLAGS, "db-url": { type: "string" }, program: { type: "string" } });
  if (flags.help) {
    say(USAGE);
    return 0;
  }
  const dir = dataDirOf(flags["data-dir"]);
  const status = await readStatus(dir);
  const url = flags["db-url"] ?? status?.DB_URL;
  const address = flags.program ?? status?.VAULT_PROGRAM_ID;
  if (url === undefined || address === undefined) {
    complain(`Vaultbook does not run on ${dir}: start it, or give --db-url and --program`);
    return 1;
  }
  const tell = flags.quiet ? (): void => {} : say;
  const program = compileProgram(address, idl, mapping);
  const book = postgres(url, { max: 1, onnotice: () => {}, connect_timeout: 10 });
  try {
    // One moment of the book, however long the replay takes and whatever arrives meanwhile.
    return await book.begin("isolation level repeatable read read only", (moment) => compare(moment, program, tell));
  } finally {
    await book.end({ timeout: 5 });
  }
}

async function compare(book: Reader, program: VaultProgram, tell: (line: string) => void): Promise<number> {
  return await withTestServer({ fresh: true, onProgress: tell }, async ({ adminUrl, interrupted }) => {
    const shadow = postgres(adminUrl, { max: 1, onnotice: () => {} });
    try {
      await installProject(shadow);
      await shadow`set role postgres`;
      await applyMigrations(shadow);
      await shadow`reset role`;
      const replayed = await replay(book, adminUrl, program, tell, interrupted);
      const [ours, theirs] = [await readBook(book), await readBook(shadow)];
      const differences = [
        ...[...ours].filter((line) => !theirs.has(line)).map((line) => `only in the book:   ${line}`),
        ...[...theirs].filter((line) => !ours.has(line)).map((line) => `only in the shadow: ${line}`),
      ];
      for (const difference of differences.slice(0, SHOWN)) say(difference);
      if (differences.length > SHOWN) say(`… and ${differences.length - SHOWN} more`);
      tell(
        differences.length === 0
          ? `${replayed} deliveries give the same book: ${ours.size} rows, byte for byte`
          : `${replayed} deliveries give another book: ${differences.length} of ${ours.size} rows differ`,
      );
      return differences.length === 0 ? 0 : 1;
    } finally {
      await shadow.end({ timeout: 5 });
    }
  });
}

/** What is final by the chain's list alone stands in no delivery; it matters where a signature was seen in several places. */
async function finalize(book: Reader, shadow: Database, program: VaultProgram): Promise<void> {
  const final = await book<{ slot: string; transaction_index: number; position: number; body: Uint8Array }[]>`
    select i.slot, i.transaction_index, i.delivery_position as position, d.body
      from vaultbook.inbox as i
      join vaultbook.deliveries as d on d.id = i.delivery_id
     where i.finalized_at is not null and i.proven_at is null and i.outcome <> 'conflict'
       and i.signature in (select l.signature from vaultbook.landings as l)`;
  for (const { slot, transaction_index: transactionIndex, position, body } of final) {
    const transaction = readDelivery(body, program)[position];
    if (transaction?.verdict !== "read") continue;
    const there = { ...transaction, slot: Number(slot), transactionIndex };
    await ingest(shadow, { source: "sweep", body, transactions: [there], finalized: true });
  }
}

/** Every delivery in the order of arrival, through the same reading and the same ingest. */
async function replay(
  book: Reader,
  shadowUrl: string,
  program: VaultProgram,
  tell: (line: string) => void,
  interrupted: AbortSignal,
): Promise<number> {
  const shadow = openDatabase(shadowUrl);
  let count = 0;
  try {
    for (let last = "0"; !interrupted.aborted;) {
      const page = await book<Delivery[]>`
        select id, source, body, finalized from vaultbook.deliveries where id > ${last} order by id limit ${PAGE}`;
      for (const { id, source, body, finalized } of page) {
        if (source === "correction") await shadow.run((sql) => sql`select vaultbook.enter_correction(${body})`);
        else await ingest(shadow, { source, body, transactions: readDelivery(body, program), finalized });
        last = id;
        if (++count % 1000 === 0) tell(`${count} deliveries replayed`);
      }
      if (page.length < PAGE) break;
    }
    await finalize(book, shadow, program);
    // What was lost, was lost whenever it became known: the order makes no difference.
    const lost = await book<{ signature: string; slot: string }[]>`select signature, slot from vaultbook.lost_landings`;
    if (lost.length > 0) {
      await rollBack(shadow, lost.map(({ signature, slot }) => ({ signature, slot: Number(slot) })));
    }
  } finally {
    await shadow.close();
  }
  return count;
}

/** The vaults, the ledger, the pauses and the outcomes as lines, without ids and the database's own times. */
async function readBook(sql: Reader): Promise<Set<string>> {
  const rows = await sql<{ line: string }[]>`
    select concat_ws(' ', 'vault', v.owner, v.vault_address, v.token_account, v.total_balance, v.locked_balance, v.available_balance,
                     v.total_deposited, v.total_withdrawn, v.status) as line
      from public.vaults as v
    union all
    select concat_ws(' ', 'transaction', t.vault_owner, t.slot, t.transaction_index, t.event_index, t.signature, t.transaction_type,
                     t.status, t.amount, t.balance_before, t.balance_after, t.total_after, t.locked_after, t.counterparty, t.note)
      from public.transactions as t
     where t.slot is not null and t.rolled_back_at is null
    union all
    select concat_ws(' ', 'status', c.signature, c.event_index, c.slot, c.transaction_index, c.vault_address, c.change, c.owner, c.authority)
      from vaultbook.status_changes as c
     where c.rolled_back_at is null
    union all
    select concat_ws(' ', 'outcome', i.signature, i.outcome, i.code, encode(i.content_sha256, 'hex'))
      from vaultbook.inbox as i
     where i.signature is not null`;
  return new Set(rows.map(({ line }) => line));
}

if (import.meta.main) await runTask(main);
