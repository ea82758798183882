/**
 * PostgreSQL refuses to run as root, so under root it runs as an account without rights. This file finds that account
 * and tells what it can reach.
 *
 * @module
 */
import { dirname } from "node:path";

/** What root lends to the account without rights: folders below this one are reachable for everybody. */
export const SHARED_ROOT = "/var/lib/vaultbook";

/** A user of this machine. Processes started as one have its primary group and no other. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Whether this process is root, whom PostgreSQL would refuse. */
export function isRoot(): boolean {
  return Deno.build.os !== "windows" && Deno.uid() === 0;
}

/** The account that PostgreSQL runs as under root: `postgres` where the machine has it, else `nobody`. */
export async function unprivilegedAccount(): Promise<Account> {
  const accounts = parseAccounts(await Deno.readTextFile("/etc/passwd").catch(() => ""));
  return accounts.find((account) => account.name === "postgres" && account.uid !== 0) ??
    accounts.find((account) => account.name === "nobody") ??
    { name: "nobody", uid: 65534, gid: 65534 };
}

/** The account that owns a file: its name is the number where the machine knows no name. */
export async function ownerOf(info: Deno.FileInfo): Promise<Account> {
  const uid = info.uid ?? 0;
  const accounts = parseAccounts(await Deno.readTextFile("/etc/passwd").catch(() => ""));
  return accounts.find((account) => account.uid === uid) ?? { name: String(uid), uid, gid: info.gid ?? 0 };
}

/**
 * Reads the text of an /etc/passwd, in its order. Lines that name no account (comments, NIS entries, damage) are left out.
 * macOS writes `nobody` as -2, which the kernel takes as an unsigned number.
 */
export function parseAccounts(passwd: string): Account[] {
  return passwd.split("\n").flatMap((line) => {
    const [name, , uid, gid] = line.split(":");
    if (!name || name.startsWith("#") || !isNumeric(uid) || !isNumeric(gid)) return [];
    return [{ name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }];
  });
}

function isNumeric(text: string | undefined): text is string {
  return text !== undefined && /^-?[0-9]+$/.test(text);
}

/**
 * Whether `account` may walk from the root of the file system into `folder`, by the permission bits of every folder on
 * the way. Access control lists are not looked at.
 */
export async function canEnter(folder: string, account: Account): Promise<boolean> {
  let current = await Deno.realPath(folder);
  while (true) {
    if (!allows(await Deno.stat(current), account, 0o1)) return false;
    const parent = dirname(current);
    if (parent === current) return true;
    current = parent;
  }
}

/** Whether `account` may reach and read `file`. */
export async function canRead(file: string, account: Account): Promise<boolean> {
  return await canEnter(dirname(file), account) && allows(await Deno.stat(file), account, 0o4);
}

/** The kernel looks at one of the three groups of bits only: the owner's, else the group's, else the others'. */
function allows(info: Deno.FileInfo, account: Account, bit: number): boolean {
  const shift = info.uid === account.uid ? 6 : info.gid === account.gid ? 3 : 0;
  return (((info.mode ?? 0) >> shift) & bit) !== 0;
}
