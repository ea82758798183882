import { expect } from "expect";
import { findTests } from "@/tasks/test/test_files.ts";

/** A project with one test of each kind, and files that are none. */
async function withProject(work: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir();
  for (
    const path of [
      "tests/lib/domain/amount_test.ts",
      "tests/lib/chain/borsh_test.ts",
      "tests/support/database.ts",
      "tests/schema/rules.sql",
      "supabase/tests/01_a.sql",
      "supabase/tests/README.md",
    ]
  ) {
    await Deno.mkdir(`${root}/${path.replace(/\/[^/]*$/, "")}`, { recursive: true });
    await Deno.writeTextFile(`${root}/${path}`, "");
  }
  await work(root);
  await Deno.remove(root, { recursive: true });
}

Deno.test("findTests() sorts every test by how it is run, and takes nothing else", () =>
  withProject(async (root) => {
    expect(await findTests(root, [])).toEqual({
      pure: ["tests/lib/domain/amount_test.ts"],
      other: ["tests/lib/chain/borsh_test.ts"],
      sql: ["supabase/tests/01_a.sql"],
    });
  }));

Deno.test("findTests() takes the files and folders that are wanted", () =>
  withProject(async (root) => {
    const sql = ["supabase/tests/01_a.sql"];
    expect(await findTests(root, ["supabase"])).toEqual({ pure: [], other: [], sql });
    expect(await findTests(root, ["./tests/lib/domain/", "supabase/tests/01_a.sql"])).toEqual({
      pure: ["tests/lib/domain/amount_test.ts"],
      other: [],
      sql,
    });
    expect((await findTests(root, ["."])).other).toHaveLength(1);
  }));

Deno.test("findTests() refuses a path that leads to no test", () =>
  withProject(async (root) => {
    await expect(findTests(root, ["tests/lib", "tests/li"])).rejects.toThrow("No test lies at tests/li");
    await expect(findTests(root, ["tests/support/database.ts"])).rejects.toThrow("No test lies at");
  }));
