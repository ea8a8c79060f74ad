/**
 * The insights of a mesh counted from scratch, in the order and the words of Kuma's resyncer, without anything of what the
 * incremental one is made of. Source: kuma v2.14.3: pkg/insights/resyncer.go.
 */
import { builtinTypes, type Resource } from "@isthmus/resources";
import type { Store } from "@isthmus/store";

interface Tagged {
  readonly tags?: Readonly<Record<string, string>>;
}
interface Inbound extends Tagged {
  readonly state?: string;
  readonly health?: { readonly ready?: boolean };
}
interface Gateway extends Tagged {
  readonly type?: string;
}
interface DataplaneSpec {
  readonly networking?: {
    readonly inbound?: readonly Inbound[];
    readonly gateway?: Gateway;
    readonly listeners?: readonly { readonly state?: string }[];
  };
}
interface DataplaneInsightSpec {
  readonly subscriptions?: readonly {
    readonly connectTime?: string;
    readonly disconnectTime?: string;
    readonly version?: {
      readonly kumaDp?: { readonly version?: string };
      readonly envoy?: { readonly version?: string };
    };
  }[];
  readonly mTLS?: { readonly issuedBackend?: string; readonly supportedBackends?: readonly string[] };
}
interface ExternalServiceSpec extends Tagged {
  readonly networking?: { readonly address?: string };
}
interface MeshSpec {
  readonly meshServices?: { readonly mode?: string };
}
type Stat = { total: number; online: number; offline: number; partiallyDegraded: number };
type Service = {
  online: number;
  offline: number;
  type: string;
  address: string;
  issued: Map<string, number>;
  zones: Set<string>;
};

/** The specs that tests write are well-formed. */
const networkingOf = ({ spec }: Resource) => (spec as DataplaneSpec).networking ?? {};
const insightOf = (insight: Resource | undefined): DataplaneInsightSpec => insight?.spec ?? {};
const newStat = (): Stat => ({ total: 0, online: 0, offline: 0, partiallyDegraded: 0 });

export function statusOf(
  dataplane: Resource,
  insight: Resource | undefined,
): "online" | "offline" | "partiallyDegraded" {
  const { subscriptions = [] } = insightOf(insight);
  const isOnline = subscriptions.some((each) => each.connectTime !== undefined && each.disconnectTime === undefined);
  const { gateway, inbound: inbounds = [], listeners = [] } = networkingOf(dataplane);
  if (gateway !== undefined) return isOnline ? "online" : "offline";
  let ready = 0;
  let total = 0;
  for (const inbound of inbounds) {
    total += 1;
    const isUnhealthy = inbound.health !== undefined && inbound.health.ready !== true;
    if (!isUnhealthy && inbound.state !== "NotReady") ready += 1;
  }
  for (const listener of listeners) {
    total += 1;
    if (listener.state === undefined || listener.state === "Ready") ready += 1;
  }
  if (!isOnline || ready === 0) return "offline";
  return ready < total ? "partiallyDegraded" : "online";
}

export function referenceMeshInsight(store: Store, mesh: string): object {
  const isExclusive = modeOf(store, mesh) === "Exclusive";
  const all = newStat();
  const byType = { standard: newStat(), gateway: newStat(), gatewayBuiltin: newStat(), gatewayDelegated: newStat() };
  const kumaDp: Record<string, Stat> = {};
  const envoy: Record<string, Stat> = {};
  const issuedBackends: Record<string, Stat> = {};
  const supportedBackends: Record<string, Stat> = {};
  const internal = new Set<string>();
  for (const dataplane of store.list("Dataplane", { mesh })) {
    const insight = store.get({ type: "DataplaneInsight", mesh, name: dataplane.name });
    const { subscriptions, mTLS } = insightOf(insight);
    const status = statusOf(dataplane, insight);
    const { gateway, inbound: inbounds = [] } = networkingOf(dataplane);
    const version = subscriptions?.at(-1)?.version;
    const of = (table: Record<string, Stat>, key: string): Stat => {
      const stat = table[key] ?? newStat();
      table[key] = stat;
      return stat;
    };
    const stats = [
      all,
      of(kumaDp, version?.kumaDp?.version ?? "unknown"),
      of(envoy, version?.envoy?.version ?? "unknown"),
    ];
    if (gateway === undefined) stats.push(byType.standard);
    else stats.push(byType.gateway, gateway.type === "BUILTIN" ? byType.gatewayBuiltin : byType.gatewayDelegated);
    if (mTLS !== undefined) {
      stats.push(of(issuedBackends, mTLS.issuedBackend ?? ""));
      for (const backend of mTLS.supportedBackends ?? []) stats.push(of(supportedBackends, backend));
    }
    for (const stat of stats) {
      stat.total += 1;
      stat[status] += 1;
    }
    const tagged = gateway === undefined ? inbounds.filter(({ state }) => state !== "Ignored") : [gateway];
    for (const { tags } of tagged) {
      const service = tags?.["kuma.io/service"];
      if (service !== undefined) internal.add(service);
    }
  }
  const externals = store.list("ExternalService", { mesh }).length;
  const policies: Record<string, object> = {};
  const resources: Record<string, object> = {};
  for (const { name, scope, policy } of builtinTypes) {
    const total = scope === "Mesh" && !name.endsWith("Insight") ? store.list(name, { mesh }).length : 0;
    if (total > 0) resources[name] = { total };
    if (total > 0 && policy !== undefined) policies[name] = { total };
  }
  const services = { total: internal.size + externals, internal: internal.size, external: externals };
  return pruned({
    dataplanes: all,
    policies,
    dpVersions: { kumaDp, envoy },
    mTLS: { issuedBackends, supportedBackends },
    ...(isExclusive ? {} : { services }),
    dataplanesByType: byType,
    resources,
  });
}

