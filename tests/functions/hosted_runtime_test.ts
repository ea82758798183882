/**
 * Hosted functions run on an older Deno than this project is developed with.
 */
import { expect } from "expect";
import { hostedDeno } from "@/tests/support/hosted_runtime.ts";
import { ignore, unless } from "@/tests/support/supabase_cli.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test({
  name: `all functions, and what they import of lib/, have types that the hosted Deno 2.1.4 knows${unless}`,
  ignore,
  async fn(): Promise<void> {
    const entries = [...Deno.readDirSync(new URL("functions/", ROOT))].map(({ name }) => `functions/${name}/index.ts`);
    const { code, text } = await hostedDeno(["check", "--quiet", "--no-lock", ...entries]);
    expect({ code, text }).toEqual({ code: 0, text: "" });

    // That it looks: what came with a later Deno is not known to it.
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/late.ts`, "export const late = new Uint8Array(1).toBase64();\n");
      expect(await hostedDeno(["check", "--quiet", "--no-lock", `${folder}/late.ts`])).toEqual({
        code: 1,
        text: expect.stringContaining("Property 'toBase64' does not exist"),
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
