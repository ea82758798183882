/**
 * A road between a client and PostgreSQL that goes bad on purpose: it is slow, or it ends before an answer comes through.
 *
 * @module
 */

/** A running proxy. What it does can be changed at any time. */
export interface ToxicProxy {
  /** The same database, by this road. */
  through(url: string): string;
  /** How long everything that the server says is held back. Milliseconds; at first 0. */
  delayMs: number;
  /**
   * The road ends when the server has done what a call asked for, before its answer comes through; so for the next so many calls
   * that hold this text.
   */
  loseAnswers(text: string, times: number): void;
  /** The road ends before the server hears of the call; so for the next so many calls that hold this text. */
  loseCalls(text: string, times: number): void;
  /** Every road that is open now ends. Gives how many there were. */
  cut(): number;
  /** How many answers were lost, and how many calls. */
  readonly lost: { readonly answers: number; readonly calls: number };
  close(): Promise<void>;
}

/** What is to be lost, and how often still. */
interface Toxin {
  text: string;
  times: number;
}

/** ReadyForQuery, outside of any transaction: the last thing of an answer, sent when the work is committed. */
const READY = [0x5a, 0, 0, 0, 5, 0x49];

/** Opens a road to the server of this connection string. */
export function openToxicProxy(url: string): ToxicProxy {
  const { hostname, port } = new URL(url);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const roads = new Set<Road>();
  const answers: Toxin = { text: "", times: 0 };
  const calls: Toxin = { text: "", times: 0 };
  const proxy = {
    delayMs: 0,
    lost: { answers: 0, calls: 0 },
    through(direct: string): string {
      const changed = new URL(direct);
      changed.host = `127.0.0.1:${listener.addr.port}`;
      return changed.href;
    },
    loseAnswers: (text: string, times: number): void => void Object.assign(answers, { text, times }),
    loseCalls: (text: string, times: number): void => void Object.assign(calls, { text, times }),
    cut(): number {
      const open = [...roads].filter((road) => !road.hasEnded());
      open.forEach((road) => road.end());
      return open.length;
    },
    async close(): Promise<void> {
      listener.close();
      proxy.cut();
      await accepting;
      await Promise.all([...roads].map((road) => road.ended));
    },
  };
  const accepting = (async (): Promise<void> => {
    for await (const client of listener) {
      const server = await Deno.connect({ hostname, port: Number(port) }).catch(() => null);
      if (!server) client.close();
      else roads.add(openRoad(client, server, { proxy, answers, calls }));
    }
  })();
  return proxy;
}

/** One client's connection and the server's. */
interface Road {
  end(): void;
  hasEnded(): boolean;
  readonly ended: Promise<unknown>;
}

interface Hazards {
  readonly proxy: { delayMs: number; readonly lost: { answers: number; calls: number } };
  readonly answers: Toxin;
  readonly calls: Toxin;
}

function openRoad(client: Deno.Conn, server: Deno.Conn, { proxy, answers, calls }: Hazards): Road {
  let isDoomed = false;
  let hasEnded = false;
  const end = (): void => {
    hasEnded = true;
    for (const side of [client, server]) {
      try {
        side.close();
      } catch {
        // It has ended already.
      }
    }
  };
  const asks = (bytes: Uint8Array, toxin: Toxin): boolean => {
    if (toxin.times === 0 || !new TextDecoder().decode(bytes).includes(toxin.text)) return false;
    toxin.times--;
    return true;
  };
  const forth = carry(client, server, (bytes) => {
    if (asks(bytes, calls)) {
      proxy.lost.calls++;
      return false;
    }
    isDoomed ||= asks(bytes, answers);
    return true;
  });
  const back = carry(server, client, async (bytes) => {
    if (isDoomed && READY.every((byte, at) => bytes.at(at - READY.length) === byte)) {
      proxy.lost.answers++;
      return false;
    }
    if (proxy.delayMs > 0) await new Promise((resume) => setTimeout(resume, proxy.delayMs));
    return true;
  });
  // Whichever side ends, the other one does.
  return { end, hasEnded: () => hasEnded, ended: Promise.all([forth.finally(end), back.finally(end)]) };
}

/** Carries bytes until one side ends, or `passes` says no. */
async function carry(
  from: Deno.Conn,
  to: Deno.Conn,
  passes: (bytes: Uint8Array) => boolean | Promise<boolean>,
): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    for (let size = await from.read(buffer); size !== null; size = await from.read(buffer)) {
      const bytes = buffer.slice(0, size);
      if (!await passes(bytes)) return;
      for (let sent = 0; sent < size;) sent += await to.write(bytes.subarray(sent));
    }
  } catch {
    // The other direction has ended the road.
  }
}
