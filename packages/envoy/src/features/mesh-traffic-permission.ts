/**
 * MeshTrafficPermission: who may connect. Only where the mesh's TLS says who comes; without any policy nobody may.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshtrafficpermission.
 */

import { fromRules } from "@isthmus/policy";
import type { RBACJson } from "@isthmus/proto/envoy/config/rbac/v3/rbac";
import { flagOf, objectOf } from "@isthmus/resources";
import { statName } from "@isthmus/topology";
import { typed } from "../draft/any.ts";
import type { ChainDraft, Draft, ListenerDraft } from "../draft/draft.ts";
import type { Feature, FeatureContext } from "./feature.ts";
import { clientRules } from "./rbac-clients.ts";
import { matcherRules } from "./rbac-matchers.ts";

const TYPE = "MeshTrafficPermission";

/** Of Envoy's RBAC filters, HTTP and network alike. */
export interface AccessRules {
  readonly rules?: RBACJson;
  readonly shadowRules?: RBACJson;
  readonly matcher?: object;
  readonly shadowMatcher?: object;
}

export const meshTrafficPermission: Feature = (draft, context) => {
  if (context.subject.kind === "zoneEgress") return egress(draft, context);
  if (context.subject.kind !== "sidecar") return;
  for (const listener of draft.listeners) {
    for (const chain of listener.chains) {
      if (chain.tls === undefined) continue;
      const rules = rulesFor(chain, context);
      if (rules !== undefined) guard(chain, listener, rules);
    }
  }
};

function rulesFor({ role }: ChainDraft, { subject, policies, translation }: FeatureContext): AccessRules | undefined {
  if (subject.kind !== "sidecar") return undefined;
  if (role.kind === "zoneEgress" && role.listener !== undefined) {
    return matcherRules(policies.inbound(TYPE, role.listener, false));
  }
  if (role.kind !== "inbound") return undefined;
  const place = { address: role.inbound.listenAddress, port: role.inbound.port };
  const rules = policies.inbound(TYPE, place, false);
  const hasWorkloadIdentity = translation.identities.of(subject.proxy.mesh)?.kind === "workload";
  if (rules.length > 0 || hasWorkloadIdentity) return matcherRules(rules);
  const section = policies.section(place);
  const clients = section === undefined ? { rules: [] } : fromRules(policies.matched(TYPE), section);
  return clientRules(clients.rules, subject.proxy.mesh);
}

/** A ZoneEgress lets the mesh out, unless the mesh says that nobody may. */
function egress(draft: Draft, { translation }: FeatureContext): void {
  for (const listener of draft.listeners) {
    for (const chain of listener.chains) {
      const { role } = chain;
      if (role.kind !== "zoneEgress" || chain.tls === undefined) continue;
      const mesh = translation.world.mesh(role.exposure.service.mesh);
      const isForbidden = flagOf(
        objectOf(mesh?.resource.spec ?? {}, "routing"),
        "defaultForbidMeshExternalServiceAccess",
      );
      guard(
        chain,
        listener,
        isForbidden ? { rules: {} } : clientRules([{ subset: [], conf: { action: "Allow" } }], ""),
      );
    }
  }
}

/** In front of everything: what may not come in costs nothing. */
function guard({ end, filters }: ChainDraft, { name }: ListenerDraft, rules: AccessRules): void {
  if (end.kind === "http") {
    end.filters.unshift({
      name: "envoy.filters.http.rbac",
      typedConfig: typed("envoy.extensions.filters.http.rbac.v3.RBAC", rules),
    });
    return;
  }
  filters.unshift({
    name: "envoy.filters.network.rbac",
    typedConfig: typed("envoy.extensions.filters.network.rbac.v3.RBAC", { statPrefix: `${statName(name)}.`, ...rules }),
  });
}
