/**
 * Reads the parameters of JSON-RPC requests and names their errors, with the codes that a Solana node uses.
 *
 * @module
 */
import bs58 from "bs58";
import type { DemoChain } from "./chain.ts";

/** An error answer. */
export class RpcError extends Error {
  constructor(readonly code: number, message: string, readonly data?: unknown) {
    super(message);
  }
}

/** What every method may be told. */
export interface CommonConfig {
  readonly [name: string]: unknown;
}

export function invalidParams(message: string): RpcError {
  return new RpcError(-32602, message);
}

/** The configuration object at a place in the parameters; empty when there is none. */
export function configAt(params: readonly unknown[], place: number): CommonConfig {
  const config = params[place] ?? {};
  if (typeof config !== "object" || Array.isArray(config)) throw invalidParams("Invalid params: expected an object");
  return { ...config };
}

/** A base58 address at a place in the parameters. */
export function readAddress(value: unknown): string {
  return readBase58(value, 32);
}

/** A base58 signature. */
export function readSignature(value: unknown): string {
  return readBase58(value, 64);
}

/** A list with at most `max` entries. */
export function readList(value: unknown, max: number): unknown[] {
  if (!Array.isArray(value)) throw invalidParams("Invalid params: expected a list");
  if (value.length > max) throw invalidParams(`Too many inputs provided; max ${max}`);
  return value;
}

/** A whole number that is not negative, or undefined. */
export function readCount(value: unknown, name: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw invalidParams(`Invalid params: ${name}`);
  return value as number;
}

/**
 * The newest slot that the request may see: that of its commitment (default finalized), not before its minContextSlot.
 *
 * @throws {RpcError} -32602 for an unknown commitment, -32016 where the chain has not come so far.
 */
export function readSlot(chain: DemoChain, config: CommonConfig, history = false): number {
  const { commitment = "finalized" } = config;
  const tips = chain.tips();
  if (history && commitment === "processed") {
    throw invalidParams("Method does not support commitment below `confirmed`");
  }
  const slot = typeof commitment === "string"
    ? Object.entries(tips).find(([name]) => name === commitment)?.[1]
    : undefined;
  if (slot === undefined) throw invalidParams(`Invalid params: unknown commitment ${JSON.stringify(commitment)}`);
  const needed = readCount(config["minContextSlot"], "minContextSlot");
  if (needed !== undefined && needed > slot) {
    throw new RpcError(-32016, "Minimum context slot has not been reached", { contextSlot: slot });
  }
  return slot;
}

function readBase58(value: unknown, length: number): string {
  if (typeof value !== "string") throw invalidParams("Invalid params: expected a string");
  try {
    if (bs58.decode(value).length === length) return value;
  } catch {
    throw invalidParams("Invalid param: Invalid");
  }
  throw invalidParams("Invalid param: WrongSize");
}
