/** Snapshots of all vaults. @module */
import { createSnapshot } from "./app.ts";
import { readSettings } from "./settings.ts";

Deno.serve(createSnapshot(readSettings(Deno.env.toObject())).fetch);
