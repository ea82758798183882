/**
 * `deno task idl FILE`: shows what Vaultbook understands of a program's IDL, and writes the mapping of it.
 *
 * @module
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Inference, inferMapping } from "@/lib/chain/idl/infer.ts";
import { type Mapping, readMapping } from "@/lib/chain/idl/mapping.ts";
import { readIdl } from "@/lib/chain/idl/read_idl.ts";
import { compileMapped, type VaultProgram } from "@/lib/chain/program.ts";
import { complain, runTask, say, UsageError } from "./command_line.ts";
import { describeProblems, describeProgram, differences, missingEffects } from "./idl/idl_report.ts";

const USAGE =
  `Shows what Vaultbook understands of a vault program's Anchor IDL (of any Anchor version), and what it does not.

  deno task idl FILE [--program ADDRESS] [--write [--force]] [--out FILE] [--quiet]

  FILE               the IDL
  --program ADDRESS  the program's address, checked (default that of the IDL)
  --write            writes the mapping beside the IDL: NAME.json -> NAME.mapping.json
  --out FILE         the mapping is, or becomes, this file
  --force            writes it even where a mapping lies there that somebody has corrected: what was said by hand is gone,
                     "instructions_tell_all" with it, which no IDL says and nothing infers
  --quiet            shows only what is wrong
  -h, --help         this text

A mapping that lies there already is the one that counts: it is checked, shown, and compared with what would be inferred.
Exit code 1 when the IDL or the mapping is wrong, when no event tells of an initialisation, a deposit or a withdrawal, or
when a mapping was to be written over another one without --force.`;

const FLAGS = {
  program: { type: "string" },
  write: { type: "boolean", default: false },
  out: { type: "string" },
  force: { type: "boolean", default: false },
  quiet: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Stands for the address of an IDL of old, which gives none: the system program's. */
const NO_ADDRESS = "11111111111111111111111111111111";

/** Runs the task. @returns its exit code. */
export async function main(args: string[]): Promise<number> {
  const { flags, file } = readCommandLine(args);
  if (flags.help) {
    say(USAGE);
    return 0;
  }
  const idl = readIdl(await readJson(file));
  const inference = inferMapping(idl);
  const path = flags.out === undefined ? file.replace(/(\.json)?$/, ".mapping.json") : pathOf(flags.out);
  const present = flags.write && flags.force ? null : await readMappingFile(path);
  const mapping = present ?? inference.mapping;
  const program = compileMapped(flags.program ?? idl.address ?? NO_ADDRESS, idl, mapping);
  report(inference, program, mapping, flags.quiet);
  // Whether instructions tell all is said by hand, and inferred by nothing.
  const { instructions_tell_all: _said, ...inferable } = present ?? {};
  const changes = present ? differences(inferable, inference.mapping) : [];
  if (changes.length > 0 && (flags.write || !flags.quiet)) {
    say("The mapping that is there differs from what is inferred (- there, + inferred):");
    say(`${changes.map((line) => `  ${line}`).join("\n")}\n`);
  }
  const refused = flags.write && changes.length > 0;
  if (refused) complain(`${path} is left as it is: --force writes over it`);
  if (flags.write && !present) await Deno.writeTextFile(path, mappingText(mapping));
  if (!flags.quiet && !refused) say(flags.write || present ? `The mapping is ${path}` : `--write makes it ${path}`);
  return refused || missingEffects(program).length > 0 ? 1 : 0;
}

function report(inference: Inference, program: VaultProgram, mapping: Mapping, quiet: boolean): void {
  if (!quiet) say(`${describeProgram(program, mapping)}\n`);
  const problems = describeProblems(inference, program);
  if (problems !== "") {
    say(`Not understood (a transaction with such an event is quarantined):\n${problems.replace(/^/gm, "  ")}\n`);
    if (!quiet) say('An event that moves nothing is told so in the mapping: { "effect": "none" }\n');
  }
  const missing = missingEffects(program);
  if (missing.length > 0) complain(`Cannot keep a ledger of it: no event tells of ${missing.join(", ")}`);
}

/** The mapping as its file holds it. */
export function mappingText(mapping: Mapping): string {
  const instructions = Object.entries(mapping.instructions).map((
    [name, { effect, accounts, args }],
  ) => [name, { effect, accounts, ...(Object.keys(args).length > 0 && { args }) }]);
  return `${JSON.stringify({ ...mapping, instructions: Object.fromEntries(instructions) }, null, 2)}\n`;
}

async function readMappingFile(path: string): Promise<Mapping | null> {
  const exists = await Deno.stat(path).then(() => true, () => false);
  return exists ? readMapping(await readJson(path)) : null;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (cause) {
    throw new Error(`Cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** A relative path counts from where the user typed it, although `deno task` runs in the project. */
function pathOf(argument: string): string {
  return resolve(Deno.env.get("INIT_CWD") ?? Deno.cwd(), argument);
}

function readCommandLine(
  args: string[],
): { flags: ReturnType<typeof parseArgs<{ options: typeof FLAGS }>>["values"]; file: string } {
  try {
    const { values, positionals: [file, ...others] } = parseArgs({
      ...{ args, options: FLAGS, allowPositionals: true, strict: true },
    });
    if (values.help) return { flags: values, file: "" };
    if (file === undefined || others.length > 0) throw new UsageError("One IDL at a time must be named");
    return { flags: values, file: pathOf(file) };
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

if (import.meta.main) await runTask(main);
