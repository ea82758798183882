/**
 * `deno task replay FILE…`: posts recorded webhook bodies to the running webhook and shows what became of each transaction.
 *
 * @module
 */
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { instanceHolder } from "@/supabase/local/instance/lock.ts";
import { readStatus } from "@/supabase/local/instance/status.ts";
import { complain, dataDirOf, INSTANCE_FLAGS, runTask, say, UsageError } from "./command_line.ts";

const USAGE =
  `Posts recorded webhook bodies to the running webhook, byte for byte, and shows the outcome of each transaction.

  deno task replay FILE... [--data-dir DIR] [--quiet]

  FILE            a body of JSON is one delivery; of .ndjson, or of a file with several JSON texts, each line is one
  --data-dir DIR  the data folder of the instance (default .vaultbook in the project)
  --quiet         shows only what was refused or quarantined
  -h, --help      this text

Exit code 1 when a delivery is refused, when a transaction is quarantined, or when nothing runs on the data folder.`;

/** How long the webhook may take for one delivery. Milliseconds; the real sender gives one second. */
const PATIENCE = 60_000;

/** The outcomes in the order in which the webhook counts them. */
const OUTCOMES = ["applied", "duplicate", "ignored", "failed", "parked", "quarantined", "conflict"] as const;

const answerSchema = z.object({
  results: z.array(z.object({
    signature: z.string().nullish(),
    outcome: z.enum(OUTCOMES),
    code: z.string().nullish(),
  })),
});

const refusalSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** One body to post. */
export interface Delivery {
  /** The file's name, with the line where a line is the delivery. */
  readonly name: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** What became of one transaction, or of a whole delivery that was refused. */
export interface ReplayRow {
  readonly delivery: string;
  readonly signature: string;
  readonly outcome: typeof OUTCOMES[number] | "refused";
  readonly code: string;
}

async function main(args: string[]): Promise<number> {
  const { flags, files } = readCommandLine(args);
  if (flags.help) {
    say(USAGE);
    return 0;
  }
  if (files.length === 0) throw new UsageError("No file given");
  const deliveries = (await Promise.all(files.map(readDeliveries))).flat();
  const dir = dataDirOf(flags["data-dir"]);
  const status = await readStatus(dir);
  if (!status) {
    complain(await instanceHolder(dir) ? `Vaultbook on ${dir} is still starting` : `Vaultbook does not run on ${dir}`);
    return 1;
  }
  const url = `${status.FUNCTIONS_URL}/api/webhooks/helius`;
  const rows: ReplayRow[] = [];
  for (const delivery of deliveries) rows.push(...await postDelivery(delivery, url, status.HELIUS_WEBHOOK_SECRET));
  const shown = flags.quiet ? rows.filter(isBad) : rows;
  if (shown.length > 0) say(showRows(shown));
  if (!flags.quiet) say(showTotal(rows, deliveries.length));
  return rows.some(isBad) ? 1 : 0;
}

function readCommandLine(
  args: string[],
): { flags: { "data-dir"?: string | undefined; quiet: boolean; help: boolean }; files: string[] } {
  try {
    const { values, positionals } = parseArgs({ args, options: INSTANCE_FLAGS, allowPositionals: true, strict: true });
    return { flags: values, files: positionals };
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

/**
 * The deliveries of a file, their bytes untouched. What is no JSON at all is one delivery too: the webhook must bear it.
 *
 * @throws {Error} when the file cannot be read.
 */
export async function readDeliveries(path: string): Promise<Delivery[]> {
  let body: Uint8Array<ArrayBuffer>;
  try {
    body = await Deno.readFile(path);
  } catch (cause) {
    throw new Error(`Cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const name = basename(path);
  const lines = splitLines(body);
  const byLine = path.endsWith(".ndjson") ||
    (!isJson(body) && lines.length > 1 && lines.every((line) => isJson(line.body)));
  return byLine ? lines.map((line) => ({ name: `${name}:${line.number}`, body: line.body })) : [{ name, body }];
}

/** Posts one delivery as the sender would. Never throws: an unreachable webhook is a refusal too. */
export async function postDelivery({ name, body }: Delivery, url: string, secret: string): Promise<ReplayRow[]> {
  const refused = (code: string): ReplayRow[] => [{ delivery: name, signature: "-", outcome: "refused", code }];
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: secret },
      body,
      signal: AbortSignal.timeout(PATIENCE),
    });
    const answer: unknown = await response.json().catch(() => null);
    if (!response.ok) {
      const known = refusalSchema.safeParse(answer);
      return refused(known.success ? `${response.status} ${known.data.error.code}` : `${response.status}`);
    }
    const parsed = answerSchema.safeParse(answer);
    if (!parsed.success) return refused("the answer has not the webhook's form");
    return parsed.data.results.map(({ signature, outcome, code }) => (
      { delivery: name, signature: signature ?? "-", outcome, code: code ?? "" }
    ));
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error));
  }
}

/** The rows as aligned columns. */
export function showRows(rows: readonly ReplayRow[]): string {
  const columns = ["delivery", "signature", "outcome", "code"] as const;
  const table = [
    Object.fromEntries(columns.map((column) => [column, column])) as Record<typeof columns[number], string>,
    ...rows,
  ];
  const widths = columns.map((column) => Math.max(...table.map((row) => row[column].length)));
  return table.map((row) => columns.map((column, place) => row[column].padEnd(widths[place] ?? 0)).join("  ").trimEnd())
    .join("\n");
}

/** One line that counts the outcomes. */
export function showTotal(rows: readonly ReplayRow[], deliveries: number): string {
  const counted = [...OUTCOMES, "refused" as const].flatMap((outcome) => {
    const count = rows.filter((row) => row.outcome === outcome).length;
    return count > 0 ? [`${count} ${outcome}`] : [];
  });
  const transactions = rows.filter((row) => row.outcome !== "refused").length;
  const counts = counted.length > 0 ? `: ${counted.join(", ")}` : "";
  return `${plural(deliveries, "delivery", "deliveries")}, ${
    plural(transactions, "transaction", "transactions")
  }${counts}`;
}

function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function isBad(row: ReplayRow): boolean {
  return row.outcome === "refused" || row.outcome === "quarantined";
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder().decode(bytes));
    return true;
  } catch {
    return false;
  }
}

/** The lines that are not blank, as bytes without their ends, with their numbers. */
function splitLines(bytes: Uint8Array<ArrayBuffer>): { number: number; body: Uint8Array<ArrayBuffer> }[] {
  const lines: { number: number; body: Uint8Array<ArrayBuffer> }[] = [];
  for (let start = 0, number = 1; start < bytes.length; number++) {
    const found = bytes.indexOf(0x0a, start);
    const end = found < 0 ? bytes.length : found;
    const body = bytes.slice(start, end);
    if (body.some((byte) => byte > 0x20)) lines.push({ number, body });
    start = end + 1;
  }
  return lines;
}

if (import.meta.main) await runTask(main);
