/**
 * Who may call a scheduled function: whoever brings the cron secret.
 *
 * @module
 */
import { isSecret } from "./secret.ts";

/** Whether `Authorization: Bearer <secret>` names the secret. One that is not set lets nobody in. */
export function isCron(authorization: string | null | undefined, secret: string | undefined): boolean {
  const token = /^Bearer (.+)$/.exec(authorization ?? "")?.[1];
  return isSecret(token, secret ? [secret] : []);
}
