import { expect } from "expect";
import { fileURLToPath } from "node:url";
import { openTestDatabase } from "@/tests/support/database.ts";

const FOLDER = fileURLToPath(new URL("../../supabase/snippets/", import.meta.url));
const NAMES = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort();

Deno.test(`the ${NAMES.length} saved queries for Studio say what they answer, run, and only read`, async () => {
  expect(NAMES).toHaveLength(8);
  const database = await openTestDatabase();
  try {
    for (const name of NAMES) {
      const text = await Deno.readTextFile(FOLDER + name);
      expect([name, text]).toEqual([name, expect.stringMatching(/^-- .{10,}\n[^;]*(--[^\n]*\n[^;]*)*;\n$/s)]);
      // As Studio does: as postgres, which owns the tables and is no superuser.
      const rows = await database.admin.begin("read only", async (sql) => {
        await sql`set local role postgres`;
        return await sql.unsafe(text);
      });
      expect([name, rows.columns.length > 2]).toEqual([name, true]);
      expect([name, new Set(rows.columns.map((column) => column.name)).size]).toEqual([name, rows.columns.length]);
    }
  } finally {
    await database.close();
  }
});
