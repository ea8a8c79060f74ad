/** Names that a certificate has to show. */
import type { SubjectAltNameMatcherJson } from "@isthmus/proto/envoy/extensions/transport_sockets/tls/v3/common";

export function exactMatchers(names: Iterable<string>): readonly SubjectAltNameMatcherJson[] {
  return ascending(names).map((exact) => ({ sanType: "URI", matcher: { exact } }));
}

export function prefixMatchers(prefixes: Iterable<string>): readonly SubjectAltNameMatcherJson[] {
  return ascending(prefixes).map((prefix) => ({ sanType: "URI", matcher: { prefix } }));
}

const ascending = (names: Iterable<string>): readonly string[] => [...new Set(names)].sort();
