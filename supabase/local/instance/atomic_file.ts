/**
 * Writes a file so that a reader, or a crash at any moment, finds either the old content or the new one.
 *
 * @module
 */

/** @param mode the permissions of the file, e.g. 0o600; Windows has none. */
export async function writeAtomically(path: string, text: string, mode: number): Promise<void> {
  const staging = `${path}.new-${crypto.randomUUID()}`;
  try {
    await Deno.writeTextFile(staging, text, { createNew: true, mode });
    {
      using file = await Deno.open(staging, { write: true });
      await file.sync();
    }
    await Deno.rename(staging, path);
  } catch (error) {
    await Deno.remove(staging).catch(() => {});
    throw error;
  }
}
