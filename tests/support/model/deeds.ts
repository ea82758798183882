/**
 * What can happen to a vault besides what moves collateral, and whose it is told to be.
 *
 * @module
 */
import type { Unplaced } from "@/tests/support/book.ts";
import { key, vaultOf } from "@/tests/support/raw_delivery.ts";

/** The whole protocol, or one owner's vault, is paused or resumed. */
export function pause(paused: boolean, owner: string | null = null): Unplaced {
  return { kind: "pause", vault: owner === null ? null : vaultOf(owner).vault, paused, authority: key("admin") };
}

/** The owner's vault is closed. */
export function close(owner: string): Unplaced {
  return { kind: "close", owner, vault: vaultOf(owner).vault };
}

/** An event that names another owner, or none. */
export function as(owner: string | null, event: Unplaced): Unplaced {
  return { ...event, owner } as Unplaced;
}

/** What somebody does in the address that was `former`'s, and is his own now. */
export function inVaultOf(former: string, event: Unplaced): Unplaced {
  const { vault, tokenAccount } = vaultOf(former);
  return { ...event, vault, ...(event.kind === "initialise" ? { tokenAccount } : {}) } as Unplaced;
}
