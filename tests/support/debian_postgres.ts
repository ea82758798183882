/**
 * Debian's PostgreSQL, unpacked and not installed.
 *
 * @module
 */
import { join } from "node:path";
import type { Installation } from "@/supabase/local/postgres/package.ts";
import type { UnpackedPackages } from "./debian_package.ts";

/** Debian 12's. Vaultbook supports every PostgreSQL from 15 on. */
export const DEBIAN_POSTGRES = "15";

/** Where its programs lie among these packages. */
export function debianInstallation({ root, env }: UnpackedPackages): Installation {
  const program = (name: string): string => join(root, "usr/lib/postgresql", DEBIAN_POSTGRES, "bin", name);
  return {
    root,
    postgres: program("postgres"),
    initdb: program("initdb"),
    pgCtl: program("pg_ctl"),
    locale: ["--locale=C.UTF-8"],
    env,
  };
}
