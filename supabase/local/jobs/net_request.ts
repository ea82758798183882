/**
 * One HTTP request of pg_net, and its outcome worded as libcurl and pg_net word it.
 *
 * @module
 */

/** A row of `net.http_request_queue`. */
export interface QueuedRequest {
  readonly id: string;
  readonly method: string;
  readonly url: string;
  /** Only headers that have a value: curl sends no header that has none. */
  readonly headers: Record<string, string> | null;
  readonly body: string | null;
  /** 0 is no limit. */
  readonly timeout_milliseconds: number;
}

/** A row of `net._http_response`, without the time. */
export interface RequestOutcome {
  readonly id: string;
  readonly status_code: number | null;
  readonly content_type: string | null;
  readonly headers: Record<string, string> | null;
  readonly content: string | null;
  readonly timed_out: boolean;
  readonly error_msg: string | null;
}

const USER_AGENT = "pg_net/0.20.4";

/**
 * Sends a request and reads the whole response. Failures are outcomes.
 *
 * @param stop ends the request, at shutdown.
 * @throws the reason of `stop` when that ended the request: it has no outcome then.
 */
export async function sendRequest(request: QueuedRequest, stop: AbortSignal): Promise<RequestOutcome> {
  const started = performance.now();
  const limit = new AbortController();
  const timer = request.timeout_milliseconds > 0
    ? setTimeout(() => limit.abort(), request.timeout_milliseconds)
    : undefined;
  try {
    if (!/^https?:/i.test(request.url)) return failed(request, "Unsupported protocol");
    const response = await fetch(request.url, {
      method: request.method.toUpperCase(),
      headers: { accept: "*/*", ...request.headers, "user-agent": USER_AGENT },
      body: request.body,
      signal: AbortSignal.any([limit.signal, stop]),
    });
    const content = textOf(new Uint8Array(await response.arrayBuffer()));
    return {
      id: request.id,
      status_code: response.status,
      content_type: response.headers.get("content-type"),
      headers: Object.fromEntries(response.headers),
      content: content === "" ? null : content,
      timed_out: false,
      error_msg: null,
    };
  } catch (error) {
    stop.throwIfAborted();
    if (!limit.signal.aborted) return failed(request, describeFailure(error));
    return { ...failed(request, describeTimeout(request, performance.now() - started)), timed_out: true };
  } finally {
    clearTimeout(timer);
  }
}

function failed(request: QueuedRequest, message: string): RequestOutcome {
  const none = { status_code: null, content_type: null, headers: null, content: null };
  return { id: request.id, ...none, timed_out: false, error_msg: message };
}

/** pg_net reads the body as a C string: what follows a zero byte is lost. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** curl's words for what went wrong, found by what Deno says of it. */
const FAILURES: readonly (readonly [RegExp, string])[] = [
  [/dns error|failed to lookup address/i, "Couldn't resolve host name"],
  [/certificate|UnknownIssuer/i, "SSL peer certificate or SSH remote key was not OK"],
  [/tls|ssl/i, "SSL connect error"],
  [/\(Connect\)/, "Couldn't connect to server"],
  [/connection closed before message completed/i, "Server returned nothing (no headers, no data)"],
  [/connection reset|broken pipe|reading a body/i, "Failure when receiving data from the peer"],
  [/number of redirects/i, "Number of redirects hit maximum amount"],
];

/** Deno says what went wrong in the cause of its error. */
function describeFailure(error: unknown): string {
  const messages: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) messages.push(at.message);
  const whole = messages.join(": ");
  return FAILURES.find(([pattern]) => pattern.test(whole))?.[1] ?? whole;
}

/** pg_net tells how long each step took; from here only the whole can be seen, so it all counts as the last step. */
function describeTimeout({ timeout_milliseconds }: QueuedRequest, milliseconds: number): string {
  const [whole, none] = [milliseconds.toFixed(6), (0).toFixed(6)];
  return `Timeout of ${timeout_milliseconds} ms reached. Total time: ${whole} ms (DNS time: ${none} ms, ` +
    `TCP/SSL handshake time: ${none} ms, HTTP Request/Response time: ${whole} ms)`;
}
