/** Alert rules that look at state, invariants, jobs that stopped, retention. @module */
import { createMonitor } from "./app.ts";
import { readSettings } from "./settings.ts";

Deno.serve(createMonitor(readSettings(Deno.env.toObject())).fetch);
