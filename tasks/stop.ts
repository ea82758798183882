/**
 * `deno task stop`: ends the running instance and waits until it is gone.
 *
 * @module
 */
import { instanceHolder } from "@/supabase/local/instance/lock.ts";
import { complain, dataDirOf, INSTANCE_FLAGS, readFlags, runTask, say } from "./command_line.ts";

const USAGE = `Stops the running instance. Its data stays.

  deno task stop [--data-dir DIR] [--quiet]

  --data-dir DIR  the data folder of the instance (default .vaultbook in the project)
  --quiet         says nothing unless something is wrong
  -h, --help      this text

Exit code 1 when nothing runs on the data folder, or when it has not ended after 20 seconds.`;

/** How long an instance may take to end. Milliseconds. */
const PATIENCE = 20_000;

async function main(args: string[]): Promise<number> {
  const flags = readFlags(args, INSTANCE_FLAGS);
  if (flags.help) {
    say(USAGE);
    return 0;
  }
  const dir = dataDirOf(flags["data-dir"]);
  const holder = await instanceHolder(dir);
  if (!holder?.pid) {
    complain(`Vaultbook does not run on ${dir}`);
    return 1;
  }
  Deno.kill(holder.pid, "SIGTERM");
  if (!(await released(dir, holder.pid))) {
    complain(`Vaultbook on ${dir} (process ${holder.pid}) has not stopped after ${PATIENCE / 1000} seconds`);
    return 1;
  }
  if (!flags.quiet) say(`Vaultbook on ${dir} has stopped`);
  return 0;
}

/** Waits until that process has given the folder away; another one may have taken it since. */
async function released(dir: string, pid: number): Promise<boolean> {
  const deadline = performance.now() + PATIENCE;
  while ((await instanceHolder(dir))?.pid === pid) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return true;
}

if (import.meta.main) await runTask(main);
