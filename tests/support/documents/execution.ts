/**
 * What it takes to run a block of each language.
 *
 * @module
 */
import { expect } from "expect";
import type { Block } from "./document.ts";
import type { Newcomer } from "./newcomer.ts";

/** Runs a block. Returns what is wrong with it, in words to be shown; empty when nothing is. */
export type Execution = (block: Block, newcomer: Newcomer) => Promise<string>;

/** By the language that a fence names; what none is named for is a picture or a formula. */
export const EXECUTIONS = new Map<string, Execution>([
  ["sh", runCommands],
  ["console", runSession],
  ["ts", runProgram],
  ["sql", runQueries],
  ["json", (block) => Promise.resolve(complaintOf(() => JSON.parse(block.text)))],
]);

/** What was left to fill in. */
const BLANK = /<[A-Za-z][\w ]*>|\w+_…/;

async function runCommands({ text, mark }: Block, newcomer: Newcomer): Promise<string> {
  const command = newcomer.fillIn(text);
  const blank = BLANK.exec(command.replaceAll(/<<'?\w+/g, ""));
  if (blank) return `Nobody knows what ${blank[0]} stands for`;
  const until = mark.kind === "until" ? mark.said : undefined;
  const { code, stdout, stderr } = await newcomer.type(command, until);
  if (code === 0 && !/"error":\{"code"/.test(stdout)) return "";
  return `ended with ${code}${until === undefined ? "" : `, and did not say ${until}`}:\n${stdout}${stderr}`;
}

/** Each `$ command` with what it is shown to answer: those lines in that order, `…` for whatever is there, others between. */
async function runSession({ text }: Block, newcomer: Newcomer): Promise<string> {
  for (const part of text.split(/^\$ /m).slice(1)) {
    const [command = "", ...shown] = part.trimEnd().split("\n");
    const said = command.endsWith("deno task start") ? newcomer.printed() : (await answerTo(command, shown, newcomer));
    let rest = said.split("\n");
    for (const line of shown.filter((one) => one.trim() !== "" && one !== "…")) {
      const pattern = patternOf(newcomer.fillIn(line));
      const at = rest.findIndex((one) => pattern.test(one));
      if (at < 0) return `${command} does not answer ${line}\nbut\n${said}`;
      rest = rest.slice(at + 1);
    }
  }
  return "";
}

async function answerTo(command: string, shown: readonly string[], newcomer: Newcomer): Promise<string> {
  // An app that listens goes on by itself: the last line that it is shown to say is the last that counts.
  const last = shown.findLast((line) => line !== "" && line !== "…")?.split("…")[0]?.trim();
  const until = command.includes("own_vault.ts") ? last?.replace(/\d+$/, "") : undefined;
  const { stdout, stderr } = await newcomer.type(newcomer.fillIn(command), until);
  return stdout + stderr;
}

function patternOf(line: string): RegExp {
  const pattern = line.trim()
    .replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")
    .replaceAll("…", ".*")
    .replaceAll(/\s+/g, "\\s+")
    .replaceAll(/\d+\\\.\d(?=\\s\+s\b)/g, "\\d+\\.\\d"); // seconds
  return new RegExp(`^\\s*${pattern}\\s*$`);
}

/** The file in the clone that a program becomes. */
export const fileOf = ({ document, line }: Block): string => `${document.replaceAll(/\W/g, "_")}_${line}.ts`;

async function runProgram(block: Block, newcomer: Newcomer): Promise<string> {
  await Deno.writeTextFile(`${newcomer.folder}/${fileOf(block)}`, newcomer.fillIn(block.text));
  return await runCommands({ ...block, text: `deno run -A --quiet ${fileOf(block)}` }, newcomer);
}

/** In one transaction, which is undone. */
async function runQueries({ text }: Block, { sql, fillIn }: Newcomer): Promise<string> {
  const undone = new Error("undone");
  try {
    await sql.begin(async (transaction) => {
      await transaction.unsafe("set local statement_timeout = '20s'");
      await transaction.unsafe(fillIn(text)).simple();
      throw undone;
    });
  } catch (error) {
    if (error !== undone) return error instanceof Error ? error.message : String(error);
  }
  return "";
}

function complaintOf(run: () => unknown): string {
  try {
    run();
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Fails with all that is wrong at once. */
export function expectNone(wrong: readonly string[]): void {
  expect(wrong.join("\n\n")).toBe("");
}
