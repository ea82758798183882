import { expect } from "expect";
import { readFromArchive } from "@/tasks/test/tar.ts";

/** A gzip-compressed archive, made by the machine's own tar. */
async function pack(files: Record<string, string>): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/share/extension`, { recursive: true });
  for (const [path, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${path}`, text);
  const args = ["-czf", "-", "-C", folder, "share"];
  const { stdout } = await new Deno.Command("tar", { args }).output();
  await Deno.remove(folder, { recursive: true });
  return new Uint8Array(stdout);
}

Deno.test("readFromArchive() reads a file whatever its length and neighbours", async () => {
  const files: Record<string, string> = {};
  for (const length of [0, 1, 511, 512, 513, 100_000]) files[`share/extension/f${length}.sql`] = "é".repeat(length);
  const archive = await pack(files);
  for (const [path, text] of Object.entries(files)) expect(await readFromArchive(archive, path)).toBe(text);
});

Deno.test("readFromArchive() says which file the archive lacks", async () => {
  const archive = await pack({ "share/extension/a.sql": "a" });
  await expect(readFromArchive(archive, "share/a.sql")).rejects.toThrow("The archive holds no share/a.sql");
});
