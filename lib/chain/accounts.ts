/**
 * Accounts as RPC gives them (encoding base64), read to the byte: the vault program's own, and token accounts.
 *
 * @module
 */
import { isAmount } from "@/lib/domain/amount.ts";
import { base58FromBytes, PUBLIC_KEY_BYTES } from "./base58.ts";
import { bytesFromBase64 } from "./base64.ts";
import { fieldBytes, type FieldValue, readFields } from "./borsh.ts";
import { arrayAt, Malformed, objectAt, stringAt } from "./fields.ts";
import { TOKEN_PROGRAM } from "./pda.ts";
import { type AccountSchema, DISCRIMINATOR_BYTES, discriminatorKey, type VaultProgram } from "./program.ts";

/** A vault on the chain. Amounts in base units. */
export interface VaultAccount {
  readonly owner: string;
  /** Null where the program does not keep it, as all that follows but the total. */
  readonly tokenAccount: string | null;
  readonly total: bigint;
  readonly locked: bigint | null;
  readonly available: bigint | null;
  readonly totalDeposited: bigint | null;
  readonly totalWithdrawn: bigint | null;
  /** Seconds since 1970. */
  readonly createdAt: bigint | null;
}

/** The program's authority account: who may administer it, and which programs may move collateral. */
export interface AuthorityAccount {
  /** Null where the program does not keep it. */
  readonly admin: string | null;
  readonly authorizedPrograms: readonly string[];
  readonly isPaused: boolean;
}

/** A token account. Amount in base units of its mint. */
export interface TokenAccount {
  readonly mint: string;
  readonly owner: string;
  readonly amount: bigint;
  /** The mint's issuer froze it: nothing moves, and the amount counts all the same. */
  readonly isFrozen: boolean;
}

/**
 * Reads a vault.
 *
 * @param account an entry of `getMultipleAccounts`, as it came or as a node of `rpc.ts` gives it.
 * @throws {Malformed} when the program has no such account, another program owns it, or one byte is wrong, missing or left over.
 */
export function readVaultAccount(program: VaultProgram, account: unknown): VaultAccount {
  const schema = schemaOf(program, "vault");
  const bytes = dataOf(account, program.address);
  requireDiscriminator(schema, bytes);
  const { key, amount, part, orNull } = readersOf(
    schema,
    readOr(schema, () => readFields(schema.fields, bytes, DISCRIMINATOR_BYTES)),
  );
  const createdAt = part("created_at");
  return {
    owner: key("owner"),
    tokenAccount: orNull("token_account", key),
    total: amount("total"),
    locked: orNull("locked", amount),
    available: orNull("available", amount),
    totalDeposited: orNull("total_deposited", amount),
    totalWithdrawn: orNull("total_withdrawn", amount),
    createdAt: typeof createdAt === "bigint" ? createdAt : null,
  };
}

/**
 * Reads the authority account. It is made with room to spare, and what stands behind its fields is Anchor's left-over.
 *
 * @throws {Malformed} as {@link readVaultAccount}.
 */
export function readAuthorityAccount(program: VaultProgram, account: unknown): AuthorityAccount {
  const schema = schemaOf(program, "authority");
  const bytes = dataOf(account, program.address);
  requireDiscriminator(schema, bytes);
  const values = readOr(schema, () => readFields(schema.fields, bytes, DISCRIMINATOR_BYTES, "anything"));
  const { key, part, orNull } = readersOf(schema, values);
  const programs = part("authorized_programs");
  if (!Array.isArray(programs)) throw new Malformed(`${schema.name}.authorized_programs`, "an array", programs);
  return {
    admin: orNull("admin", key),
    authorizedPrograms: programs.filter((program) => typeof program === "string"),
    isPaused: part("is_paused") === true,
  };
}

/** Bytes of a token account of the classic token program, and where its parts lie. */
const TOKEN_ACCOUNT_BYTES = 165;
const TOKEN = { owner: 32, amount: 64, delegate: 72, state: 108, native: 109, closeAuthority: 129 } as const;
const FROZEN = 2;

/**
 * Reads a token account of the classic token program. Mint and owner are for the caller to check.
 *
 * @throws {Malformed} when another program owns it, it is not initialised, or it is not laid out to the byte as a token account.
 */
export function readTokenAccount(account: unknown): TokenAccount {
  const bytes = dataOf(account, TOKEN_PROGRAM);
  if (bytes.length !== TOKEN_ACCOUNT_BYTES) throw new Malformed("data", `${TOKEN_ACCOUNT_BYTES} bytes`, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const option of [TOKEN.delegate, TOKEN.native, TOKEN.closeAuthority]) {
    const tag = view.getUint32(option, true);
    if (tag > 1) throw new Malformed(`data[${option}]`, "0 or 1", tag);
  }
  const state = view.getUint8(TOKEN.state);
  if (state !== 1 && state !== FROZEN) throw new Malformed("state", "initialized or frozen", state);
  const key = (at: number): string => base58FromBytes(bytes.subarray(at, at + PUBLIC_KEY_BYTES));
  return {
    mint: key(0),
    owner: key(TOKEN.owner),
    amount: view.getBigUint64(TOKEN.amount, true),
    isFrozen: state === FROZEN,
  };
}

function schemaOf(program: VaultProgram, role: "vault" | "authority"): AccountSchema {
  const schema = program.accounts[role];
  if (!schema) throw new Malformed(role, "an account of the IDL", undefined);
  return schema;
}

/** The content of an account that this program owns. */
function dataOf(account: unknown, program: string): Uint8Array {
  const { data, owner } = objectAt(account, "account");
  if (owner !== program) throw new Malformed("owner", program, owner);
  if (data instanceof Uint8Array) return data;
  const [text, encoding] = arrayAt(data, "data");
  if (encoding !== "base64") throw new Malformed("data[1]", "base64", encoding);
  const bytes = bytesFromBase64(stringAt(text, "data[0]"));
  if (bytes === null) throw new Malformed("data[0]", "base64", text);
  return bytes;
}

function requireDiscriminator({ name, discriminator, fields }: AccountSchema, bytes: Uint8Array): void {
  const least = DISCRIMINATOR_BYTES + fieldBytes(fields).least;
  if (bytes.length < least) throw new Malformed(name, `at least ${least} bytes`, bytes.length);
  const found = discriminatorKey(bytes);
  if (found !== discriminator) throw new Malformed(`${name}.discriminator`, discriminator, found);
}

function readOr<Value>({ name }: AccountSchema, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Malformed(name, `its layout (${error.message})`, "another");
  }
}

/** The parts of an account by what they must be. */
interface Readers {
  part(name: string): FieldValue | undefined;
  key(name: string): string;
  /** One that the ledger can hold. */
  amount(name: string): bigint;
  /** Null where the program does not keep it. */
  orNull<Value>(name: string, read: (name: string) => Value): Value | null;
}

function readersOf({ name, parts }: AccountSchema, values: Readonly<Record<string, FieldValue>>): Readers {
  const part = (role: string): FieldValue | undefined => values[parts[role] ?? ""];
  return {
    part,
    orNull: (role, read) => part(role) === undefined ? null : read(role),
    key(role): string {
      const value = part(role);
      if (typeof value !== "string") throw new Malformed(`${name}.${role}`, "a public key", value);
      return value;
    },
    amount(role): bigint {
      const value = part(role);
      if (typeof value !== "bigint" || !isAmount(value)) {
        throw new Malformed(
          `${name}.${role}`,
          "an amount of at most 2^63 − 1",
          value === undefined ? value : String(value),
        );
      }
      return value;
    },
  };
}
