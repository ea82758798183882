/**
 * How a program derives the address of an owner's vault, as far as its IDL says so.
 *
 * @module
 */
import { arrayAt, objectAt } from "../fields.ts";
import { refusingMalformed } from "./invalid_idl.ts";
import type { Mapping } from "./mapping.ts";
import type { Idl, IdlInstruction } from "./read_idl.ts";

/** A seed of a vault's address: bytes, or the owner's key. */
export type VaultSeed = Uint8Array | "owner";

/**
 * The seeds that the IDL gives for the vault of an instruction that is mapped.
 *
 * @returns null where the IDL gives none, where they depend on more than the owner, or where instructions contradict each other.
 * @throws {VaultbookError} invalid_idl
 */
export function seedsFromIdl(idl: Idl, mapping: Pick<Mapping, "instructions">): readonly VaultSeed[] | null {
  const found = refusingMalformed(() =>
    Object.entries(mapping.instructions).flatMap(([name, { accounts }]) => {
      const instruction = idl.instructions.find((candidate) => candidate.name === name);
      const seeds = instruction && accounts.vault ? seedsOf(instruction, accounts.vault, accounts.owner) : null;
      return seeds ? [seeds] : [];
    })
  );
  const distinct = new Map(found.map((seeds) => [seeds.map(String).join("|"), seeds]));
  return distinct.size === 1 ? [...distinct.values()][0] ?? null : null;
}

function seedsOf(instruction: IdlInstruction, vault: string, owner: string | undefined): VaultSeed[] | null {
  const { pda } = instruction.accounts.find(({ name }) => name === vault) ?? {};
  if (pda === undefined || pda === null) return null;
  const { seeds, program } = objectAt(pda, `${instruction.path}.accounts.${vault}.pda`);
  if (program !== undefined || seeds === undefined) return null;
  // An account's field, as in vault.owner, is the owner as well where it is the vault's own.
  const owners = [owner, `${vault}.owner`];
  const path = `${instruction.path}.accounts.${vault}.pda.seeds`;
  const read = arrayAt(seeds, path).map((value, i): VaultSeed | null => {
    const seed = objectAt(value, `${path}[${i}]`);
    if (seed.kind === "const") return seedBytes(seed.value);
    return seed.kind === "account" && owners.includes(String(seed.path)) ? "owner" : null;
  });
  const known = read.filter((seed) => seed !== null);
  return known.length === read.length && known.includes("owner") ? known : null;
}

/** A constant seed: bytes in the format of Anchor 0.30 and later, text before; null where it is neither. */
export function seedBytes(value: unknown): Uint8Array | null {
  if (typeof value === "string") return new TextEncoder().encode(value);
  const isBytes = Array.isArray(value) && value.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255);
  return isBytes ? Uint8Array.from(value as number[]) : null;
}
