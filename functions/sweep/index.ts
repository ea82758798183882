/** The sweep: backfill, gap repair, finality, roll-backs. @module */
import { createSweep } from "./app.ts";
import { readSettings } from "./settings.ts";

Deno.serve(createSweep(readSettings(Deno.env.toObject())).fetch);
