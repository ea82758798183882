/**
 * What all of a Realtime server's parts share.
 *
 * @module
 */
import type { Sql } from "postgres";
import type { Hub } from "./hub.ts";
import type { CallerOfToken } from "./token.ts";

export interface RealtimeServer {
  /** A pool of a superuser. */
  readonly sql: Sql;
  readonly hub: Hub;
  readonly callerOfToken: CallerOfToken;
  readonly log: (line: string) => void;
}
