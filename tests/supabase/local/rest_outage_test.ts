import { expect } from "expect";
import { openRestFixture, type RestFixture } from "./rest_fixture.ts";
import { eventually } from "./support/eventually.ts";

/** A way to the database that can be cut and restored. */
interface Cable {
  /** The same database, by way of the cable. */
  url(direct: string): string;
  cut(): Promise<void>;
  restore(): void;
}

function layCable(): Cable {
  const ends = new Set<Deno.TcpConn>();
  let target: { hostname: string; port: number } | null = null;
  let listener: Deno.TcpListener | null = null;
  let serving: Promise<void> = Promise.resolve();

  const pass = async (from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> => {
    await from.readable.pipeTo(to.writable).catch(() => {});
    ends.delete(from);
  };
  const serve = async (open: Deno.TcpListener): Promise<void> => {
    const passing: Promise<void>[] = [];
    for await (const near of open) {
      if (!target) continue;
      const far = await Deno.connect(target);
      ends.add(near).add(far);
      passing.push(pass(near, far), pass(far, near));
    }
    await Promise.all(passing);
  };
  const listen = (port: number): number => {
    const open = Deno.listen({ hostname: "127.0.0.1", port });
    listener = open;
    serving = serve(open);
    return open.addr.port;
  };

  const port = listen(0);
  return {
    url(direct): string {
      const changed = new URL(direct);
      target = { hostname: changed.hostname, port: Number(changed.port) };
      changed.port = String(port);
      return changed.href;
    },
    async cut(): Promise<void> {
      listener?.close();
      for (const end of ends) end.close();
      await serving;
      ends.clear();
    },
    restore: () => void listen(port),
  };
}

async function withCable(test: (fixture: RestFixture, cable: Cable) => Promise<void>): Promise<void> {
  const cable = layCable();
  const fixture = await openRestFixture({ proxy: cable.url });
  try {
    await test(fixture, cable);
  } finally {
    await fixture.close();
    await cable.cut();
  }
}

async function codeOf(fixture: RestFixture, path: string): Promise<[number, string]> {
  const response = await fixture.request("anon", path);
  const body = await response.json();
  return [response.status, body.code ?? "fine"];
}

Deno.test("handle() answers 503 while the database is away and recovers by itself", async () => {
  await withCable(async (fixture, cable) => {
    expect(await codeOf(fixture, "people")).toEqual([200, "fine"]);
    await cable.cut();
    for (let tries = 0; tries < 3; tries += 1) {
      const [status, code] = await codeOf(fixture, "people");
      expect([status, /^PGRST00[01]$/.test(code)]).toEqual([503, true]);
    }
    cable.restore();
    await eventually("the first answer", async () => (await codeOf(fixture, "people"))[0] === 200);
  });
});

Deno.test("handle() answers 503 with PGRST001 when the connection breaks under a request", async () => {
  await withCable(async (fixture, cable) => {
    const running = [1, 2, 3].map(() => codeOf(fixture, "rpc/sleep_for?seconds=2"));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await cable.cut();
    expect(await Promise.all(running)).toEqual(Array.from({ length: 3 }, () => [503, "PGRST001"]));
    cable.restore();
    await eventually("the first answer", async () => (await codeOf(fixture, "people"))[0] === 200);
  });
});

Deno.test("handle() answers 503 when the server ends the session, and the next request is fine", async () => {
  const fixture = await openRestFixture();
  try {
    const running = codeOf(fixture, "rpc/sleep_for?seconds=2");
    await eventually("the session to end", async () => {
      const ended = await fixture.db.admin`
        select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and query like '%sleep_for%' and usename = 'authenticator' and state = 'active'`;
      return ended.length > 0;
    });
    expect(await running).toEqual([503, "PGRST001"]);
    expect(await codeOf(fixture, "people")).toEqual([200, "fine"]);
  } finally {
    await fixture.close();
  }
});

Deno.test("a schema change is seen after notify, after reload(), and after an outage", async () => {
  await withCable(async (fixture, cable) => {
    const { admin } = fixture.db;
    expect(await codeOf(fixture, "fresh_one")).toEqual([404, "PGRST205"]);
    await admin.unsafe("create table public.fresh_one (id int); grant select on public.fresh_one to anon").simple();
    expect(await codeOf(fixture, "fresh_one")).toEqual([404, "PGRST205"]);
    await admin.unsafe("notify pgrst, 'reload schema'").simple();
    await eventually("fresh_one", async () => (await codeOf(fixture, "fresh_one"))[0] === 200);

    await admin.unsafe("create table public.fresh_two (id int); grant select on public.fresh_two to anon").simple();
    await fixture.rest.reload();
    expect(await codeOf(fixture, "fresh_two")).toEqual([200, "fine"]);

    await cable.cut();
    await expect(fixture.rest.reload()).rejects.toThrow();
    await admin.unsafe("create table public.fresh_three (id int); grant select on public.fresh_three to anon").simple();
    cable.restore();
    await eventually("fresh_three", async () => (await codeOf(fixture, "fresh_three"))[0] === 200);

    await admin.unsafe("create table public.fresh_four (id int); grant select on public.fresh_four to anon").simple();
    await admin.unsafe("notify pgrst, 'reload schema'").simple();
    await eventually("fresh_four", async () => (await codeOf(fixture, "fresh_four"))[0] === 200);
  });
});

Deno.test("openRest() fails when the database cannot be reached, and leaves nothing open", async () => {
  const { openRest } = await import("@/supabase/local/rest/rest.ts");
  const nowhere = "postgres://nobody@127.0.0.1:1/nothing";
  const options = { authenticatorUrl: nowhere, adminUrl: nowhere, schemas: ["public"], maxRows: 10 };
  await expect(openRest(options)).rejects.toThrow();
});
