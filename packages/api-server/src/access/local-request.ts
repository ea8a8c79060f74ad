/**
 * Whether a request comes from this machine itself: from a loopback address, not through a proxy, and not from a page of a
 * browser that was loaded from elsewhere. Host and Origin are read by hand: `new URL` takes `0x7f.1` and `2130706433` for
 * loopback addresses. Source: kuma v2.14.3: pkg/api-server/authn/localhost.go.
 */
import { isIPv4, isIPv6 } from "node:net";

export interface Received {
  /** Of the peer of the connection. */
  readonly address: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

interface Authority {
  readonly host: string;
  readonly port: string;
}

const PROXY_HEADERS = ["forwarded", "x-forwarded-for", "x-real-ip"];
const OWN_SITES = ["", "same-origin", "none"];
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: "80", https: "443" };
const AUTHORITY = /^(?<host>[\w.-]+|\[[\da-f:.]+\])(?::(?<port>\d+))?$/i;
const ORIGIN = /^(?<scheme>https?):\/\/(?<authority>[^/?#]+)$/i;

export function isFromThisMachine({ address, headers }: Received): boolean {
  if (loopbackHost(address ?? "") === undefined) return false;
  if (PROXY_HEADERS.some((name) => text(headers[name]) !== "")) return false;
  const host = text(headers["host"]);
  if (parseAuthority(host, "http") === undefined) return false;
  if (!OWN_SITES.includes(text(headers["sec-fetch-site"]))) return false;
  return isOwnOrigin(text(headers["origin"]), host);
}

/** Without an Origin no page is involved; otherwise the page was loaded from where the request goes. */
function isOwnOrigin(origin: string, host: string): boolean {
  if (origin === "") return true;
  const { scheme = "", authority = "" } = ORIGIN.exec(origin)?.groups ?? {};
  const page = parseAuthority(authority, scheme.toLowerCase());
  const server = parseAuthority(host, scheme.toLowerCase());
  return page !== undefined && server !== undefined && page.host === server.host && page.port === server.port;
}

/** Undefined where the host is not on the loopback or the port is none. */
function parseAuthority(authority: string, scheme: string): Authority | undefined {
  const { host = "", port = DEFAULT_PORTS[scheme] ?? "" } = AUTHORITY.exec(authority)?.groups ?? {};
  const canonical = loopbackHost(host);
  const number = Number(port);
  return canonical === undefined || number < 1 || number > 65_535
    ? undefined
    : { host: canonical, port: String(number) };
}

/** In one form, or undefined where the host is not on the loopback. */
export function loopbackHost(host: string): string | undefined {
  const bare = host
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "")
    .toLowerCase();
  if (bare === "localhost") return bare;
  if (isIPv4(bare)) return bare.startsWith("127.") ? bare : undefined;
  if (!isIPv6(bare) || bare.includes("%")) return undefined;
  const canonical = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  if (canonical === "::1") return canonical;
  const [, high = "", low = ""] = /^::ffff:7f([\da-f]{2}):([\da-f]{1,4})$/.exec(canonical) ?? [];
  if (high === "") return undefined;
  const rest = Number.parseInt(low, 16);
  return `127.${Number.parseInt(high, 16)}.${rest >> 8}.${rest & 0xff}`;
}

function text(value: string | readonly string[] | undefined): string {
  return typeof value === "string" ? value : (value ?? []).join(",");
}
