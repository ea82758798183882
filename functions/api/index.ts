/** The public API: webhook, health. @module */
import { createApi } from "./app.ts";
import { readSettings } from "./settings.ts";

Deno.serve(createApi(readSettings(Deno.env.toObject())).fetch);
