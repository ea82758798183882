/**
 * The real supabase CLI on this project: what a hosted project would be given, and that our own tools and the CLI agree.
 *
 * It works on a copy, because it leaves files behind. The Management API is played by a server of the test's own.
 */
import { expect } from "expect";
import { applyMigrations } from "@/supabase/local/migrations.ts";
import { openTestDatabase, type TestDatabase } from "@/tests/support/database.ts";
import { copyProject, ignore, plainUrl, unless } from "@/tests/support/supabase_cli.ts";
import postgres from "postgres";

/** What the CLI asks of a project's reference. Nobody's. */
const PROJECT = "abcdefghijklmnopqrst";
const ROOT = new URL("../../", import.meta.url);

Deno.test({
  name: `supabase/config.toml holds nothing that the CLI does not know or refuses${unless}`,
  ignore,
  async fn(): Promise<void> {
    await using project = await copyProject();
    await using api = startManagementApi();
    const { code, result, stderr } = await project.supabase(["config", "diff", ...api.flags(project.folder)]);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.not.stringContaining("does not recognize") });

    const read = Object.fromEntries(
      (result?.changes as { path: string[]; local: unknown }[]).map(({ path, local }) => [path.join("."), local]),
    );
    expect(read).toMatchObject({
      "api.schemas": ["public"],
      "api.max_rows": 1000,
      "auth.web3.solana.enabled": true,
      "auth.hook.custom_access_token.enabled": true,
      "auth.hook.custom_access_token.uri": "pg-functions://postgres/vaultbook/custom_access_token_hook",
      "db.major_version": 17,
    });
  },
});

Deno.test({
  name: `supabase functions deploy uploads functions/ and lib/, and no secret that lies beside them${unless}`,
  ignore,
  async fn(): Promise<void> {
    await using project = await copyProject();
    await Deno.mkdir(`${project.folder}/.vaultbook`);
    for (const secret of [".env", ".vaultbook/secrets.json", "supabase/.env"]) {
      await Deno.writeTextFile(`${project.folder}/${secret}`, "CANARY=1");
    }
    await using api = startManagementApi();
    const { code, stderr } = await project.supabase([
      "functions",
      "deploy",
      "--use-api",
      "--yes",
      ...api.flags(project.folder),
    ]);
    expect({ code, stderr }).toMatchObject({ code: 0 });

    expect(api.uploads.map(({ metadata }) => metadata)).toContainEqual({
      name: "api",
      entrypoint_path: "functions/api/index.ts",
      import_map_path: "supabase/import_map.json",
      static_patterns: [],
      verify_jwt: false,
    });
    const uploaded = api.uploads.flatMap(({ files }) => files);
    expect(uploaded).toEqual(expect.arrayContaining(["functions/api/index.ts", "lib/ledger/ingest.ts"]));
    const needless = uploaded.filter((path) => !/^(functions|lib)\/|^supabase\/import_map\.json$/.test(path));
    expect(needless).toStrictEqual([]);
  },
});

Deno.test("supabase/import_map.json names the packages of import_map.json, and lib/ alone of the project", async () => {
  const [hosted, whole] = await Promise.all(["supabase/import_map.json", "import_map.json"].map(readImports));
  const { "@/lib/": lib, ...packages } = hosted ?? {};
  expect(lib).toBe("../lib/");
  expect(whole).toMatchObject(packages);
});

Deno.test("supabase/import_map.json resolves every import of the functions", async () => {
  const map = new URL("supabase/import_map.json", ROOT).pathname;
  for await (const { name } of Deno.readDir(new URL("functions/", ROOT))) {
    const entry = new URL(`functions/${name}/index.ts`, ROOT).pathname;
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--no-lock", "--import-map", map, entry],
      stderr: "null",
    }).output();
    const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
      modules: { error?: string; dependencies?: { specifier: string; code?: { error?: string } }[] }[];
    };
    const unresolved = modules.flatMap(({ error, dependencies }) => [
      ...(error === undefined ? [] : [error]),
      ...(dependencies ?? []).filter(({ code }) => code?.error !== undefined).map(({ specifier }) => specifier),
    ]);
    expect({ entry, unresolved }).toStrictEqual({ entry, unresolved: [] });
    expect(modules.length).toBeGreaterThan(1);
  }
});

