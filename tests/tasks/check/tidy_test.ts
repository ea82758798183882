import { expect } from "expect";
import { dirname, join } from "node:path";
import { tidy } from "@/tasks/check/tidy.ts";

/** What is wrong with a project that holds these files. */
async function complaintsAbout(files: Record<string, string>): Promise<string[]> {
  const root = await Deno.makeTempDir();
  try {
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(join(root, dirname(path)), { recursive: true });
      await Deno.writeTextFile(join(root, path), text);
    }
    return await tidy(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

// Put together here, so that this file does not hold what it plants.
const MACHINE_PATHS = ["work", "root", "home"].map((folder) => `/${folder}/somebody`);
const REGISTRIES = ["registry", "mirror"].map((name) => `https://${name}.example.org/simple`);
const UNFINISHED = ["TO" + "DO", "FIX" + "ME"];

Deno.test("tidy() finds nothing in a tidy project", async () => {
  expect(
    await complaintsAbout({
      "README.md": "# One\n\n## Two\n\n```sh\n# a comment\n```\n",
      "lib/domain/amount.ts": "export {};\n".repeat(300),
      "lib/chain/media_type.ts": "// see https://www.npmjs.com/package/zod and https://host.example/home/page\n",
      "supabase/migrations/1_a.sql": "select 1;\n".repeat(300),
      "lib/chain/idl/long.json": "{}\n".repeat(900),
      "docs/image.bin": `\0${MACHINE_PATHS[0]}`,
    }),
  ).toEqual([]);
});

Deno.test("tidy() finds a file of 301 lines", async () => {
  for (const path of ["lib/a.ts", "supabase/migrations/1_a.sql"]) {
    expect(await complaintsAbout({ [path]: "--\n".repeat(301) })).toEqual([`${path}: 301 lines, and 300 is the most`]);
  }
});

Deno.test("tidy() counts a last line that has no end", async () => {
  expect(await complaintsAbout({ "a.ts": "//\n".repeat(300) + "//" })).toEqual([
    "a.ts: 301 lines, and 300 is the most",
  ]);
});

Deno.test("tidy() finds names that say nothing, of files and folders", async () => {
  for (const path of ["lib/utils.ts", "lib/types.ts", "tests/helpers/a.ts", "lib/common/a.ts", "lib/misc.sql"]) {
    expect(await complaintsAbout({ [path]: "" })).toEqual([expect.stringContaining("does not say what is inside")]);
  }
});

Deno.test("tidy() finds a document without a top heading, and one with two", async () => {
  expect(await complaintsAbout({ "a.md": "## Only a second\n" })).toEqual([
    "a.md: 0 top headings, and there must be one",
  ]);
  expect(await complaintsAbout({ "a.md": "# One\n\n# Two\n" })).toEqual([
    "a.md: 2 top headings, and there must be one",
  ]);
});

Deno.test("tidy() finds paths of one machine", async () => {
  for (const path of MACHINE_PATHS) {
    expect(await complaintsAbout({ "a.json": `{}\n{"path": "file://${path}"}\n` })).toEqual([
      `a.json: line 2 names a path of one machine: ${path}`,
    ]);
  }
});

Deno.test("tidy() finds package registries, as a lock file from a mirror has them", async () => {
  for (const url of REGISTRIES) {
    expect(await complaintsAbout({ "deno.lock": `{"tarball": "${url}"}\n` })).toEqual([
      expect.stringContaining("deno.lock: line 1 names a package registry"),
    ]);
  }
});

Deno.test("tidy() finds what was left unfinished", async () => {
  for (const word of UNFINISHED) {
    expect(await complaintsAbout({ "a.ts": `// ${word}: later\n` })).toEqual([
      "a.ts: line 1 leaves something unfinished",
    ]);
  }
});

Deno.test("tidy() looks at no file that .gitignore names", async () => {
  const untidy = "//\n".repeat(301);
  expect(
    await complaintsAbout({
      ".gitignore": "# what stays here\n.vaultbook/\n*.log\n",
      ".vaultbook/postgres/a.ts": untidy,
      "deep/.vaultbook/a.ts": untidy,
      "server.log": MACHINE_PATHS.join("\n"),
      ".git/config": MACHINE_PATHS.join("\n"),
      "log/a.ts": untidy,
    }),
  ).toEqual(["log/a.ts: 301 lines, and 300 is the most"]);
});
