/**
 * A PostgreSQL with the real pg_cron, which the embedded one lacks: Debian's, unpacked and not installed.
 *
 * @module
 */
import { type TestServer, withTestServer } from "@/tasks/test/server.ts";
import { debianPackages } from "./debian_package.ts";
import { DEBIAN_POSTGRES, debianInstallation } from "./debian_postgres.ts";

/** The one database that pg_cron works in. */
export const CRON_DATABASE = "postgres";

/** A test on that PostgreSQL; skipped where it is not to be had. */
export async function schedulingTest(name: string, work: (server: TestServer) => Promise<void>): Promise<void> {
  const found = await debianPackages([`postgresql-${DEBIAN_POSTGRES}`, `postgresql-${DEBIAN_POSTGRES}-cron`]);
  if ("reason" in found) {
    Deno.test.ignore(`${name} [ignored: pg_cron comes with Debian's PostgreSQL, and ${found.reason}]`, () => {});
  } else {
    const installation = debianInstallation(found);
    Deno.test(name, () => withTestServer({ installation, settings: SETTINGS, onProgress: () => {} }, work));
  }
}

const SETTINGS = {
  shared_preload_libraries: "pg_cron",
  "cron.database_name": CRON_DATABASE,
  // As connections its jobs would need a password that it has no place for.
  "cron.use_background_workers": "on",
  max_worker_processes: "20",
  jit: "off",
};
