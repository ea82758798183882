import { expect } from "expect";
import postgres, { type Sql } from "postgres";
import { installProject } from "@/supabase/local/project.ts";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";

/** A test on a database with the platform's stand-ins and nothing else, as `postgres`, with the warnings it gets. */
function test(name: string, run: (sql: Sql, database: TestDatabase, warnings: string[]) => Promise<void>): void {
  Deno.test(name, async () => {
    const database = await openTestDatabase({ migrated: false });
    const warnings: string[] = [];
    const sql = postgres(database.url, {
      max: 2,
      onnotice: ({ severity, message }) => {
        if (severity === "WARNING") warnings.push(message ?? "");
      },
    });
    try {
      await run(sql, database, warnings);
    } finally {
      await sql.end();
      await database.close();
    }
  });
}

test("realtime.send() stores the message and gives an object an id", async (sql) => {
  await sql`select realtime.send('{"amount": 9007199254740993}'::text::jsonb, 'event', 'topic')`;
  await sql`select realtime.send('{"id": "mine"}'::text::jsonb, 'event', 'topic', false)`;
  const [withoutId, withId] = await sql`
    select topic, event, extension, private, (payload - 'id')::text as rest, payload ->> 'id' as payload_id, id
      from realtime.messages order by private desc`;
  const stored = { topic: "topic", event: "event", extension: "broadcast" };
  expect(withoutId).toEqual({
    ...stored,
    private: true,
    rest: '{"amount": 9007199254740993}',
    payload_id: withoutId?.id,
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  expect(withId).toMatchObject({ ...stored, private: false, rest: "{}", payload_id: "mine" });
});

test("realtime.send() turns every error into upstream's warning", async (sql, _database, warnings) => {
  await sql`create table public.outcome (n int)`;
  await sql.begin(async (transaction) => {
    await transaction`insert into public.outcome values (1)`;
    await transaction`select realtime.send('[1]'::text::jsonb, 'event', 'topic')`;
    await transaction`select realtime.send('{}'::text::jsonb, 'event', null)`;
    await transaction`set local role authenticated`;
    await transaction`select realtime.send('{}'::text::jsonb, 'event', 'topic')`;
  });
  expect(warnings).toEqual([
    'WarnSendingBroadcastMessage: path element at position 1 is not an integer: "id"',
    'WarnSendingBroadcastMessage: null value in column "topic" of relation "messages" violates not-null constraint',
    'WarnSendingBroadcastMessage: new row violates row-level security policy for table "messages"',
  ]);
  const [kept] = await sql`
    select (select count(*)::int from public.outcome) as outcomes,
           (select count(*)::int from realtime.messages) as messages`;
  expect(kept).toEqual({ outcomes: 1, messages: 0 });
});

test("realtime.broadcast_changes() sends the row, and refuses statements and other operations", async (sql) => {
  await sql.unsafe(`
    create table public.notes (id int primary key, body text);
    create function public.tell() returns trigger language plpgsql as $$
    begin
      perform realtime.broadcast_changes('notes', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
      return null;
    end $$;
    create trigger tell after insert or update or delete on public.notes for each row execute function public.tell();
    insert into public.notes values (1, 'a');
    update public.notes set body = 'b';
    delete from public.notes;
  `).simple();
  const rows = await sql`
    select payload - 'id' as payload from realtime.messages order by inserted_at, payload ->> 'operation' = 'DELETE',
           payload ->> 'operation' = 'UPDATE'`;
  const [a, b] = [{ id: 1, body: "a" }, { id: 1, body: "b" }];
  const notes = { table: "notes", schema: "public" };
  expect(rows.map(({ payload }) => payload)).toEqual([
    { ...notes, operation: "INSERT", record: a, old_record: null },
    { ...notes, operation: "UPDATE", record: b, old_record: a },
    { ...notes, operation: "DELETE", record: null, old_record: b },
  ]);
  await expect(
    sql`select realtime.broadcast_changes('t', 'e', 'INSERT', 'n', 's', null::public.notes, null, 'STATEMENT')`
      .execute(),
  )
    .rejects.toThrow("Failed to process the row: function can only be triggered for each row, not for each statement");
  await expect(
    sql`select realtime.broadcast_changes('t', 'e', 'TRUNCATE', 'n', 's', null::public.notes, null)`.execute(),
  )
    .rejects.toThrow("Failed to process the row: Unexpected operation type: TRUNCATE");
});

test("postgres may write policies on realtime.messages and fill the publication, but create nothing", async (sql) => {
  await sql`create policy "all of it" on realtime.messages for select to authenticated using (true)`;
  await sql`drop policy "all of it" on realtime.messages`;
  await sql`create table public.notes (id int primary key)`;
  await sql`alter publication supabase_realtime add table public.notes`;
  await expect(sql`create table realtime.mine (id int)`.execute()).rejects.toThrow(
    "permission denied for schema realtime",
  );
  await expect(sql`create function realtime.mine() returns int language sql as 'select 1'`.execute())
    .rejects.toThrow("permission denied for schema realtime");
});

test("realtime.messages has the grants, the row security and the owner of a hosted project", async (sql) => {
  const grants = await sql`
    select grantee::text, string_agg(privilege_type::text, ',' order by privilege_type) as privileges
      from information_schema.role_table_grants
     where table_schema = 'realtime' and table_name = 'messages' and grantee <> 'supabase_realtime_admin'
     group by grantee order by grantee`;
  const privileges = "INSERT,SELECT,UPDATE";
  expect([...grants]).toEqual(
    ["anon", "authenticated", "postgres", "service_role"].map((grantee) => ({ grantee, privileges })),
  );
  const [table] = await sql`
    select relrowsecurity, relowner::regrole::text as owner from pg_class where oid = 'realtime.messages'::regclass`;
  expect(table).toEqual({ relrowsecurity: true, owner: "supabase_realtime_admin" });
});

test("the local functions and the feed are out of everybody's reach", async (_sql, { admin }) => {
  const open = await admin`
    select proname, rolname
      from pg_proc cross join pg_roles
     where pronamespace = 'realtime'::regnamespace and proname like '\\_local%' and not rolsuper
       and has_function_privilege(pg_roles.oid, pg_proc.oid, 'execute')`;
  expect([...open]).toEqual([]);
  for (const role of ["anon", "authenticated", "service_role"]) {
    const reading = admin.begin(async (transaction) => {
      await transaction.unsafe(`set local role ${role}`);
      await transaction`select from realtime._local_feed`;
    });
    await expect(reading).rejects.toThrow("permission denied for table _local_feed");
  }
});

test(
  "realtime._local_authorize() shows a policy topic, extension and claims, and leaves nothing behind",
  async (sql, { admin }) => {
    await sql.unsafe(`
    create policy "own room" on realtime.messages for select to authenticated
      using (extension = 'broadcast' and (select realtime.topic()) = 'room:' || (select auth.jwt() ->> 'sub')
        and payload is null and event is null and private is false);
    create policy "open to write" on realtime.messages for insert to authenticated with check (extension = 'presence');
  `).simple();
    const ask = async (topic: string, role = "authenticated"): Promise<unknown> => {
      const [row] = await admin`
      select readable, writable
        from realtime._local_authorize(
          ${topic}, ${role}, '{"sub": "me"}', '{}', '{broadcast,presence}', '{broadcast,presence}')`;
      return row;
    };
    expect(await ask("room:me")).toEqual({ readable: ["broadcast"], writable: ["presence"] });
    expect(await ask("room:you")).toEqual({ readable: [], writable: ["presence"] });
    expect(await ask("room:me", "anon")).toEqual({ readable: [], writable: [] });
    expect(await ask("room:you", "service_role")).toEqual({
      readable: ["broadcast", "presence"],
      writable: ["broadcast", "presence"],
    });
    await expect(ask("room:me", "nobody_at_all")).rejects.toThrow('role "nobody_at_all" does not exist');
    const [left] = await admin`
    select (select count(*)::int from realtime.messages) as messages,
           (select count(*)::int from realtime._local_feed) as feed,
           current_user::text as role, nullif(current_setting('request.jwt.claims', true), '') as claims`;
    expect(left).toEqual({ messages: 0, feed: 0, role: "supabase_admin", claims: null });
  },
);

test("realtime._local_delete_old() keeps three days of messages and an hour of the feed", async (sql, { admin }) => {
  for (const age of ["71 hours", "73 hours"]) {
    await sql`select realtime.send(jsonb_build_object('age', ${age}::text), 'e', 't')`;
    await admin`
      update realtime.messages set inserted_at = inserted_at - ${age}::text::interval where payload ->> 'age' = ${age}`;
  }
  await admin`update realtime._local_feed set recorded_at = now() - position * interval '31 minutes'`;
  await admin`select realtime._local_delete_old()`;
  expect([...await sql`select payload ->> 'age' as age from realtime.messages`]).toEqual([{ age: "71 hours" }]);
  expect([...await admin`select position from realtime._local_feed`]).toEqual([{ position: "1" }]);
});

test("installProject() may run again, keeping messages, policies and published tables", async (sql, { admin }) => {
  await sql`create table public.notes (id int primary key)`;
  await sql`alter publication supabase_realtime add table public.notes`;
  await sql`create policy "kept" on realtime.messages for select to authenticated using (true)`;
  await sql`select realtime.send('{}'::text::jsonb, 'e', 't')`;
  await installProject(admin);
  await sql`insert into public.notes values (1)`;
  const [found] = await admin`
    select (select count(*)::int from realtime.messages) as messages,
           (select count(*)::int from pg_policies where policyname = 'kept') as policies,
           (select count(*)::int from realtime._local_feed where action = 'INSERT') as changes,
           (select pubowner::regrole::text from pg_publication where pubname = 'supabase_realtime') as owner`;
  expect(found).toEqual({ messages: 1, policies: 1, changes: 1, owner: "postgres" });
});
