/** References to secrets that come over the stream of the configuration itself. */
import type { SdsSecretConfigJson } from "@isthmus/proto/envoy/extensions/transport_sockets/tls/v3/secret";

export function sds(name: string): SdsSecretConfigJson {
  return { name, sdsConfig: { ads: {}, resourceApiVersion: "V3" } };
}
