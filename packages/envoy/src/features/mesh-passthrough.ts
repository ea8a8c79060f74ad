/**
 * MeshPassthrough: what the workload may reach that is not of the mesh: all, nothing, or what the policy lists.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshpassthrough.
 */
import { proxyConf } from "@isthmus/policy";
import type { ListenerFilterJson } from "@isthmus/proto/envoy/config/listener/v3/listener_components";
import { textOf } from "@isthmus/resources";
import { usableCidrs } from "../build/chains.ts";
import { typed } from "../draft/any.ts";
import type { ChainDraft, ClusterDraft, Draft, ListenerDraft } from "../draft/draft.ts";
import type { Role } from "../draft/role.ts";
import { isUnified } from "../sidecar/inbounds.ts";
import { outboundPassthroughCluster } from "../sidecar/passthrough.ts";
import type { Feature, FeatureContext } from "./feature.ts";
import { passthroughChain } from "./passthrough-chains.ts";
import { isForFamily, type PassthroughMatch, passthroughMatches } from "./passthrough-matches.ts";

const TYPE = "MeshPassthrough";
const DEFAULT_MODE = "Matched";
const INSPECTORS = ["tls_inspector.v3.TlsInspector", "http_inspector.v3.HttpInspector"] as const;

type PassthroughRole = Extract<Role, { readonly kind: "passthrough" }>;

interface Direction extends ListenerDraft {
  readonly role: PassthroughRole;
}

export const meshPassthrough: Feature = (draft, context) => {
  const merged = proxyConf(context.policies.matched(TYPE));
  const listeners = draft.listeners.filter(isOutbound);
  const { subject } = context;
  if (subject.kind !== "sidecar" || subject.proxy.gateway?.type === "BUILTIN") return;
  if (merged === undefined || listeners.length === 0) return;
  switch (textOf(merged.conf, "passthroughMode") || DEFAULT_MODE) {
    case "All":
      return letAllOut(listeners, context, draft);
    case "None":
      return letNothingOut(draft);
    default: {
      letNothingOut(draft);
      const matches = passthroughMatches(merged.conf, draft.problems);
      for (const listener of listeners) letMatchedOut(listener, matches, context, draft);
    }
  }
};

function isOutbound(listener: ListenerDraft): listener is Direction {
  return isOutboundRole(listener.role);
}

function isOutboundRole(role: Role): role is PassthroughRole {
  return role.kind === "passthrough" && role.direction === "outbound";
}

/** Also in a mesh that does not by itself. */
function letAllOut(listeners: readonly Direction[], { subject, translation }: FeatureContext, draft: Draft): void {
  if (subject.kind !== "sidecar" || draft.clusters.some(({ role }) => isOutboundRole(role))) return;
  for (const { role } of listeners) {
    draft.clusters.push(outboundPassthroughCluster(isUnified(subject.proxy, translation), role.ipVersion));
  }
}

/** What leads to a cluster that does not exist is reset. */
function letNothingOut({ clusters }: Draft): void {
  const others = clusters.filter(({ role }) => !isOutboundRole(role));
  clusters.splice(0, clusters.length, ...others);
}

function letMatchedOut(
  listener: Direction,
  matches: readonly PassthroughMatch[],
  { translation }: FeatureContext,
  draft: Draft,
): void {
  const own = matches.filter((match) => isForFamily(match, listener.role.ipVersion));
  if (own.length === 0) return;
  const { settings, traits } = translation;
  const cidrs = usableCidrs(settings.internalCidrs, traits.supportsIpv6);
  const chains: ChainDraft[] = [];
  for (const match of own) {
    const { chain, clusters } = passthroughChain(match, listener.role, cidrs);
    if (chains.some((each) => isSameMatch(each, chain))) {
      draft.problems.push(`MeshPassthrough: ${chain.name} is left out: another matches the same`);
      continue;
    }
    chains.push(chain);
    for (const cluster of clusters) addOnce(cluster, draft);
  }
  listener.chains = chains;
  listener.json.listenerFilters = [...(listener.json.listenerFilters ?? []), ...inspectors(matches)];
}

/** Envoy refuses a listener with two of them. */
function isSameMatch(a: ChainDraft, b: ChainDraft): boolean {
  return JSON.stringify(a.match) === JSON.stringify(b.match);
}

function addOnce(cluster: ClusterDraft, { clusters }: Draft): void {
  if (!clusters.some(({ name }) => name === cluster.name)) clusters.push(cluster);
}

/** Where the server speaks first there is nothing to look at, and nothing to wait for. */
function inspectors(matches: readonly PassthroughMatch[]): readonly ListenerFilterJson[] {
  const ports = [...new Set(matches.filter(({ protocol }) => protocol === "mysql").map(({ port }) => port))];
  const rules = ports.map((port) => ({ destinationPortRange: { start: port, end: port + 1 } }));
  const [only] = rules;
  const filterDisabled = rules.length === 1 ? only : { orMatch: { rules } };
  return [
    listenerFilter("original_dst.v3.OriginalDst"),
    ...INSPECTORS.map((inspector) => ({
      ...listenerFilter(inspector),
      ...(filterDisabled === undefined || rules.length === 0 ? {} : { filterDisabled }),
    })),
  ];
}

function listenerFilter(message: string): ListenerFilterJson {
  const [name = ""] = message.split(".");
  return {
    name: `envoy.filters.listener.${name}`,
    typedConfig: typed(`envoy.extensions.filters.listener.${message}`, {}),
  };
}
