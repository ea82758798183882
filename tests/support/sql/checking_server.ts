/**
 * A PostgreSQL that has plpgsql_check, which the embedded one lacks: Debian's, unpacked and not installed.
 *
 * @module
 */
import { join } from "node:path";
import type { Installation } from "@/supabase/local/postgres/package.ts";
import { type TestServer, withTestServer } from "@/tasks/test/server.ts";
import { debianPackages, type UnpackedPackages } from "../debian_package.ts";

/** Debian 12's. Vaultbook supports every PostgreSQL from 15 on. */
const VERSION = "15";

/** A test on that PostgreSQL, which counts what every function does; skipped where it is not to be had. */
export async function checkingTest(name: string, work: (server: TestServer) => Promise<void>): Promise<void> {
  const found = await debianPackages([`postgresql-${VERSION}`, `postgresql-${VERSION}-plpgsql-check`]);
  if ("reason" in found) {
    Deno.test.ignore(`${name} [ignored: plpgsql_check comes with Debian's PostgreSQL, and ${found.reason}]`, () => {});
  } else {
    const installation = installationIn(found);
    Deno.test(name, () => withTestServer({ installation, settings: SETTINGS, onProgress: () => {} }, work));
  }
}

const SETTINGS = {
  shared_preload_libraries: "plpgsql,plpgsql_check",
  "plpgsql_check.profiler": "on",
  // Sequences count too, and a parallel worker may not use them. No compiler: its library is not among the packages.
  max_parallel_workers_per_gather: "0",
  jit: "off",
};

function installationIn({ root, env }: UnpackedPackages): Installation {
  const program = (name: string): string => join(root, "usr/lib/postgresql", VERSION, "bin", name);
  return {
    root,
    postgres: program("postgres"),
    initdb: program("initdb"),
    pgCtl: program("pg_ctl"),
    locale: ["--locale=C.UTF-8"],
    env,
  };
}
