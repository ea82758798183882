/**
 * Where a notice may be sent: to the public Internet, over https, and nowhere inside.
 *
 * @module
 */
import { BlockList, isIP } from "node:net";

/** Gives a name's addresses. */
export type Resolve = (host: string) => Promise<readonly string[]>;

const INSIDE = new BlockList();
for (
  const [network, bits] of [
    ...[["0.0.0.0", 8], ["10.0.0.0", 8], ["100.64.0.0", 10], ["127.0.0.0", 8], ["169.254.0.0", 16], ["172.16.0.0", 12]],
    ...[["192.0.0.0", 24], ["192.0.2.0", 24], ["192.168.0.0", 16], ["198.18.0.0", 15], ["198.51.100.0", 24]],
    ...[["203.0.113.0", 24], ["224.0.0.0", 3]],
  ] as [string, number][]
) INSIDE.addSubnet(network, bits, "ipv4");

/** Of IPv6 only what is routed in the world, and nothing in it that leads to an IPv4 address. */
const WORLD = new BlockList();
WORLD.addSubnet("2000::", 3, "ipv6");
const LEADS_ELSEWHERE = new BlockList();
LEADS_ELSEWHERE.addSubnet("2001::", 23, "ipv6");
LEADS_ELSEWHERE.addSubnet("2001:db8::", 32, "ipv6");
LEADS_ELSEWHERE.addSubnet("2002::", 16, "ipv6");

function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !INSIDE.check(address, "ipv4");
  return family === 6 && WORLD.check(address, "ipv6") && !LEADS_ELSEWHERE.check(address, "ipv6");
}

/**
 * Why nothing may be sent there; null where it may.
 *
 * @param isLocal whether http to 127.0.0.1 is allowed, for development.
 */
export async function refusedAddress(address: string, resolve: Resolve, isLocal: boolean): Promise<string | null> {
  if (!URL.canParse(address)) return "url_invalid";
  const url = new URL(address);
  if (url.username || url.password) return "url_has_credentials";
  if (isLocal && url.protocol === "http:" && url.hostname === "127.0.0.1") return null;
  if (url.protocol !== "https:") return "url_not_https";
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  let addresses: readonly string[];
  try {
    addresses = isIP(host) ? [host] : await resolve(host);
  } catch {
    return "name_unresolved";
  }
  if (addresses.length === 0) return "name_unresolved";
  return addresses.every(isPublic) ? null : "address_not_public";
}

/** A name's addresses, of both families. @throws {Error} when it has none. */
export async function resolveName(host: string): Promise<string[]> {
  const found = await Promise.allSettled([Deno.resolveDns(host, "A"), Deno.resolveDns(host, "AAAA")]);
  return found.flatMap((answer) => answer.status === "fulfilled" ? answer.value : []);
}
