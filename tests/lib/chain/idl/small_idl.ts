/**
 * Small IDLs that tests change one thing of.
 *
 * @module
 */
import { anchorDiscriminator } from "@/tests/support/idl_format.ts";

/** An address. */
export const PUBKEY = "11111111111111111111111111111111";
/** The discriminator of the event. */
export const DISCRIMINATOR = anchorDiscriminator("event:DepositEvent");
/** Another one. */
export const OTHER = [1, 2, 3, 4, 5, 6, 7, 8];

/** A small IDL of Anchor 0.30 and later, some of it another. */
export function fresh(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    address: PUBKEY,
    metadata: { name: "vault", version: "0.1.0", spec: "0.1.0" },
    instructions: [{
      ...{ name: "deposit", discriminator: OTHER, args: [{ name: "amount", type: "u64" }] },
      accounts: [{ name: "user", signer: true }, { name: "vault", writable: true }],
    }],
    events: [{ name: "DepositEvent", discriminator: DISCRIMINATOR }],
    types: [{ name: "DepositEvent", type: { kind: "struct", fields: [{ name: "amount", type: "u64" }] } }],
    ...changes,
  };
}

/** The same of before. */
export function old(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...{ version: "0.1.0", name: "vault" },
    instructions: [{
      ...{ name: "lockCollateral", args: [{ name: "newAmount", type: "u64" }] },
      accounts: [{ name: "user", isMut: true, isSigner: true }, { name: "vaultPda", isMut: true, isSigner: false }],
    }],
    accounts: [{ name: "vault", type: { kind: "struct", fields: [{ name: "owner", type: "publicKey" }] } }],
    events: [{ name: "DepositEvent", fields: [{ name: "newBalance", type: { option: "u64" }, index: false }] }],
    ...changes,
  };
}

/** An IDL with one event of these fields, and these types beside it. */
export function withFields(fields: unknown, ...types: unknown[]): Record<string, unknown> {
  return fresh({ types: [{ name: "DepositEvent", type: { kind: "struct", fields } }, ...types] });
}

/** A type within a type within a type. */
export function nested(depth: number): unknown {
  return depth === 0 ? "u8" : { option: nested(depth - 1) };
}
