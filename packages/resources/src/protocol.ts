/** Application protocols of services. Source: kuma v2.14.3: pkg/core/metadata/protocol.go. */

export type Protocol = "http" | "http2" | "tcp" | "tls" | "grpc" | "kafka" | "mysql";

/** Those that messages offer to the user, in their order. */
export const SUPPORTED_PROTOCOLS = ["grpc", "http", "http2", "kafka", "tcp"] as const;

/** Each protocol on top of those it can be spoken as. */
const STACKS: Readonly<Partial<Record<Protocol, readonly Protocol[]>>> = {
  grpc: ["grpc", "http2", "tcp"],
  http2: ["http2", "tcp"],
  http: ["http", "tcp"],
  kafka: ["kafka", "tcp"],
  tls: ["tcp"],
  tcp: ["tcp"],
};
const KNOWN: ReadonlySet<string> = new Set([...Object.keys(STACKS), "mysql"]);

/** undefined stands for Kuma's `<unknown>`. */
export function parseProtocol(text: string): Protocol | undefined {
  const name = text.toLowerCase();
  return KNOWN.has(name) ? (name as Protocol) : undefined;
}

/** What two endpoints of one service can both be spoken to as. */
export function commonProtocol(a: string, b: string): Protocol | undefined {
  const first = parseProtocol(a);
  const second = parseProtocol(b);
  if (a === b) return first;
  if (first === undefined || second === undefined) return undefined;
  const others = STACKS[second] ?? [];
  return (STACKS[first] ?? []).find((protocol) => others.includes(protocol));
}
