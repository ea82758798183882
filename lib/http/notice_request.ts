/**
 * What a notice looks like on its way: for Slack, or as a Standard Webhook.
 *
 * @module
 */
import { Webhook } from "standardwebhooks";

/** What is told. */
export interface Told {
  readonly id: string;
  readonly kind: "slack" | "generic";
  readonly occasion: "opened" | "escalated" | "resolved";
  readonly alert: Readonly<Record<string, unknown>>;
  /** When it happened. ISO 8601. */
  readonly created_at: string;
}

/** Slack cuts a block's text at 3 000 characters, and refuses what is longer. */
const TEXT_MAX = 2_000;

/**
 * Headers and body of a notice.
 *
 * @param secrets all sign: the receiver may know the old one or the new one.
 * @returns null for a generic notice that no secret signs: it must not be sent.
 */
export function noticeRequest(
  told: Told,
  secrets: readonly string[],
  at: Date,
): { headers: Record<string, string>; body: string } | null {
  const headers: Record<string, string> = { "content-type": "application/json", "webhook-id": told.id };
  if (told.kind === "slack") return { headers, body: JSON.stringify(slackMessage(told)) };
  if (secrets.length === 0) return null;
  const body = JSON.stringify({ type: `alert.${told.occasion}`, timestamp: told.created_at, data: told.alert });
  headers["webhook-timestamp"] = String(Math.floor(at.getTime() / 1000));
  headers["webhook-signature"] = secrets.map((secret) => new Webhook(secret).sign(told.id, at, body)).join(" ");
  return { headers, body };
}

function slackMessage({ occasion, alert }: Told): Record<string, unknown> {
  const severity = String(alert.severity).toUpperCase();
  const told = `[${severity}] ${String(alert.alert_type)} ${occasion}: ${String(alert.message)}`;
  const text = escaped(told.slice(0, TEXT_MAX));
  return { text, blocks: [{ type: "section", text: { type: "mrkdwn", text } }] };
}

/** What Slack takes for markup otherwise: a mention, a link. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
