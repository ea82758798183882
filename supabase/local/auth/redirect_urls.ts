/**
 * Which URLs belong to this project's apps: the site URL's origin, and the patterns of the allow list.
 *
 * @module
 */

/** How a URL is looked at before anything is made of it. */
const URL_SHAPE = /^[a-z][a-z0-9+.-]*:\/\/([^/?#\s\\]*)[^\s\\]*$/i;

const IP_V4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const USUAL_HOST = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;

/** A URL, with the host as its author wrote it (`URL` drops default ports and rewrites numbers). */
export interface WrittenUrl {
  readonly url: URL;
  /** Host and port as written, e.g. `localhost:3000`. */
  readonly host: string;
}

/** Takes a URL apart; undefined when it is not absolute, or holds blanks, control characters, backslashes or a user name. */
export function parseUrl(written: string): WrittenUrl | undefined {
  const host = URL_SHAPE.exec(written)?.[1];
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  if (host === undefined || host.includes("@") || /[\x00-\x20\x7f]/.test(written) || !URL.canParse(written)) {
    return undefined;
  }
  return { url: new URL(written), host };
}

/** Whether a host name, as `URL.hostname` gives it, is this machine's own. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "127.0.0.1" || hostname === "[::1]";
}

/**
 * Makes the test of GoTrue's `IsRedirectURLValid`. The site URL allows its whole origin, on a loopback host with any port.
 * In a pattern `*` stands for anything but `.` and `/`, `**` for anything, `?` for one character but `.` and `/`; fragments
 * are not compared. Other than GoTrue, loopback addresses are not allowed by themselves.
 */
export function allowedUrls(options: { siteUrl: string; redirectUrls: readonly string[] }): (url: string) => boolean {
  const site = new URL(options.siteUrl);
  const patterns = options.redirectUrls.map(compilePattern);
  return (written) => {
    const parsed = parseUrl(written);
    if (!parsed || !isUsualHost(parsed)) return false;
    const { url } = parsed;
    const isSameHost = url.protocol === site.protocol && url.hostname === site.hostname;
    if (isSameHost && (url.port === site.port || isLoopback(url.hostname))) return true;
    const withoutFragment = written.split("#", 1)[0] ?? "";
    return patterns.some((pattern) => pattern.test(withoutFragment));
  };
}

/** On the web, hosts must be plain names or loopback addresses: no numbers in disguise, no other IP addresses. */
function isUsualHost({ url, host }: WrittenUrl): boolean {
  if (url.protocol !== "http:" && url.protocol !== "https:") return true;
  const written = host.replace(/:\d*$/, "").toLowerCase();
  if (written !== url.hostname) return false;
  return isLoopback(written) || (!IP_V4.test(written) && USUAL_HOST.test(written));
}

function compilePattern(pattern: string): RegExp {
  const source = pattern.replace(/\*\*|[\s\S]/g, (part) => {
    if (part === "**") return "[\\s\\S]*";
    if (part === "*") return "[^./]*";
    if (part === "?") return "[^./]";
    return part.replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&");
  });
  return new RegExp(`^${source}$`);
}
