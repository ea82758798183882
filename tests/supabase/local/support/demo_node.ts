/**
 * What the tests of the demo's node share: a chain of some length behind it, and how to ask it.
 *
 * @module
 */
import { expect } from "expect";
import { DEMO_PROGRAM } from "@/supabase/local/demo/address.ts";
import type { FaultName } from "@/supabase/local/demo/faults.ts";
import { type FaultyNode, openFaultyNode } from "@/tests/support/faulty_node.ts";

/** A row of getSignaturesForAddress. */
export interface Row {
  signature: string;
  slot: number;
  transactionIndex?: number;
}
/** An answer of a node. */
export interface Answer<T> {
  result?: T;
  error?: { code: number; data?: unknown };
}
/** What getMultipleAccounts gives. */
export interface Accounts {
  context: { slot: number };
  value: { data: [string, string] }[];
}

/** Runs a test on a chain of 60 transactions, and checks that the named fault struck in it. */
export async function onNode(fault: FaultName | null, run: (node: FaultyNode) => Promise<void>): Promise<void> {
  const node = openFaultyNode({ seed: `faults ${fault}` });
  try {
    node.trade(60);
    node.waitUntilFinal();
    await run(node);
    if (fault !== null) expect([fault, node.faults.fired(fault) > 0]).toEqual([fault, true]);
  } finally {
    await node.close();
  }
}

/** Calls a method over HTTP. */
export async function post(node: { url: string }, method: string, ...params: unknown[]): Promise<Response> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  return await fetch(node.url, { method: "POST", body });
}

/** Calls a method and gives its answer. */
export async function ask<T>(node: { url: string }, method: string, ...params: unknown[]): Promise<Answer<T>> {
  return await (await post(node, method, ...params)).json();
}

/** Calls a method that must succeed, and gives its result. */
export async function result<T>(node: { url: string }, method: string, ...params: unknown[]): Promise<T> {
  const { result, error } = await ask<T>(node, method, ...params);
  if (error) throw new Error(JSON.stringify(error));
  return result as T;
}

/** The rows that name the demo program. */
export async function rows(node: { url: string }, config: Record<string, unknown> = {}): Promise<Row[]> {
  return await result(node, "getSignaturesForAddress", DEMO_PROGRAM, config);
}