Deno.test({
  name: `supabase db push applies every migration as postgres, once; then applyMigrations() has nothing to do${unless}`,
  ignore,
  async fn(): Promise<void> {
    await using project = await copyProject();
    const database = await openBareDatabase();
    const owner = postgres(database.url, { max: 1, onnotice: () => {} });
    try {
      const remote = `--remote=${plainUrl(database.url)}`;
      const first = await project.supabase(["db", "push", "--yes", remote]);
      expect(first).toMatchObject({ code: 0, result: { upToDate: false, migrations: migrationFiles() } });
      const second = await project.supabase(["db", "push", "--yes", remote]);
      expect(second).toMatchObject({ code: 0, result: { upToDate: true } });

      expect(await applyMigrations(owner)).toStrictEqual([]);
    } finally {
      await owner.end();
      await database.close();
    }
  },
});

Deno.test({
  name: `applyMigrations() makes the same schema as supabase db push, which then has nothing to do${unless}`,
  ignore,
  async fn(): Promise<void> {
    await using project = await copyProject();
    const [ours, theirs] = await Promise.all([openTestDatabase(), openBareDatabase()]);
    try {
      const again = await project.supabase(["db", "push", "--yes", `--remote=${plainUrl(ours.url)}`]);
      expect(again).toMatchObject({ code: 0, result: { upToDate: true } });
      const whole = await project.supabase(["db", "push", "--yes", `--remote=${plainUrl(theirs.url)}`]);
      expect(whole).toMatchObject({ code: 0, result: { upToDate: false } });

      const file = `${project.folder}/difference.sql`;
      const difference = await project.supabase(
        ["db", "diff", "--from", plainUrl(ours.url), "--to", plainUrl(theirs.url), "-o", file],
        "text",
      );
      expect(difference).toMatchObject({ code: 0 });
      expect(await Deno.readTextFile(file).catch(() => "")).toBe("");
    } finally {
      await Promise.all([ours.close(), theirs.close()]);
    }
  },
});

/** A new project's database. What the template grants on itself does not come along when it is cloned. */
async function openBareDatabase(): Promise<TestDatabase> {
  const database = await openTestDatabase({ migrated: false });
  const [{ name } = { name: "" }] = await database.admin<{ name: string }[]>`select current_database() as name`;
  await database.admin`grant all on database ${database.admin(name)} to postgres`;
  return database;
}

interface Upload {
  readonly metadata: unknown;
  readonly files: string[];
}

/** As much of Supabase's Management API as comparing a configuration and deploying functions need. */
function startManagementApi(): AsyncDisposable & { uploads: Upload[]; flags(folder: string): string[] } {
  const uploads: Upload[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("/config")) return Response.json({});
    if (pathname.endsWith("/functions/deploy")) {
      const form = await request.formData();
      const metadata = JSON.parse(String(form.get("metadata")));
      uploads.push({ metadata, files: form.getAll("file").map((file) => (file as File).name) });
      return Response.json(deployed(metadata.name), { status: 201 });
    }
    await request.body?.cancel();
    return Response.json(pathname.endsWith("/functions") ? { functions: [] } : { message: "Not here" }, {
      status: pathname.endsWith("/functions") ? 200 : 404,
    });
  });
  const address = `http://127.0.0.1:${server.addr.port}`;
  return {
    uploads,
    flags(folder: string): string[] {
      const profile = `${folder}/profile.yaml`;
      Deno.writeTextFileSync(
        profile,
        `name: test\napi_url: ${address}\ndashboard_url: ${address}\nproject_host: 127.0.0.1\n`,
      );
      return [`--remote=${PROJECT}`, "--profile", profile];
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function deployed(slug: string): Record<string, unknown> {
  return { id: slug, slug, name: slug, status: "ACTIVE", version: 1, created_at: 0, updated_at: 0, verify_jwt: false };
}

async function readImports(path: string): Promise<Record<string, string>> {
  return JSON.parse(await Deno.readTextFile(new URL(path, ROOT))).imports;
}

/** Every migration, in order of version. */
function migrationFiles(): string[] {
  return [...Deno.readDirSync(new URL("supabase/migrations/", ROOT))].map(({ name }) => name).sort();
}
