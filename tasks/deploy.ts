/**
 * `deno task deploy`: brings Vaultbook to a hosted Supabase project.
 *
 * @module
 */
import { join } from "node:path";
import { INSTANCE_FLAGS, readFlags, runTask, say, UsageError } from "./command_line.ts";
import { type DeployEnvironment, envFile, readEnvironment } from "./deploy/environment.ts";
import { functionNames, stage } from "./deploy/stage.ts";
import { supabase } from "./deploy/supabase_cli.ts";

const USAGE = `Brings Vaultbook to a hosted Supabase project, or brings it up to date there. Each step can be repeated.

  deno task deploy --project-ref REF [--site-url URL] [--db-url URL] [--profile FILE] [--dry-run]

  --project-ref REF  the project, 20 letters
  --site-url URL     the page that wallets sign in on: sets up sign-in, the token hook and the API's schemas as supabase/config.toml
                     has them (without it the project's own configuration stays)
  --db-url URL       migrates over this connection (default: the project's pooler, with SUPABASE_DB_PASSWORD)
  --profile FILE     a profile of the supabase CLI, for another control plane than supabase.com
  --dry-run          bundles the functions and shows each step, and changes nothing
  -h, --help         this text

Environment: SUPABASE_ACCESS_TOKEN, SUPABASE_DB_PASSWORD; for the functions HELIUS_WEBHOOK_SECRETS, CRON_SECRET, SOLANA_RPC_URL,
VAULT_PROGRAM_ID, and if wanted SOLANA_RPC_URL_2, USDT_MINT, VAULT_AUTHORITIES, DB_POOLER_URL, NOTICE_URLS, NOTICE_SECRETS.
Afterwards: deno task webhook register --project-ref REF.`;

/** Where and how. */
interface Target {
  readonly projectRef: string;
  readonly projectUrl: string;
  readonly siteUrl: string | undefined;
  readonly databaseUrl: string | undefined;
  readonly profile: string | undefined;
}

/** A step: what it does, and doing it. */
interface Step {
  readonly title: string;
  /** As a person would type it; secrets by the names of their variables. */
  readonly shown: string;
  run(): Promise<void>;
}

async function main(args: string[]): Promise<number> {
  const text = { type: "string" } as const;
  const flags = readFlags(args, {
    ...{ "project-ref": text, "site-url": text, "db-url": text, profile: text },
    "dry-run": { type: "boolean", default: false },
    help: INSTANCE_FLAGS.help,
  });
  if (flags.help) {
    say(USAGE);
    return 0;
  }
  const target = targetOf(flags["project-ref"], flags["site-url"], flags["db-url"], flags.profile);
  const environment = readEnvironment(Deno.env.toObject(), { needsPassword: target.databaseUrl === undefined });
  // Nobody else on the machine may read it: the secrets lie in it for a moment.
  const folder = await Deno.makeTempDir({ prefix: "vaultbook-deploy-" });
  try {
    say(`Bundling ${functionNames().length} functions`);
    const onBundle = ({ name, bytes }: { name: string; bytes: number }): void =>
      say(`  ${name}: ${Math.ceil(bytes / 1000)} kB`);
    await stage(folder, { siteUrl: target.siteUrl, onBundle });
    const steps = stepsOf(target, environment, folder);
    for (const [place, step] of steps.entries()) {
      say(`${place + 1}/${steps.length} ${step.title}\n    ${step.shown}`);
      if (!flags["dry-run"]) await step.run();
    }
    say(flags["dry-run"] ? "Nothing was changed" : `Deployed: ${target.projectUrl}/functions/v1/api/health`);
    return 0;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function targetOf(
  projectRef: string | undefined,
  siteUrl: string | undefined,
  databaseUrl: string | undefined,
  profile: string | undefined,
): Target {
  if (projectRef === undefined) throw new UsageError("Which project? Give --project-ref");
  if (!/^[a-z]{20}$/.test(projectRef)) throw new UsageError("--project-ref must be the 20 letters of a project");
  if (siteUrl !== undefined && !/^https:\/\/[^/?#]+$/.test(siteUrl)) {
    throw new UsageError("--site-url must be as https://app.example.com, without a path");
  }
  return { projectRef, projectUrl: `https://${projectRef}.supabase.co`, siteUrl, databaseUrl, profile };
}

function stepsOf(target: Target, environment: DeployEnvironment, folder: string): Step[] {
  const remote = `--remote=${target.projectRef}`;
  const profile = target.profile === undefined ? [] : ["--profile", target.profile];
  const token = { SUPABASE_ACCESS_TOKEN: environment.accessToken };
  const schedule = { CRON_SECRET: environment.cronSecret, VAULTBOOK_PROJECT_URL: target.projectUrl };
  const password = environment.databasePassword === null ? {} : { SUPABASE_DB_PASSWORD: environment.databasePassword };
  return [
    {
      title: "Migrations, and the schedule's secrets into Vault",
      shown: `supabase db push --remote=${target.databaseUrl === undefined ? target.projectRef : "(--db-url)"}`,
      run: () =>
        supabase(folder, ["db", "push", `--remote=${target.databaseUrl ?? target.projectRef}`, ...profile], {
          ...token,
          ...schedule,
          ...password,
        }),
    },
    {
      title: `Secrets of the functions: ${Object.keys(environment.secrets).join(", ")}`,
      shown: `supabase secrets set --env-file (a file of its own) ${remote}`,
      async run(): Promise<void> {
        const file = join(folder, "secrets.env");
        await Deno.writeTextFile(file, envFile(environment.secrets), { mode: 0o600 });
        await supabase(folder, ["secrets", "set", "--env-file", file, remote, ...profile], { ...token, ...schedule });
        await Deno.remove(file);
      },
    },
    {
      title: `Functions: ${functionNames().join(", ")}`,
      shown: `supabase functions deploy --use-api ${remote}`,
      run: () => supabase(folder, ["functions", "deploy", "--use-api", remote, ...profile], { ...token, ...schedule }),
    },
    ...(target.siteUrl === undefined ? [] : [{
      title: `Sign-in on ${target.siteUrl}, the token hook, the API's schemas`,
      shown: `supabase config push ${remote}`,
      run: () => supabase(folder, ["config", "push", remote, ...profile], { ...token, ...schedule }),
    }]),
  ];
}

if (import.meta.main) await runTask(main);
