/**
 * The folder of one instance: everything that survives a restart lies in it.
 *
 * @module
 */

/**
 * Makes the folder when it is not there. Only its owner may look into it; under root everybody may pass through it (but
 * not list it), because PostgreSQL then runs as another user in a folder below. An existing folder is left as it is.
 */
export async function makeInstanceFolder(dir: string): Promise<void> {
  try {
    if ((await Deno.stat(dir)).isDirectory) return;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  await Deno.mkdir(dir, { recursive: true });
  if (Deno.build.os !== "windows") await Deno.chmod(dir, Deno.uid() === 0 ? 0o711 : 0o700);
}