/** Specs of all services by name. */
export function referenceServices(store: Store, mesh: string): object {
  const isExclusive = modeOf(store, mesh) === "Exclusive";
  const services = new Map<string, Service>();
  const populate = (
    type: string,
    name: string | undefined,
    zone: string | undefined,
    address = "",
  ): Service | undefined => {
    if (name === undefined) return undefined;
    const service = services.get(name) ?? { online: 0, offline: 0, type, address, issued: new Map(), zones: new Set() };
    services.set(name, service);
    if (zone !== undefined) service.zones.add(zone);
    return service;
  };
  for (const dataplane of store.list("Dataplane", { mesh })) {
    const insight = store.get({ type: "DataplaneInsight", mesh, name: dataplane.name });
    const status = statusOf(dataplane, insight);
    const { gateway, inbound: inbounds = [] } = networkingOf(dataplane);
    const type =
      gateway === undefined ? "internal" : gateway.type === "BUILTIN" ? "gateway_builtin" : "gateway_delegated";
    if (isExclusive && type !== "gateway_delegated") continue;
    const tagged = gateway === undefined ? inbounds.filter(({ state }) => state !== "Ignored") : [gateway];
    for (const { tags } of tagged) {
      const service = populate(type, tags?.["kuma.io/service"], tags?.["kuma.io/zone"]);
      if (service === undefined) continue;
      const backend = insightOf(insight).mTLS?.issuedBackend;
      if (backend !== undefined) service.issued.set(backend, (service.issued.get(backend) ?? 0) + 1);
      if (status === "online") service.online += 1;
      else service.offline += 1;
    }
  }
  for (const { spec } of isExclusive ? [] : store.list("ExternalService", { mesh })) {
    const { tags, networking } = spec as ExternalServiceSpec;
    populate("external", tags?.["kuma.io/service"], tags?.["kuma.io/zone"], networking?.address);
  }
  return Object.fromEntries([...services].map(([name, service]) => [name, serviceJson(service)]));
}

function serviceJson({ online, offline, type, address, issued, zones }: Service): object {
  let status = online === online + offline ? "online" : "partially_degraded";
  if (online === 0) status = "offline";
  if (type === "external") status = "not_available";
  return {
    status,
    dataplanes: pruned({ online, offline }),
    ...(issued.size === 0 ? {} : { issuedBackends: Object.fromEntries(issued) }),
    ...(type === "internal" ? {} : { serviceType: type }),
    ...(address === "" ? {} : { addressPort: address }),
    ...(zones.size === 0 ? {} : { zones: [...zones].sort() }),
  };
}

function modeOf(store: Store, mesh: string): string | undefined {
  const spec: MeshSpec = store.get({ type: "Mesh", mesh: "", name: mesh })?.spec ?? {};
  return spec.meshServices?.mode;
}

/** As proto3 JSON: no zeros and no empty maps, but messages that are set although they are empty. */
function pruned(value: object): object {
  const maps = ["policies", "resources", "kumaDp", "envoy", "issuedBackends", "supportedBackends"];
  const members = Object.entries(value).map(([name, member]: [string, unknown]): [string, unknown] => [
    name,
    typeof member === "object" && member !== null ? pruned(member) : member,
  ]);
  return Object.fromEntries(
    members.filter(
      ([name, member]) => member !== 0 && !(maps.includes(name) && Object.keys(member as object).length === 0),
    ),
  );
}
