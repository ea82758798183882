/**
 * Row 58: whatever version a database has, and whatever lies in it, the migrations that it lacks apply.
 *
 * @module
 */
import { expect } from "expect";
import { pathToFileURL } from "node:url";
import postgres, { type Sql } from "postgres";
import { applyMigrations } from "@/supabase/local/migrations.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { brokenInvariants } from "@/tests/support/ledger_state.ts";
import { chosenSeed, generator } from "@/tests/support/seeded.ts";
import { sweepTest } from "@/tests/support/sweeping.ts";

/** Versions tried in one run, others with every seed. */
const VERSIONS = 5;

/** From here on everything that the invariants look at is there. */
const BOOK_IS_WHOLE = "_after_ingest.sql";

const MIGRATIONS = new URL("../../supabase/migrations/", import.meta.url);

sweepTest(
  "row 58: from every earlier version, with a book in it, the rest of the migrations apply",
  [],
  async (stage) => {
    const seed = chosenSeed();
    const random = generator(seed);
    await stage.hear({ drop: 0.2 });
    await stage.sweep();
    const book = await readBook(stage.sql);
    const files = [...Deno.readDirSync(MIGRATIONS)].map(({ name }) => name).sort();
    const versions = new Set(Array.from({ length: VERSIONS }, () => 1 + Math.floor(random() * (files.length - 1))));
    for (const version of versions) {
      expect([`seed ${seed}`, await upgrade(files, version, book)]).toEqual([`seed ${seed}`, []]);
    }
  },
);

/** The rows of each table, as JSON. */
type Book = ReadonlyMap<string, string>;

async function readBook(sql: Sql): Promise<Book> {
  const book = new Map<string, string>();
  for (const { name } of await tablesOf(sql)) {
    const [row] = await sql.unsafe(`select jsonb_agg(to_jsonb(t))::text as rows from ${name} as t`);
    if (row?.rows) book.set(name, row.rows);
  }
  return book;
}

/** Brings a database to a version, puts the book into it, and applies the rest. Gives what is wrong then. */
async function upgrade(files: readonly string[], version: number, book: Book): Promise<string[]> {
  const database = await openTestDatabase({ migrated: false });
  const owner = postgres(database.url, { max: 1, onnotice: () => {} });
  const folder = await Deno.makeTempDir({ prefix: "vaultbook-migrations-" });
  try {
    for (const file of files.slice(0, version)) await Deno.copyFile(new URL(file, MIGRATIONS), `${folder}/${file}`);
    await applyMigrations(owner, new URL(`${pathToFileURL(folder)}/`));
    const kept = await putBook(database.admin, book);
    expect(await applyMigrations(owner)).toEqual(files.slice(version));
    const lost = [];
    for (const [table, rows] of kept) {
      const [now] = await database.admin.unsafe(`select count(*)::integer as rows from ${table}`);
      if (now?.rows < rows) lost.push(`${files[version - 1]}: ${table} had ${rows} rows and has ${now?.rows}`);
    }
    const isWhole = files.slice(0, version).some((file) => file.endsWith(BOOK_IS_WHOLE));
    return isWhole ? [...lost, ...await brokenInvariants(database.admin)] : lost;
  } finally {
    await Deno.remove(folder, { recursive: true });
    await owner.end();
    await database.close();
  }
}

/** Puts in what there are tables for, past guards and constraints. Gives how many rows each has. */
async function putBook(admin: Sql, book: Book): Promise<Map<string, number>> {
  const kept = new Map<string, number>();
  for (const { name, columns, guards } of await tablesOf(admin)) {
    const rows = book.get(name);
    if (rows === undefined) continue;
    await admin.begin(async (sql) => {
      await sql.unsafe(`alter table ${name} disable trigger all`);
      await sql.unsafe(`delete from ${name}`);
      await sql.unsafe(
        `insert into ${name} (${columns}) overriding system value
         select ${columns} from jsonb_populate_recordset(null::${name}, $1::text::jsonb)`,
        [rows],
      );
      await sql.unsafe(`alter table ${name} enable trigger all`);
      for (const guard of guards) await sql.unsafe(`alter table ${name} enable always trigger ${guard}`);
    });
    const [now] = await admin.unsafe(`select count(*)::integer as rows from ${name}`);
    kept.set(name, now?.rows);
  }
  return kept;
}

interface Table {
  readonly name: string;
  readonly columns: string;
  /** Triggers that are always enabled. */
  readonly guards: readonly string[];
}

async function tablesOf(sql: Sql): Promise<Table[]> {
  return [
    ...await sql<Table[]>`
    select format('%I.%I', n.nspname, c.relname) as name,
           (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute as a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
           coalesce((select jsonb_agg(g.tgname) from pg_trigger as g where g.tgrelid = c.oid and g.tgenabled = 'A'), '[]') as guards
      from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
     where n.nspname in ('public', 'vaultbook') and c.relkind = 'r'
     order by 1`,
  ];
}
