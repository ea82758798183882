/**
 * A node of the demo chain on a port: sound until one of its faults is switched on.
 *
 * @module
 */
import type { DemoChain } from "./chain.ts";
import { withConnectionFaults } from "./connection_faults.ts";
import { createFaults, type Faults } from "./faults.ts";
import { withMethodFaults } from "./method_faults.ts";
import { withPruning } from "./pruning.ts";
import { handleRpc } from "./rpc.ts";

export interface NodeOptions {
  readonly chain: DemoChain;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Decides where faults strike. */
  readonly seed: string;
}

/** A running node. Several may serve one chain, each with faults of its own. */
export interface DemoNode {
  readonly url: string;
  readonly faults: Faults;
  /** How often a method was called, whatever was answered; refused connections do not count. */
  calls(method: string): number;
  /** Ends what hangs, and serves no more. */
  close(): Promise<void>;
}

/** Serves the chain. @throws {Deno.errors.AddrInUse} when the port is taken. */
export function serveNode({ chain, host, port, seed }: NodeOptions): DemoNode {
  const faults = createFaults(seed);
  const closing = new AbortController();
  const calls = new Map<string, number>();
  const faulty = withPruning(faults, withMethodFaults(faults));
  const answer = withConnectionFaults(
    (request) =>
      handleRpc(chain, request, (chain, method, params) => {
        calls.set(method, (calls.get(method) ?? 0) + 1);
        return faulty(chain, method, params);
      }),
    faults,
    closing.signal,
  );
  // A cut connection is an error to the server too, and here no news.
  const onError = (): Response => new Response(null, { status: 500 });
  const server = Deno.serve({ hostname: host, port, onListen: () => {}, onError }, answer);
  return {
    url: `http://${host === "0.0.0.0" ? "127.0.0.1" : host}:${server.addr.port}`,
    faults,
    calls: (method) => calls.get(method) ?? 0,
    async close(): Promise<void> {
      closing.abort();
      await server.shutdown();
    },
  };
}
