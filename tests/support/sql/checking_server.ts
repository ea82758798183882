/**
 * A PostgreSQL that has plpgsql_check, which the embedded one lacks: Debian's, unpacked and not installed.
 *
 * @module
 */
import { type TestServer, withTestServer } from "@/tasks/test/server.ts";
import { debianPackages } from "../debian_package.ts";
import { DEBIAN_POSTGRES, debianInstallation } from "../debian_postgres.ts";

/** A test on that PostgreSQL, which counts what every function does; skipped where it is not to be had. */
export async function checkingTest(name: string, work: (server: TestServer) => Promise<void>): Promise<void> {
  const found = await debianPackages([`postgresql-${DEBIAN_POSTGRES}`, `postgresql-${DEBIAN_POSTGRES}-plpgsql-check`]);
  if ("reason" in found) {
    Deno.test.ignore(`${name} [ignored: plpgsql_check comes with Debian's PostgreSQL, and ${found.reason}]`, () => {});
  } else {
    const installation = debianInstallation(found);
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
