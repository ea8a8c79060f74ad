/**
 * What a MeshPassthrough lets out, in the order in which Envoy is told of it. Requests for names are one match for each protocol and
 * port, with a route for each name. Source: kuma v2.14.3: pkg/plugins/policies/meshpassthrough/plugin/xds/order.go.
 */
import { isIP } from "node:net";
import { objectsOf, portOf, textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { parseCidr } from "@isthmus/topology";

export interface PassthroughMatch {
  readonly protocol: string;
  /** 0: any. */
  readonly port: number;
  readonly kind: MatchKind;
  /** "" where routes say what is meant. */
  readonly value: string;
  /** Host names, the most particular first. */
  readonly routes: readonly string[];
}

export type MatchKind = "wildcard" | "domain" | "cidr4" | "cidr6" | "ip4" | "ip6";

/** The later, the more particular. */
const KINDS: readonly MatchKind[] = ["wildcard", "domain", "cidr4", "cidr6", "ip4", "ip6"];
const PROTOCOL_ORDER: Readonly<Record<string, number>> = { tls: 0, mysql: 0, tcp: 1, http: 2, http2: 3, grpc: 4 };
/** Envoy looks into requests, and cannot tell one of them from another before it does. */
const REQUESTS: ReadonlySet<string> = new Set(["http", "http2", "grpc"]);

interface Matcher extends Omit<PassthroughMatch, "routes"> {
  readonly routes: Set<string>;
}

/** `conf`: merged, with `appendMatch`. What cannot be made is named in `problems`. */
export function passthroughMatches(conf: JsonObject, problems: string[]): readonly PassthroughMatch[] {
  const matchers = new Map<string, Matcher>();
  const ports = new Set<number>();
  const requestProtocols = new Map<number, string>();
  for (const match of objectsOf(conf, "appendMatch")) {
    const matcher = matcherOf(match, problems);
    if (matcher === undefined) continue;
    const { protocol, port } = matcher;
    const other = REQUESTS.has(protocol) ? (requestProtocols.get(port) ?? protocol) : protocol;
    if (other !== protocol) {
      problems.push(
        `MeshPassthrough: ${protocol} of ${textOf(match, "value")} is left out: port ${port || "*"} is for ${other}`,
      );
      continue;
    }
    if (REQUESTS.has(protocol)) requestProtocols.set(port, protocol);
    if (port !== 0) ports.add(port);
    add(matchers, matcher);
  }
  // Envoy looks at ports first: what is for all ports has to be among what is for one as well.
  const written = [...matchers.values()];
  for (const matcher of written.filter(({ port }) => port === 0)) {
    for (const port of ports) {
      const rival = written.find((each) => each.port === port && isRival(each, matcher));
      if (rival === undefined) add(matchers, { ...matcher, port, routes: new Set(matcher.routes) });
      else
        problems.push(
          `MeshPassthrough: ${matcher.protocol} of all ports is left out on port ${port}, which is for ${rival.protocol}`,
        );
    }
  }
  return [...matchers.values()]
    .map((matcher) => ({ ...matcher, routes: [...matcher.routes].sort(compareRoutes) }))
    .sort(compareMatches);
}

export function isForFamily({ kind }: PassthroughMatch, ipVersion: 4 | 6): boolean {
  return kind === "domain" || kind === "wildcard" || kind.endsWith(`${ipVersion}`);
}

/** Both are for requests to the same places, which Envoy cannot tell apart. */
function isRival(a: Matcher, b: Matcher): boolean {
  const areRequests = REQUESTS.has(a.protocol) && REQUESTS.has(b.protocol);
  return areRequests && a.protocol !== b.protocol && a.kind === b.kind && a.value === b.value;
}

function add(matchers: Map<string, Matcher>, matcher: Matcher): void {
  const key = JSON.stringify([matcher.protocol, matcher.port, matcher.kind, matcher.value]);
  const known = matchers.get(key);
  if (known === undefined) matchers.set(key, matcher);
  else for (const route of matcher.routes) known.routes.add(route);
}

function matcherOf(match: JsonObject, problems: string[]): Matcher | undefined {
  const protocol = textOf(match, "protocol") || "tcp";
  const value = textOf(match, "value");
  const kind = kindOf(textOf(match, "type"), value);
  const port = match.port === undefined || match.port === null ? 0 : portOf(match, "port");
  if (kind === undefined || port === undefined || PROTOCOL_ORDER[protocol] === undefined) {
    problems.push(`MeshPassthrough: ${JSON.stringify(match)} is left out: it cannot be matched`);
    return undefined;
  }
  const isName = kind === "domain" || kind === "wildcard";
  if (!isName || !REQUESTS.has(protocol)) return { protocol, port, kind, value, routes: new Set() };
  return { protocol, port, kind: "domain", value: "", routes: new Set([value]) };
}

function kindOf(type: string, value: string): MatchKind | undefined {
  switch (type) {
    case "Domain":
      if (value === "") return undefined;
      return value.startsWith("*") ? "wildcard" : "domain";
    case "IP": {
      const family = isIP(value);
      return family === 0 ? undefined : `ip${family === 4 ? 4 : 6}`;
    }
    case "CIDR": {
      const range = parseCidr(value);
      return range === undefined ? undefined : `cidr${range.family}`;
    }
    default:
      return undefined;
  }
}

/** Envoy does not care for the order: it is fixed so that equal policies give equal listeners. */
function compareMatches(a: PassthroughMatch, b: PassthroughMatch): number {
  return (
    (PROTOCOL_ORDER[a.protocol] ?? 0) - (PROTOCOL_ORDER[b.protocol] ?? 0) ||
    KINDS.indexOf(b.kind) - KINDS.indexOf(a.kind) ||
    b.port - a.port ||
    compareValues(a, b)
  );
}

function compareValues(a: PassthroughMatch, b: PassthroughMatch): number {
  if (a.kind === "domain" || a.kind === "wildcard") return compareNames(a.value, b.value);
  const [one, other] = [parseCidr(a.value)?.text ?? a.value, parseCidr(b.value)?.text ?? b.value];
  const lengths = Number(other.split("/")[1] ?? 0) - Number(one.split("/")[1] ?? 0);
  return lengths || compare(other, one);
}

/** Names before wildcards. */
function compareRoutes(a: string, b: string): number {
  return Number(a.startsWith("*")) - Number(b.startsWith("*")) || compareNames(a, b);
}

/** More labels first. */
function compareNames(a: string, b: string): number {
  return b.split(".").length - a.split(".").length || compare(a, b);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
