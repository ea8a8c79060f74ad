/**
 * Sidecars that get the same outbounds. A mesh has thousands of proxies and few kinds of them: what leads to services is made once for each
 * class. A class shows of its proxies only what they have in common: nothing else can find its way into what they share.
 */
import { type MatchedPolicy, policiesFor, proxyOf, selectGateway, tagValues } from "@isthmus/policy";
import { NAMESPACE_LABEL, ZONE_LABEL } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { Client, Proxy } from "@isthmus/topology";
import { needsClientTags } from "../features/mesh-fault-injection.ts";
import { NO_TRAITS, type ProxyTraits } from "../proxy-traits.ts";
import type { MeshTls } from "../tls/tls-identities.ts";
import type { Translation } from "../translation.ts";
import { answersNames } from "./dns.ts";
import { redirectionOf } from "./redirection.ts";

export interface OutboundClass {
  /** They say in a header who they are. */
  readonly tellsTags: boolean;
  /** Equal keys, equal classes. */
  readonly key: string;
  /** Without what is its own. */
  readonly proxy: Proxy;
  readonly client: Client;
  readonly traits: ProxyTraits;
  readonly tls: MeshTls | undefined;
  /** Policies on traffic that leaves, by type. */
  readonly matched: ReadonlyMap<string, readonly MatchedPolicy[]>;
  /** What names are answered with; undefined: nobody asks the proxies. */
  readonly names: { readonly hasIpv6: boolean } | undefined;
}

/** What a type of policy writes into outbounds of whom it is for: nothing, values of its tags and labels, or all that it is. */
type Trace = "nothing" | "tags" | "itself";

/** Types that say something on traffic that leaves. The test compares it with the list of all types. */
export const OUTBOUND_POLICIES: Readonly<Record<string, Trace>> = {
  MeshHTTPRoute: "nothing",
  MeshTCPRoute: "nothing",
  MeshTLS: "nothing",
  MeshLoadBalancingStrategy: "tags",
  MeshAccessLog: "itself",
  MeshTrace: "itself",
  MeshFaultInjection: "nothing",
  MeshRateLimit: "nothing",
  MeshTimeout: "nothing",
  MeshHealthCheck: "tags",
  MeshCircuitBreaker: "nothing",
  MeshRetry: "nothing",
  MeshProxyPatch: "nothing",
};
/** Of these every policy counts, and not only those with something under `to`. */
const WITHOUT_TO: ReadonlySet<string> = new Set(["MeshTLS", "MeshTrace", "MeshProxyPatch"]);

/** Undefined: it shares its outbounds with nobody. */
export function outboundClassOf(proxy: Proxy, translation: Translation): OutboundClass | undefined {
  const { world, traits, identities } = translation;
  const { mesh } = proxy;
  const matched = matchedOf(proxy, translation);
  const traces = new Set([...matched.keys()].map((type) => OUTBOUND_POLICIES[type]));
  if (traces.has("itself")) return undefined;
  const own = identities.of(mesh);
  // Who it is itself matters to those that it connects with.
  const tls = own?.kind === "workload" ? { ...own, spiffeId: "" } : own;
  const tellsTags = needsClientTags(mesh, translation);
  const isTagged = traces.has("tags") || tellsTags;
  const common = withoutItself(proxy, isTagged);
  const { features, supportsIpv6, systemCaPath } = traits;
  const hasIpv6 = redirectionOf(proxy, traits)?.hasIpv6 === true;
  const names = answersNames(proxy, traits) ? { hasIpv6 } : undefined;
  const tags = !isTagged ? {} : tagValues(proxyOf(common.resource));
  const client: Client = {
    proxy: common,
    locality: { zone: world.settings.zone, tags, labels: common.labels },
    strategies: matched.get("MeshLoadBalancingStrategy") ?? [],
  };
  const key = JSON.stringify([
    mesh,
    [...features].sort(),
    supportsIpv6,
    systemCaPath,
    names,
    tls,
    [...matched].map(([type, list]) => [
      type,
      list.map(({ policy, selection }) => [policy.resource.name, selection.isDelegatedGateway]),
    ]),
    [common.name, common.address, common.labels, common.zone, common.gateway, common.isTransparent],
    [common.outbounds, common.reachableServices, common.reachableBackends],
    tags,
    tellsTags,
  ]);
  const shown = { ...NO_TRAITS, features, supportsIpv6, systemCaPath };
  return { key, proxy: common, client, traits: shown, tls, matched, names, tellsTags };
}

function matchedOf(proxy: Proxy, translation: Translation): ReadonlyMap<string, readonly MatchedPolicy[]> {
  const { mesh, resource, gateway } = proxy;
  const { world } = translation;
  const definition = gateway?.type === "BUILTIN" ? selectGateway(resource, world.all("MeshGateway", mesh)) : undefined;
  const subject = proxyOf(resource, definition);
  const matched = new Map<string, readonly MatchedPolicy[]>();
  for (const type of Object.keys(OUTBOUND_POLICIES)) {
    const candidates = translation.policies(type, mesh).filter(({ to }) => to.length > 0 || WITHOUT_TO.has(type));
    if (candidates.length === 0) continue;
    const routes = translation.policies("MeshHTTPRoute", mesh);
    const found = policiesFor(subject, candidates, { routes }).matched;
    if (found.length > 0) matched.set(type, found.map(withoutSections));
  }
  return matched;
}

function withoutSections({ policy, selection: { isDelegatedGateway } }: MatchedPolicy): MatchedPolicy {
  return { policy, selection: { sections: [], gatewayListeners: [], isDelegatedGateway } };
}

/** `isTagged`: its tags and labels stay. */
function withoutItself(proxy: Proxy, isTagged: boolean): Proxy {
  const { labels } = proxy;
  const kept = isTagged ? labels : pick(labels, [ZONE_LABEL, NAMESPACE_LABEL]);
  return {
    ...proxy,
    name: "",
    address: "",
    labels: kept,
    gateway: proxy.gateway === undefined || isTagged ? proxy.gateway : { ...proxy.gateway, tags: {} },
    resource: {
      type: proxy.resource.type,
      mesh: proxy.resource.mesh,
      name: "",
      labels: kept,
      spec: isTagged ? tagsOf(proxy) : {},
      creationTime: "",
      modificationTime: "",
      version: 0,
    },
    // What others send to it is no matter of what it sends.
    inbounds: [],
    listeners: [],
    problems: [],
  };
}

function tagsOf({ inbounds, gateway }: Proxy): JsonObject {
  const networking = { inbound: inbounds.map(({ tags }) => ({ tags })) };
  return { networking: gateway === undefined ? networking : { ...networking, gateway } };
}

function pick(labels: Proxy["labels"], names: readonly string[]): Proxy["labels"] {
  return Object.fromEntries(names.flatMap((name) => (labels[name] === undefined ? [] : [[name, labels[name]]])));
}
