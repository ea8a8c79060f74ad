/** Versions and ciphers of TLS, as policies and external services name them. Source: kuma v2.14.3: api/common/v1alpha1/tls. */
import type {
  TlsParameters_TlsProtocolJson,
  TlsParametersJson,
} from "@isthmus/proto/envoy/extensions/transport_sockets/tls/v3/common";
import { textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";

/** `TLSAuto` leaves it to Envoy. */
const VERSIONS: Readonly<Record<string, TlsParameters_TlsProtocolJson>> = {
  TLS10: "TLSv1_0",
  TLS11: "TLSv1_1",
  TLS12: "TLSv1_2",
  TLS13: "TLSv1_3",
};

/** `version`: `min` and `max`. */
export function tlsVersions(version: JsonObject): TlsParametersJson {
  const min = VERSIONS[textOf(version, "min")];
  const max = VERSIONS[textOf(version, "max")];
  return {
    ...(min === undefined ? {} : { tlsMinimumProtocolVersion: min }),
    ...(max === undefined ? {} : { tlsMaximumProtocolVersion: max }),
  };
}
