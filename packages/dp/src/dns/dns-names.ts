/** Names that the runner answers itself, from the document of the control plane. Source: kuma v2.14.3: pkg/dns/dpapi. */
import { isJsonObject, type JsonValue } from "@isthmus/std";
import { addressBytes } from "./dns-message.ts";

const TTL_SECONDS = 30;

export interface DnsNames {
  readonly ttlSeconds: number;
  /** By name in lower case; undefined: somebody else's. Addresses of the type, of which there may be none. */
  addresses(name: string, type: number): readonly Buffer[] | undefined;
}

export const NO_NAMES: DnsNames = { ttlSeconds: TTL_SECONDS, addresses: () => undefined };

/** What is malformed is left out. */
export function readDnsNames(document: JsonValue): DnsNames {
  const { records, ttl } = isJsonObject(document) ? document : {};
  const byName = new Map<string, NonNullable<ReturnType<typeof addressBytes>>[]>();
  for (const record of Array.isArray(records) ? records : []) {
    const { name, ips } = isJsonObject(record) ? record : {};
    if (typeof name !== "string" || !Array.isArray(ips)) continue;
    const addresses = ips.map((ip) => (typeof ip === "string" ? addressBytes(ip) : undefined));
    byName.set(
      name.toLowerCase().replace(/\.$/, ""),
      addresses.filter((address) => address !== undefined),
    );
  }
  return {
    ttlSeconds: typeof ttl === "number" && ttl >= 0 ? ttl : TTL_SECONDS,
    addresses: (name, type) => byName.get(name)?.flatMap((address) => (address.type === type ? [address.bytes] : [])),
  };
}
