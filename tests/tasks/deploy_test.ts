import { expect } from "expect";
import { openTestDatabase } from "@/tests/support/database.ts";
import { startManagementApi } from "@/tests/support/management_api.ts";
import { ignore, plainUrl, unless } from "@/tests/support/supabase_cli.ts";
import { envFile, readEnvironment } from "@/tasks/deploy/environment.ts";
import { BYTES_MAX, configFor, functionNames } from "@/tasks/deploy/stage.ts";

const PROJECT = "abcdefghijklmnopqrst";
const SECRETS = {
  HELIUS_WEBHOOK_SECRETS: `${"n".repeat(32)},${"o".repeat(40)}`,
  CRON_SECRET: "c".repeat(32),
  SOLANA_RPC_URL: "https://rpc.example.com/?api-key=#1$x",
  VAULT_PROGRAM_ID: "11111111111111111111111111111111",
};
const ENVIRONMENT = {
  ...SECRETS,
  SUPABASE_ACCESS_TOKEN: `sbp_${"a".repeat(40)}`,
  SUPABASE_DB_PASSWORD: "the password",
};

/** Runs the task with nothing in its environment but what is given. */
async function deploy(args: string[], environment: Record<string, string>): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", new URL("../../tasks/deploy.ts", import.meta.url).pathname, ...args],
    clearEnv: true,
    env: { ...inherited(), NO_COLOR: "1", ...environment },
  }).output();
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** What programs need to run at all, and to find their packages. */
function inherited(): Record<string, string> {
  const wanted = /^(PATH|HOME|DENO_.*|npm_.*|NPM_.*|SSL_.*|NODE_.*|TMPDIR)$/;
  return Object.fromEntries(Object.entries(Deno.env.toObject()).filter(([name]) => wanted.test(name)));
}

