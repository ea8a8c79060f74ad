/**
 * What Go's net/url and net accept where Kuma's validators ask them. The WHATWG parser of the platform is far more lenient
 * and rewrites what it reads. Source: Go 1.26: net/url/url.go, net/ipsock.go `SplitHostPort`.
 */
import { isIPv6 } from "node:net";

export interface GoUrl {
  readonly scheme: string;
  /** What follows a scheme without a slash, as in `mailto:a`. */
  readonly opaque: string;
  readonly hasUser: boolean;
  /** With its port. */
  readonly host: string;
  /** "" when the URL names none. */
  readonly port: string;
  /** As written, with its escapes. */
  readonly path: string;
  readonly query: string;
}

const BAD_ESCAPE = /%(?![0-9a-fA-F]{2})/;
const SCHEME = /^([a-zA-Z][a-zA-Z0-9+.-]*):/;
const USER_INFO = /^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/;
/** ASCII that a host may hold; anything above ASCII may as well. */
const HOST = /^[A-Za-z0-9\-_.~!$&'()*+,;=:[\]<>"%\u0080-\u{10ffff}]*$/u;
/** In hosts an escape stands for a byte above ASCII, or for the percent sign. */
const BAD_HOST_ESCAPE = /%(?![89a-fA-F][0-9a-fA-F]|25)/;

const NO_PARTS: GoUrl = { scheme: "", opaque: "", hasUser: false, host: "", port: "", path: "", query: "" };

/** An absolute URI or an absolute path, to which no fragment belongs; undefined when it is neither. */
export function parseRequestUri(text: string): GoUrl | undefined {
  return text === "" ? undefined : parse(text, true);
}

/** Any reference: also a relative one, and with a fragment. */
export function parseUrl(text: string): GoUrl | undefined {
  const hash = text.indexOf("#");
  if (hash < 0) return parse(text, false);
  return BAD_ESCAPE.test(text.slice(hash)) ? undefined : parse(text.slice(0, hash), false);
}

function parse(text: string, isOfRequest: boolean): GoUrl | undefined {
  if (hasControl(text) || text.startsWith(":")) return undefined;
  if (text === "*") return { ...NO_PARTS, path: "*" };
  const scheme = SCHEME.exec(text)?.[1] ?? "";
  const [, rest = "", query = ""] =
    /^([^?]*)\??([^]*)$/.exec(scheme === "" ? text : text.slice(scheme.length + 1)) ?? [];
  const known = { ...NO_PARTS, scheme: scheme.toLowerCase(), query };
  if (!rest.startsWith("/")) {
    if (scheme !== "") return { ...known, opaque: rest };
    if (isOfRequest || /^[^/]*:/.test(rest)) return undefined;
  }
  const hasAuthority = rest.startsWith("//") && (scheme !== "" || (!isOfRequest && !rest.startsWith("///")));
  const authority = hasAuthority ? /^\/\/([^/]*)/.exec(rest)?.[1] : undefined;
  const path = authority === undefined ? rest : rest.slice(authority.length + 2);
  if (BAD_ESCAPE.test(path)) return undefined;
  if (authority === undefined) return { ...known, path };
  const at = authority.lastIndexOf("@");
  const userInfo = authority.slice(0, Math.max(at, 0));
  if (!USER_INFO.test(userInfo) || BAD_ESCAPE.test(userInfo)) return undefined;
  const host = authority.slice(at + 1);
  const port = portOf(host, /^https?$/i.test(scheme));
  return port === undefined ? undefined : { ...known, hasUser: at >= 0, host, port, path };
}

/** `host:port`, `[ip6]:port`; undefined when the text has another form. Either part may be "". */
export function splitHostPort(text: string): { readonly host: string; readonly port: string } | undefined {
  const colon = text.lastIndexOf(":");
  if (colon < 0) return undefined;
  const port = text.slice(colon + 1);
  const inner = text.startsWith("[") ? text.slice(1, colon - 1) : text.slice(0, colon);
  const isClosed = !text.startsWith("[") || text.indexOf("]") === colon - 1;
  if (!isClosed || /[[\]]/.test(inner) || /[[\]]/.test(port)) return undefined;
  if (!text.startsWith("[") && inner.includes(":")) return undefined;
  return { host: inner, port };
}

/** Port of a host of a URI, "" without one; undefined when the host is malformed. Only in HTTP is one colon the most. */
function portOf(host: string, isHttp: boolean): string | undefined {
  if (!HOST.test(host)) return undefined;
  if (host.startsWith("[")) {
    const end = host.lastIndexOf("]");
    if (end < 0) return undefined;
    const [address = "", zone] = host.slice(1, end).split(/%25([^]*)/);
    if (!isIPv6(address) || zone === "" || BAD_ESCAPE.test(zone ?? "") || (zone === undefined && address.includes("%")))
      return undefined;
    return optionalPort(host.slice(end + 1));
  }
  const colon = isHttp ? host.indexOf(":") : host.lastIndexOf(":");
  if (BAD_HOST_ESCAPE.test(host) || host.includes("[")) return undefined;
  return colon < 0 ? "" : optionalPort(host.slice(colon));
}

const optionalPort = (text: string): string | undefined => (/^(:[0-9]*)?$/.test(text) ? text.slice(1) : undefined);

const hasControl = (text: string): boolean => Array.from(text).some((c) => c < " " || c === "\u007f");
