/** The part of @anchor-lang/core that serves as an oracle. */

import type { PublicKey } from "@solana/web3.js";

/** Decodes by an IDL. */
export class BorshCoder {
  constructor(idl: unknown);
}

/** Finds a program's events in a log. */
export class EventParser {
  constructor(program: PublicKey, coder: BorshCoder);
  parseLogs(logs: readonly string[]): Generator<{ name: string; data: Record<string, unknown> }>;
}