Deno.test(
  `deploy migrates, fills Vault, sets the secrets and uploads each function in one file${unless}`,
  { ignore },
  async () => {
    const folder = await Deno.makeTempDir({ prefix: "vaultbook-deploy-test-" });
    await using api = startManagementApi();
    const database = await openTestDatabase({ migrated: false });
    try {
      const [{ name } = { name: "" }] = await database.admin<{ name: string }[]>`select current_database() as name`;
      await database.admin`grant all on database ${database.admin(name)} to postgres`;
      const args = ["--project-ref", PROJECT, "--db-url", plainUrl(database.url), "--profile", api.profile(folder)];
      for (let time = 1; time <= 2; time++) {
        const { code, text } = await deploy(args, ENVIRONMENT);
        expect({ code, text }).toMatchObject({
          code: 0,
          text: expect.stringContaining(`Deployed: https://${PROJECT}.supabase.co/`),
        });
        for (const secret of Object.values(ENVIRONMENT)) {
          expect(text.includes(secret)).toBe(
            secret === SECRETS.VAULT_PROGRAM_ID && text.includes(secret),
          );
        }
      }

      const [{ migrations } = { migrations: 0 }] = await database.admin<{ migrations: number }[]>`
      select count(*)::integer as migrations from supabase_migrations.schema_migrations`;
      expect(migrations).toBe([...Deno.readDirSync(new URL("../../supabase/migrations/", import.meta.url))].length);
      expect([...await database.admin`select name, decrypted_secret from vault.decrypted_secrets order by name`])
        .toEqual([
          { name: "cron_secret", decrypted_secret: SECRETS.CRON_SECRET },
          { name: "project_url", decrypted_secret: `https://${PROJECT}.supabase.co` },
        ]);
      expect(Object.fromEntries(api.secrets)).toEqual(SECRETS);
      expect([...api.tokens]).toEqual([`Bearer ${ENVIRONMENT.SUPABASE_ACCESS_TOKEN}`]);

      const latest = api.uploads.slice(-functionNames().length);
      expect(latest.map(({ metadata }) => metadata.name).sort()).toEqual(functionNames());
      for (const { metadata, files } of latest) {
        expect([metadata.verify_jwt, [...files.keys()].filter((path) => path !== "supabase/import_map.json")]).toEqual([
          ...[false, [`functions/${metadata.name}/index.ts`]],
        ]);
        const text = files.get(metadata.entrypoint_path) ?? "";
        expect(new TextEncoder().encode(text).length).toBeLessThan(BYTES_MAX);
        // Nothing is left to be fetched from anywhere.
        expect(text.match(/(?:^|[;}\n])(?:import|export)\b[^;"]*"(?!node:)[^"]+"/g) ?? []).toEqual([]);
      }
      const health = await healthOf(
        latest.find(({ metadata }) => metadata.name === "api")?.files.get("functions/api/index.ts") ?? "",
        database.url,
      );
      expect(health).toMatchObject({ checks: { database: "ok" } });
    } finally {
      await database.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
);

/** Starts what was uploaded, and asks how it is. */
async function healthOf(script: string, url: string): Promise<unknown> {
  const file = await Deno.makeTempFile({ suffix: ".js" });
  await Deno.writeTextFile(file, script);
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-config", file],
    env: { ...SECRETS, SUPABASE_DB_URL: url, DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}` },
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    for (let attempt = 0;; attempt++) {
      const answer = await fetch(`http://127.0.0.1:${port}/api/health`).catch(() => null);
      if (answer) return await answer.json();
      if (attempt === 100) throw new Error("The uploaded function does not start");
      await new Promise((resume) => setTimeout(resume, 100));
    }
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await Deno.remove(file);
  }
}

Deno.test("deploy --dry-run shows each step and asks nobody; what is missing is named before anything is done", async () => {
  const dry = await deploy(
    ["--project-ref", PROJECT, "--site-url", "https://app.example.com", "--dry-run"],
    ENVIRONMENT,
  );
  expect(dry.code).toBe(0);
  expect(dry.text.match(/^\d\/4 .*$/gm)).toEqual([
    "1/4 Migrations, and the schedule's secrets into Vault",
    `2/4 Secrets of the functions: ${Object.keys(SECRETS).join(", ")}`,
    `3/4 Functions: ${functionNames().join(", ")}`,
    "4/4 Sign-in on https://app.example.com, the token hook, the API's schemas",
  ]);
  expect(dry.text).toContain("Nothing was changed");
  expect(await deploy(["--project-ref", PROJECT], { CRON_SECRET: "x" })).toEqual({
    code: 1,
    text:
      "Not set: SUPABASE_ACCESS_TOKEN, SUPABASE_DB_PASSWORD, HELIUS_WEBHOOK_SECRETS, SOLANA_RPC_URL, VAULT_PROGRAM_ID\n",
  });
  for (
    const args of [[], ["--project-ref", "x"], ["--project-ref", PROJECT, "--site-url", "http://x"], [
      "--project-ref",
      PROJECT,
      "--force",
    ]]
  ) {
    expect((await deploy(args, ENVIRONMENT)).code).toBe(2);
  }
  expect((await deploy(["--help"], {})).text).toContain("--dry-run");
});

Deno.test("readEnvironment() refuses short secrets and lines; envFile() hands over every other character", () => {
  const read = (change: Record<string, string>): unknown =>
    readEnvironment({ ...ENVIRONMENT, ...change }, { needsPassword: true });
  expect(() => read({ CRON_SECRET: "short" })).toThrow("Shorter than 32 characters: CRON_SECRET");
  expect(() => read({ HELIUS_WEBHOOK_SECRETS: `${"n".repeat(32)},old` })).toThrow(
    "Shorter than 32 characters: HELIUS_WEBHOOK_SECRETS",
  );
  expect(() => read({ SOLANA_RPC_URL: "https://a\nCRON_SECRET=x" })).toThrow("More than one line: SOLANA_RPC_URL");
  expect(readEnvironment({ ...ENVIRONMENT, SUPABASE_DB_PASSWORD: "" }, { needsPassword: false }).secrets).toEqual(
    SECRETS,
  );
  expect(envFile({ A: 'x"$#\\', B: "2" })).toBe("A='x\"$#\\'\nB='2'\n");
  expect(() => envFile({ A: "it's" })).toThrow("A holds a single quote");
});

Deno.test("configFor() names the site in place of this machine's addresses, and the schedule's secrets", async () => {
  const config = await Deno.readTextFile(new URL("../../supabase/config.toml", import.meta.url));
  const hosted = configFor(config, "https://app.example.com");
  expect(hosted).toContain('site_url = "https://app.example.com"\n');
  expect(hosted).toContain('additional_redirect_urls = ["https://app.example.com/**"]\n');
  expect(hosted.replaceAll(/^#.*$/gm, "")).not.toContain("localhost");
  expect(configFor(config, undefined)).toBe(`${config}${hosted.slice(hosted.indexOf("\n# The schedule's, written"))}`);
});
