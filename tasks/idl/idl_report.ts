/**
 * What is shown of an IDL: which events, instructions and accounts are understood and how, and which are not and why.
 *
 * @module
 */
import { fieldBytes, type FieldLayout } from "@/lib/chain/borsh.ts";
import { EFFECT_PARTS } from "@/lib/chain/idl/effects.ts";
import type { Inference } from "@/lib/chain/idl/infer.ts";
import type { Mapping } from "@/lib/chain/idl/mapping.ts";
import { DISCRIMINATOR_BYTES, type VaultProgram } from "@/lib/chain/program.ts";

/** Effects without which there is no ledger: a mapping that lacks one of them is of no use. */
export const NEEDED_EFFECTS = ["initialise", "deposit", "withdrawal"] as const;

/** The effects that every vault program has and this one has not: no event of it is mapped to them. */
export function missingEffects(program: VaultProgram): string[] {
  const effects = new Set([...program.events.values()].map(({ effect }) => effect));
  return NEEDED_EFFECTS.filter((effect) => !effects.has(effect));
}

/** The program as a table: what each event, instruction and account means, in how many bytes, and which part is which field. */
export function describeProgram(program: VaultProgram, mapping: Mapping): string {
  const events = [...program.events.values()].map((
    { name, effect, fields, parts },
  ) => ["event", name, effect, bytesOf(fields), partsText({ ...elsewhereOf(effect, parts), ...parts })]);
  const silent = [...program.silentEvents.values()].map((name) => ["event", name, "none", "", ""]);
  const instructions = [...program.instructions.values()].map((
    { name, effect, args, parts },
  ) => ["instruction", name, effect, bytesOf(args), partsText({ ...mapping.instructions[name]?.accounts, ...parts })]);
  const accounts = Object.entries(program.accounts).map((
    [role, { name, fields, parts }],
  ) => ["account", name, role, bytesOf(fields), partsText(parts)]);
  const seeds = program.vaultSeeds?.map((seed) =>
    seed === "owner" ? seed : JSON.stringify(new TextDecoder().decode(seed))
  );
  return [
    table([["what", "name", "means", "bytes", "parts"], ...events, ...silent, ...instructions, ...accounts]),
    seeds
      ? `A vault's address is derived from ${seeds.join(", ")}`
      : "How a vault's address is derived is not known: none is checked",
    program.inertInstructions
      ? "Its instructions tell all: where a log is missing, they are read with the token balances"
      : "Whether its instructions tell all is not said (instructions_tell_all): where a log is missing, it is fetched",
  ].join("\n\n");
}

/** What was not understood, and why; empty when all was. */
export function describeProblems({ events, instructions, accounts }: Inference, program: VaultProgram): string {
  const rows = (what: string, findings: readonly { name: string; problems: readonly string[] }[]): string[][] =>
    findings.flatMap(({ name, problems }) => problems.map((problem) => [what, name, problem]));
  const mapped = new Set([...program.events.values()].map(({ name }) => name).concat(...program.silentEvents.values()));
  const called = new Set([...program.instructions.values()].map(({ name }) => name));
  return table([
    ...rows("event", events.filter(({ name }) => !mapped.has(name))),
    // An instruction that is no business of the ledger is nothing to be told of.
    ...rows("instruction", instructions.filter(({ name, effect }) => effect !== null && !called.has(name))),
    ...rows("account", accounts.filter(({ role }) => role !== null && !program.accounts[role])),
  ]);
}

/** What differs between two mappings: a line each for what only the first has (-) and what only the second has (+). */
export function differences(before: unknown, after: unknown): string[] {
  const [old, fresh] = [flatten(before), flatten(after)];
  return [
    ...old.filter((line) => !fresh.includes(line)).map((line) => `- ${line}`),
    ...fresh.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
  ];
}

function flatten(value: unknown, path: string = ""): string[] {
  if (typeof value !== "object" || value === null) return [`${path} = ${JSON.stringify(value)}`];
  return Object.entries(value).flatMap(([key, inner]) => flatten(inner, path ? `${path}.${key}` : key));
}

/** Needed parts that the event does not carry. */
function elsewhereOf(effect: keyof typeof EFFECT_PARTS, parts: object): Record<string, string> {
  const missing = Object.entries(EFFECT_PARTS[effect]).filter(([part, { needed }]) => needed && !(part in parts));
  return Object.fromEntries(
    missing.map(([part]) => [part, part === "vault" ? "(of the owner)" : "(of the instruction)"]),
  );
}

function partsText(parts: object): string {
  return Object.entries(parts).map(([part, field]) => part === field ? part : `${part}=${field}`).join("  ");
}

function bytesOf(fields: FieldLayout): string {
  const { least, most } = fieldBytes(fields);
  const [from, to] = [least + DISCRIMINATOR_BYTES, most + DISCRIMINATOR_BYTES];
  return from === to ? `${from}` : to === Infinity ? `${from}+` : `${from}-${to}`;
}

/** The rows as aligned columns. */
function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, cell.length));
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd()).join("\n");
}
