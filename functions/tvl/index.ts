/** Snapshots of the TVL. @module */
import { readSettings } from "../snapshot/settings.ts";
import { createTvl } from "./app.ts";

Deno.serve(createTvl(readSettings(Deno.env.toObject())).fetch);
