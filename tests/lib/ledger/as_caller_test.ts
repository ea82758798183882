import { expect } from "expect";
import type { Caller } from "@/lib/domain/caller.ts";
import { rowsFor } from "@/lib/ledger/as_caller.ts";
import { openDatabase } from "@/lib/ledger/database.ts";
import { statement } from "@/lib/ledger/statement.ts";
import { openTestDatabase } from "@/tests/support/database.ts";
import { key } from "@/tests/support/raw_delivery.ts";

const OWNER: Caller = {
  kind: "user",
  wallet: key("owner"),
  isOps: false,
  claims: { sub: "1", wallet_address: "it's \\ 1" },
};
const WHO = statement`
  select current_user::text as role, current_setting('request.jwt.claims', true) as claims, current_setting('transaction_read_only') as read_only`;
const ALONE = { claims: "", read_only: "off", role: "postgres" };

Deno.test("a question is asked under the caller's rights, and only this one is", async () => {
  const database = await openTestDatabase();
  const connection = openDatabase(database.url);
  const who = async (): Promise<unknown> =>
    await connection.run(async (sql) => ({ ...(await sql.unsafe(WHO.toString()))[0] }));
  try {
    // All on one connection, none waiting for another's answer.
    const [owner, service, nobody, own] = await Promise.all([
      rowsFor(connection, OWNER, WHO),
      rowsFor(connection, { kind: "service" }, WHO),
      rowsFor(connection, OWNER, statement`select no_such_column`).catch((error: Error) => error.message),
      who(),
    ]);
    const claims = JSON.stringify({ sub: "1", wallet_address: "it's \\ 1", role: "authenticated" });
    expect(owner).toEqual([{ role: "authenticated", claims, read_only: "on" }]);
    expect(service).toEqual([{ role: "service_role", claims: '{"role":"service_role"}', read_only: "on" }]);
    expect(nobody).toContain("no_such_column");
    expect(own).toEqual(ALONE);
    await expect(rowsFor(connection, OWNER, statement`select vaultbook.take_allowance('history', 'a')`)).rejects
      .toThrow(
        "permission denied",
      );
    await expect(rowsFor(connection, { kind: "service" }, statement`select vaultbook.take_allowance('history', 'a')`))
      .rejects.toThrow("read-only transaction");
    expect(await who()).toEqual(ALONE);
  } finally {
    await connection.close();
    await database.close();
  }
});

Deno.test("where the role cannot be taken, nothing is asked", async () => {
  const database = await openTestDatabase();
  const stranger = `stranger_${crypto.randomUUID().replaceAll("-", "")}`;
  const url = new URL(database.adminUrl);
  await database.admin.unsafe(`create role ${stranger} login password '${decodeURIComponent(url.password)}'`);
  await database.admin.unsafe("create sequence public.asked; grant usage on sequence public.asked to public");
  url.username = stranger;
  const connection = openDatabase(url.href);
  try {
    const answer = rowsFor(connection, OWNER, statement`select nextval('public.asked')`);
    await expect(answer).rejects.toThrow("permission denied to set role");
    const [row] = await database.admin<{ is_called: boolean }[]>`select is_called from public.asked`;
    expect(row?.is_called).toBe(false);
  } finally {
    await connection.close();
    await database.admin.unsafe(`drop role ${stranger}`);
    await database.close();
  }
});
