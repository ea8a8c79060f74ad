/** TLS towards what is outside of the mesh, as a MeshExternalService demands it. Source: kuma v2.14.3: pkg/xds/envoy/clusters/v3/client_side_tls_configurer.go. */

import { Buffer } from "node:buffer";
import { isIP } from "node:net";
import type { DataSourceJson } from "@isthmus/proto/envoy/config/core/v3/base";
import type { SubjectAltNameMatcherJson } from "@isthmus/proto/envoy/extensions/transport_sockets/tls/v3/common";
import type { UpstreamTlsContextJson } from "@isthmus/proto/envoy/extensions/transport_sockets/tls/v3/tls";
import { flagOf, messageOf, objectOf, objectsOf, textOf } from "@isthmus/resources";
import { err, type JsonObject, ok, type Result } from "@isthmus/std";
import type { Service } from "@isthmus/topology";
import type { ProxyTraits } from "../proxy-traits.ts";
import { tlsVersions } from "./tls-parameters.ts";

/** Undefined: plaintext. `hosts`: addresses that are connected to. The error: what is demanded cannot be checked. */
export function originationOf(
  { resource }: Service,
  hosts: readonly string[],
  traits: ProxyTraits,
): Result<UpstreamTlsContextJson | undefined, string> {
  const tls = messageOf(resource.spec, "tls");
  if (tls === undefined || !flagOf(tls, "enabled")) return ok(undefined);
  const verification = objectOf(tls, "verification");
  const serverName = textOf(verification, "serverName");
  const name = serverName === "" ? hosts.find((host) => isIP(host) === 0) : serverName;
  const tlsParams = tlsVersions(objectOf(tls, "version"));
  const certificate = sourceOf(messageOf(verification, "clientCert"));
  const key = sourceOf(messageOf(verification, "clientKey"));
  const validation = validationOf(verification, name, traits);
  if (!validation.ok) return validation;
  return ok({
    ...(name === undefined ? {} : { sni: name }),
    ...(flagOf(tls, "allowRenegotiation") ? { allowRenegotiation: true } : {}),
    commonTlsContext: {
      ...(Object.keys(tlsParams).length === 0 ? {} : { tlsParams }),
      ...(certificate === undefined || key === undefined
        ? {}
        : { tlsCertificates: [{ certificateChain: certificate, privateKey: key }] }),
      ...validation.value,
    },
  });
}

type Validation = Pick<NonNullable<UpstreamTlsContextJson["commonTlsContext"]>, "validationContext">;

/**
 * `mode`: what of the certificate is checked. The CA is the one given, else the system's. Names are worth nothing without a CA: Envoy
 * refuses to check them alone. Where a CA is demanded and none is known the service is left out; Kuma then checks nothing.
 */
function validationOf(
  verification: JsonObject,
  name: string | undefined,
  { systemCaPath }: ProxyTraits,
): Result<Validation, string> {
  const mode = textOf(verification, "mode") || "Secured";
  if (mode === "SkipAll" || mode === "SkipCA") return ok({});
  const ca = caOf(verification, systemCaPath);
  if (ca === undefined) return err("its certificate has to be checked, and there is no CA to check it with");
  const names = mode === "SkipSAN" ? [] : subjectsOf(verification, name);
  return ok({
    validationContext: {
      trustedCa: ca,
      ...(names.length === 0 ? {} : { matchTypedSubjectAltNames: [...names] }),
    },
  });
}

function caOf(verification: JsonObject, systemCaPath: string): DataSourceJson | undefined {
  const given = sourceOf(messageOf(verification, "caCert"));
  return given ?? (systemCaPath === "" ? undefined : { filename: systemCaPath });
}

function subjectsOf(verification: JsonObject, name: string | undefined): readonly SubjectAltNameMatcherJson[] {
  const written = objectsOf(verification, "subjectAltNames").map(
    (each): SubjectAltNameMatcherJson => ({
      sanType: "DNS",
      matcher: textOf(each, "type") === "Prefix" ? { prefix: textOf(each, "value") } : { exact: textOf(each, "value") },
    }),
  );
  if (written.length > 0 || name === undefined) return written;
  return [{ sanType: isIP(name) === 0 ? "DNS" : "IP_ADDRESS", matcher: { exact: name } }];
}

/** `inline` is base64 already, `inlineString` is not; a secret's content stands in its place when it is translated. */
function sourceOf(source: JsonObject | undefined): DataSourceJson | undefined {
  if (source === undefined) return undefined;
  const inline = textOf(source, "inline");
  if (inline !== "") return { inlineBytes: inline };
  const text = textOf(source, "inlineString");
  return text === "" ? undefined : { inlineBytes: Buffer.from(text).toString("base64") };
}
