import { expect } from "expect";
import { startFunctions } from "@/supabase/local/functions/functions.ts";
import { eventually } from "./support/eventually.ts";
import { ask, type FunctionsProject, isAlive, makeFunctionsProject, pidOf } from "./support/functions_project.ts";

let project: FunctionsProject;

Deno.test.beforeAll(async () => {
  project = await makeFunctionsProject();
});

Deno.test.afterAll(async () => {
  await project.remove();
});

Deno.test("a process that is killed is replaced before the next request", async () => {
  await project.run(async (functions) => {
    const pid = await pidOf(functions);
    Deno.kill(pid, "SIGKILL");
    await eventually(
      "the log",
      () => project.lines.includes("the functions' process ended with SIGKILL; starting another"),
    );
    const next = await ask(functions, "/echo/again");
    expect(next.status).toBe(200);
    await next.body?.cancel();
    expect(await pidOf(functions)).not.toBe(pid);
  });
});

Deno.test("a request under way when the process is killed gets 503, and the next one an answer", async () => {
  await project.run(async (functions) => {
    const underWay = ask(functions, "/faults/wait");
    const pid = await pidOf(functions);
    Deno.kill(pid, "SIGKILL");
    const cut = await underWay;
    expect([cut.status, cut.headers.get("retry-after"), await cut.json()]).toEqual([
      503,
      "1",
      { code: "WORKER_ERROR", message: "Function exited due to an error (please check logs)" },
    ]);
    const next = await ask(functions, "/echo/again", { method: "POST", body: "x" });
    expect(next.status).toBe(200);
    await next.body?.cancel();
    expect(await pidOf(functions)).not.toBe(pid);
  });
});

Deno.test("an uncaught error of a function ends the process, which comes back", async () => {
  await project.run(async (functions) => {
    const pid = await pidOf(functions);
    const response = await ask(functions, "/faults/exit");
    expect(response.status).toBe(503);
    await response.body?.cancel();
    expect(await pidOf(functions)).not.toBe(pid);
    await eventually("the log", () => project.lines.some((line) => /Uncaught .*Error: uncaught/.test(line)));
    expect(project.lines.join("\n")).toMatch(/the functions' process ended with code 1; starting another/);
  });
});

Deno.test("close() lets background work end, up to two seconds", async () => {
  const reached = Promise.withResolvers<void>();
  const target = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: (): void => {} }, () => {
    reached.resolve();
    return new Response();
  });
  await project.run(async (functions) => {
    const response = await ask(functions, `/background?to=http://127.0.0.1:${target.addr.port}/`);
    expect(response.status).toBe(202);
    await response.body?.cancel();
  });
  await reached.promise;
  await target.shutdown();
});

Deno.test("close() ends the process while a request is under way", async () => {
  let pid = 0;
  let underWay: Promise<Response> | undefined;
  await project.run(async (functions) => {
    pid = await pidOf(functions);
    underWay = ask(functions, "/faults/wait");
    await new Promise((resolve) => setTimeout(resolve, 50));
  });
  expect(isAlive(pid)).toBe(false);
  expect((await underWay)?.status).toBe(503);
});

Deno.test("the process ends when its parent is killed", async () => {
  const parent = `
    import { startFunctions } from ${JSON.stringify(import.meta.resolve("@/supabase/local/functions/functions.ts"))};
    const functions = await startFunctions({ projectDir: ${
    JSON.stringify(project.dir)
  }, env: {}, log() {}, offline: true });
    const response = await functions.handle(new Request("http://x/faults/pid"), "faults", "/pid");
    await Deno.stdout.write(new TextEncoder().encode(await response.text()));`;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--cached-only", "--ext=ts", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const input = process.stdin.getWriter();
  await input.write(new TextEncoder().encode(parent));
  await input.close();
  const reader = process.stdout.getReader();
  const pid = Number(new TextDecoder().decode((await reader.read()).value));
  expect(isAlive(pid)).toBe(true);
  process.kill("SIGKILL");
  await process.status;
  await reader.cancel();
  await eventually("the child's end", () => !isAlive(pid));
});

Deno.test("startFunctions() throws with the reason when the process cannot start", async () => {
  const log = (): void => {};
  const broken = await Deno.makeTempDir();
  await Deno.mkdir(`${broken}/functions`);
  await Deno.writeTextFile(`${broken}/deno.json`, "{ not json");
  await expect(startFunctions({ projectDir: broken, env: {}, log })).rejects.toThrow(
    /ended at its start:[^]*deno\.json/,
  );
  await Deno.remove(broken, { recursive: true });
});
