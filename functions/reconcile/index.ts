/** The reconciliation: every vault against the chain. @module */
import { createReconcile } from "./app.ts";
import { readSettings } from "./settings.ts";

Deno.serve(createReconcile(readSettings(Deno.env.toObject())).fetch);
