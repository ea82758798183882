import { expect } from "expect";
import { keepLog, openLogFile } from "@/supabase/local/postgres/server_log.ts";
import { eventually } from "./support/eventually.ts";

Deno.test("keepLog() has in the file what it has heard, while more may come", async () => {
  const path = await Deno.makeTempFile({ prefix: "vaultbook-log-" });
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const log = keepLog(readable, await openLogFile(path));
  const server = writable.getWriter();
  const say = (text: string): Promise<void> => server.write(new TextEncoder().encode(text));
  try {
    await say("listening\n");
    await eventually("the line to be in the file", async () => await Deno.readTextFile(path) === "listening\n");
    await say("PANIC\n");
    expect(log.tail()).toBe("listening\nPANIC");
  } finally {
    await server.close();
    await log.close();
  }
  expect(await Deno.readTextFile(path)).toBe("listening\nPANIC\n");
  await Deno.remove(path);
});
