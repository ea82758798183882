import { expect } from "expect";
import postgres, { type Sql } from "postgres";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";

let database: TestDatabase;
let owner: Sql;

Deno.test.beforeAll(async () => {
  database = await openTestDatabase({ migrated: false });
  owner = postgres(database.url, { max: 1, onnotice: () => {} });
  await Promise.all([owner`select 1`, database.admin`select 1`]);
});

Deno.test.beforeEach(async () => {
  await database.admin`truncate vault.secrets`;
});

Deno.test.afterAll(async () => {
  await owner.end();
  await database.close();
});

/** The error code of a statement that `role` runs; undefined when it is allowed. */
async function codeFor(role: string, statement: string): Promise<string | undefined> {
  const attempt = database.admin.begin(async (sql) => {
    await sql.unsafe(`set local role ${role}`);
    await sql.unsafe(statement);
  });
  return await attempt.then(() => undefined, (error: { code?: string }) => error.code);
}

Deno.test("vault.create_secret() stores a secret that only the view shows", async () => {
  const [created] = await owner`select vault.create_secret('s3cret ü', 'cron_secret', 'for cron') as id`;
  const [stored] = await owner`select id, name, description, secret, key_id from vault.secrets`;
  expect(stored).toMatchObject({ id: created?.id, name: "cron_secret", description: "for cron", key_id: null });
  expect(stored?.secret).not.toContain("s3cret");
  const bytes = atob(stored?.secret);
  expect(bytes).not.toContain("s3cret");
  const [shown] = await owner`select decrypted_secret from vault.decrypted_secrets where name = 'cron_secret'`;
  expect(shown?.decrypted_secret).toBe("s3cret ü");
});

Deno.test("vault.create_secret() takes a name once, and any number of secrets without one", async () => {
  await owner`select vault.create_secret('a', 'name')`;
  await expect(owner`select vault.create_secret('b', 'name')`).rejects.toMatchObject({ code: "23505" });
  await owner`select vault.create_secret('same'), vault.create_secret('same')`;
  const secrets = await owner`select secret from vault.secrets where name is null`;
  expect(new Set(secrets.map(({ secret }) => secret)).size).toBe(2);
});

Deno.test("vault.update_secret() changes what it is given and nothing else", async () => {
  const [{ id } = {}] = await owner`select vault.create_secret('old', 'name', 'text') as id`;
  const read = async (): Promise<unknown> => {
    const [row] = await owner`select decrypted_secret, name, description from vault.decrypted_secrets`;
    return row;
  };
  await owner`select vault.update_secret(${id}, 'new')`;
  expect(await read()).toEqual({ decrypted_secret: "new", name: "name", description: "text" });
  await owner`select vault.update_secret(${id}, new_name := 'other')`;
  expect(await read()).toEqual({ decrypted_secret: "new", name: "other", description: "text" });
  await owner`select vault.update_secret(gen_random_uuid(), 'lost')`;
  expect(await read()).toEqual({ decrypted_secret: "new", name: "other", description: "text" });
});

Deno.test("vault.decrypted_secrets refuses a ciphertext that was moved to another row", async () => {
  await owner`select vault.create_secret('one', 'one'), vault.create_secret('two', 'two')`;
  await database.admin`update vault.secrets set secret = (select secret from vault.secrets where name = 'one'),
                              nonce = (select nonce from vault.secrets where name = 'one') where name = 'two'`;
  const read = owner`select decrypted_secret from vault.decrypted_secrets where name = 'two'`;
  await expect(read).rejects.toThrow("Wrong key or corrupt data");
});

Deno.test("vault is open to postgres and service_role only, and its key to neither by grant", async () => {
  await owner`select vault.create_secret('s', 'name')`;
  for (const role of ["postgres", "service_role"]) {
    expect(await codeFor(role, "select decrypted_secret from vault.decrypted_secrets")).toBeUndefined();
    expect(await codeFor(role, "select vault.create_secret('x')")).toBeUndefined();
    expect(await codeFor(role, "insert into vault.secrets (secret) values ('x')")).toBe("42501");
    expect(await codeFor(role, "update vault.secrets set secret = 'x'")).toBe("42501");
    expect(await codeFor(role, "select vault._local_password('', '', '')")).toBe("42501");
  }
  for (const role of ["anon", "authenticated"]) {
    expect(await codeFor(role, "select from vault.secrets")).toBe("42501");
    expect(await codeFor(role, "select from vault.decrypted_secrets")).toBe("42501");
    expect(await codeFor(role, "select vault.create_secret('x')")).toBe("42501");
  }
  expect(await codeFor("service_role", "select from vault._local_key")).toBe("42501");
  const grants = await database.admin`
    select grantee from information_schema.role_table_grants
     where table_schema = 'vault' and table_name = '_local_key' and grantee <> 'supabase_admin'`;
  expect(grants).toHaveLength(0);
});
