/**
 * MeshTLS: whether inbounds take plaintext beside the mesh's TLS, and which versions and ciphers are used between proxies.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshtls.
 */
import { inboundConf, mergeConfs } from "@isthmus/policy";
import type { TlsParametersJson } from "@isthmus/proto/envoy/extensions/transport_sockets/tls/v3/common";
import { objectOf, textOf, textsOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { Inbound } from "@isthmus/topology";
import type { ClusterDraft } from "../draft/draft.ts";
import type { MeshTls, TlsMode } from "../tls/tls-identities.ts";
import { tlsVersions } from "../tls/tls-parameters.ts";
import type { Feature } from "./feature.ts";
import type { SubjectPolicies } from "./subject-policies.ts";

const TYPE = "MeshTLS";

/**
 * The policy says, else the mesh; who has an identity of a MeshIdentity asks for it, whatever the mesh says. Undefined: plaintext.
 * Listeners differ by it, so it is asked while they are drafted.
 */
export function inboundTlsMode(
  inbound: Inbound,
  policies: SubjectPolicies,
  tls: MeshTls | undefined,
): TlsMode | undefined {
  if (tls === undefined) return undefined;
  const mode = textOf(inboundConfOf(inbound, policies) ?? {}, "mode");
  if (mode === "Strict") return "STRICT";
  if (mode === "Permissive") return "PERMISSIVE";
  return tls.kind === "mesh" ? tls.mode : "STRICT";
}

export const meshTls: Feature = (draft, { subject, policies }) => {
  if (subject.kind !== "sidecar" || policies.matched(TYPE).length === 0) return;
  for (const { role, chains } of draft.listeners) {
    const parameters = role.kind === "inbound" ? parametersOf(inboundConfOf(role.inbound, policies)) : undefined;
    if (parameters === undefined) continue;
    for (const { tls } of chains) if (tls?.commonTlsContext !== undefined) tls.commonTlsContext.tlsParams = parameters;
  }
  const parameters = parametersOf(meshConf(policies));
  if (parameters === undefined) return;
  for (const cluster of draft.clusters) if (isOfMesh(cluster)) configureCluster(cluster, parameters);
};

function inboundConfOf({ listenAddress: address, port }: Inbound, policies: SubjectPolicies): JsonObject | undefined {
  return inboundConf(policies.inbound(TYPE, { address, port }, true));
}

/** What is said to all of a mesh: versions and ciphers can be said to nobody else, and hold for what a proxy connects to as well. */
function meshConf(policies: SubjectPolicies): JsonObject {
  const ofMesh = policies.matched(TYPE).filter(({ policy }) => policy.targetRef.kind === "Mesh");
  return mergeConfs(
    ofMesh.flatMap(({ policy: { rules, from } }) => (rules.length > 0 ? rules : from).map(({ conf }) => conf)),
  );
}

/** External services say themselves what they want. */
function isOfMesh({ role }: ClusterDraft): boolean {
  if (role.kind === "outbound") return role.service.kind !== "MeshExternalService";
  return role.kind === "legacyOutbound";
}

function configureCluster({ tls, tlsMatches }: ClusterDraft, parameters: TlsParametersJson): void {
  for (const context of [tls, ...tlsMatches.map((match) => match.tls)]) {
    if (context?.commonTlsContext !== undefined) context.commonTlsContext.tlsParams = parameters;
  }
}

/** Undefined: nothing is said. */
function parametersOf(conf: JsonObject | undefined): TlsParametersJson | undefined {
  if (conf === undefined) return undefined;
  const cipherSuites = textsOf(conf, "tlsCiphers");
  const parameters = {
    ...tlsVersions(objectOf(conf, "tlsVersion")),
    ...(cipherSuites.length === 0 ? {} : { cipherSuites: [...cipherSuites] }),
  };
  return Object.keys(parameters).length === 0 ? undefined : parameters;
}
