/**
 * Chooses a port.
 *
 * @module
 */

/**
 * The port to listen on: `wanted` where it is free, else the next free one above it. The caller tells the user when it
 * is another. Somebody else may still take it before the caller does.
 *
 * @throws {Error} when no port from `wanted` up is free.
 */
export async function freePort(host: string, wanted: number): Promise<number> {
  for (let port = wanted; port <= 65_535; port++) {
    if (canListen(host, port) && !(Deno.build.os === "darwin" && await answers(host, port))) return port;
  }
  throw new Error(`No port from ${wanted} up is free on ${host}`);
}

function canListen(hostname: string, port: number): boolean {
  try {
    Deno.listen({ hostname, port }).close();
    return true;
  } catch (error) {
    // PermissionDenied: ports that the system keeps for itself.
    if (error instanceof Deno.errors.AddrInUse || error instanceof Deno.errors.PermissionDenied) return false;
    throw error;
  }
}

/** On macOS one can listen on 127.0.0.1 although another program (Docker, say) has the port on all addresses. */
async function answers(hostname: string, port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname, port })).close();
    return true;
  } catch {
    return false;
  }
}
