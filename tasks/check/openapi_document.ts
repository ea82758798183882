/**
 * `docs/openapi.json`: what the API says of itself, as it says it.
 *
 * @module
 */
import { createApi } from "@/functions/api/app.ts";
import { readSettings } from "@/functions/api/settings.ts";

/** Where it lies. */
export const OPENAPI_DOCUMENT = "docs/openapi.json";

/** An API that can describe itself and do nothing else. */
const NOWHERE = {
  SUPABASE_DB_URL: "postgres://127.0.0.1:1/nowhere",
  VAULT_PROGRAM_ID: "11111111111111111111111111111111",
};

/** The document's text. */
export async function openApiDocument(): Promise<string> {
  const settings = readSettings(NOWHERE);
  try {
    const response = await createApi({ ...settings, log: () => {} }).request("/api/openapi.json");
    return JSON.stringify(await response.json(), null, 2) + "\n";
  } finally {
    await settings.database.close();
  }
}
