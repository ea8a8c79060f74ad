/**
 * MeshAccessLog: lines about connections and requests, to files, over TCP, or to OpenTelemetry.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshaccesslog.
 */
import type { InboundRule } from "@isthmus/policy";
import type { AccessLogJson } from "@isthmus/proto/envoy/config/accesslog/v3/accesslog";
import type { RouteJson } from "@isthmus/proto/envoy/config/route/v3/route_components";
import { ZONE_LABEL } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { legacyRef, type Proxy, type ServiceRef } from "@isthmus/topology";
import { typed } from "../draft/any.ts";
import type { ChainDraft, Draft, ListenerDraft } from "../draft/draft.ts";
import type { OutboundRole } from "../draft/role.ts";
import {
  identifyingName,
  type KumaValues,
  reachableAddress,
  UNKNOWN_SERVICE,
  workloadKri,
} from "../logs/kuma-values.ts";
import { type LogPlace, type LogTargets, loggersOf } from "../logs/log-backends.ts";
import { tlsInspector } from "../sidecar/inbounds.ts";
import type { Feature, FeatureContext } from "./feature.ts";
import { LogCollectors } from "./log-collectors.ts";
import { clientFilter, ROUTE_KEY, ROUTE_SCRIPT, routeFilter } from "./log-filters.ts";

const TYPE = "MeshAccessLog";
/** What policies call traffic that is not of the mesh. */
const PASSTHROUGH_SERVICE = "pass_through";
const LUA = "envoy.filters.http.lua";

/** What holds for all places of one proxy. */
interface Logs {
  readonly context: FeatureContext;
  readonly proxy: Proxy;
  readonly targets: LogTargets;
  readonly draft: Draft;
}

export const meshAccessLog: Feature = (draft, context) => {
  const { subject, policies, telemetry, translation } = context;
  if (subject.kind !== "sidecar" || policies.matched(TYPE).length === 0) return;
  const { proxy } = subject;
  const collectors = new LogCollectors(proxy, translation, telemetry, draft);
  const targets = {
    pipe: translation.traits.accessLogSocketPath,
    clusterOf: (openTelemetry: JsonObject) => collectors.clusterOf(openTelemetry),
  };
  const logs: Logs = { context, proxy, targets, draft };
  for (const listener of draft.listeners) logListener(listener, logs);
};

function logListener(listener: ListenerDraft, logs: Logs): void {
  const { role } = listener;
  switch (role.kind) {
    case "inbound":
      return logInbound(listener, { address: role.inbound.listenAddress, port: role.inbound.port }, logs);
    case "outbound":
    case "legacyOutbound":
      return logOutbound(listener, role, logs);
    case "passthrough":
      return role.direction === "outbound" ? logPassthrough(listener, logs) : undefined;
    case "system":
      return logZoneListener(listener, logs);
    default:
      return undefined;
  }
}

/** Every rule that fits is logged to: to log with one says nothing about the others. */
function logInbound(listener: ListenerDraft, place: { address: string; port: number }, logs: Logs): void {
  const { proxy, context } = logs;
  const rules = context.policies.inbound(TYPE, place, true);
  const values = valuesOf(proxy, UNKNOWN_SERVICE, identifyingName(proxy), "INBOUND");
  for (const chain of listener.chains) addRules(chain, rules, { isHttp: chain.end.kind === "http", values }, logs);
  inspectServerNames(listener, rules);
}

/** Connections through the doors of a zone last long: they are logged when they begin as well. */
function logZoneListener(listener: ListenerDraft, logs: Logs): void {
  const { context, proxy } = logs;
  for (const chain of listener.chains) {
    const { role, end } = chain;
    if ((role.kind !== "zoneIngress" && role.kind !== "zoneEgress") || role.listener === undefined) continue;
    const rules = context.policies.inbound(TYPE, role.listener, true);
    if (rules.length === 0) continue;
    const destination = nameOfService(role.exposure.service, context) ?? UNKNOWN_SERVICE;
    const values = valuesOf(proxy, UNKNOWN_SERVICE, destination, "UNSPECIFIED");
    addRules(chain, rules, { isHttp: false, values }, logs);
    if (end.kind === "tcp") end.proxy.accessLogOptions = { flushAccessLogOnConnected: true };
    inspectServerNames(listener, rules);
  }
}

function addRules(chain: ChainDraft, rules: readonly InboundRule[], place: LogPlace, { targets }: Logs): void {
  for (const { match, conf } of rules) {
    addLoggers(chain, loggersOf(conf, { ...place, filter: clientFilter(match) }, targets));
  }
}

/** Server names are known only to who looks for them. */
function inspectServerNames({ json }: ListenerDraft, rules: readonly InboundRule[]): void {
  if (!rules.some(({ match }) => match?.sni !== undefined)) return;
  const inspector = tlsInspector();
  const filters = json.listenerFilters ?? [];
  if (!filters.some(({ name }) => name === inspector.name)) json.listenerFilters = [...filters, inspector];
}

function logOutbound({ chains }: ListenerDraft, role: OutboundRole, logs: Logs): void {
  const { context, proxy } = logs;
  const conf = context.policies.to(TYPE, role) ?? {};
  const destination = role.kind === "outbound" ? role.service.kri.name : role.ref.name;
  const values = valuesOf(proxy, identifyingName(proxy), destination, "OUTBOUND");
  for (const chain of chains) {
    const isRouted = chain.end.kind === "http" && role.kind === "outbound";
    const place = { isHttp: chain.end.kind === "http", values };
    const filter = isRouted ? routeFilter(undefined) : undefined;
    addLoggers(chain, loggersOf(conf, { ...place, filter }, logs.targets));
    if (isRouted) logRoutes(chain, place, logs);
  }
}

/** A route that a policy speaks of is logged as it says, and no more as the destination is. */
function logRoutes(chain: ChainDraft, place: LogPlace, logs: Logs): void {
  const { end } = chain;
  if (end.kind !== "http") return;
  const routes = (end.routes.virtualHosts ?? []).flatMap((host) => host.routes ?? []);
  const confs = routeConfs(routes, logs);
  if (confs.size === 0) return;
  for (const route of routes) {
    if (route.name !== undefined && confs.has(route.name)) markRoute(route, route.name);
  }
  for (const [kri, conf] of [...confs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    addLoggers(chain, loggersOf(conf, { ...place, filter: routeFilter(kri) }, logs.targets));
  }
  end.filters.unshift({
    name: LUA,
    typedConfig: typed("envoy.extensions.filters.http.lua.v3.Lua", {
      defaultSourceCode: { inlineString: ROUTE_SCRIPT },
    }),
  });
}

function markRoute(route: RouteJson, kri: string): void {
  const filterMetadata = { ...route.metadata?.filterMetadata, [LUA]: { [ROUTE_KEY]: kri } };
  route.metadata = { ...route.metadata, filterMetadata };
}

/** By name of the route, which is the KRI of its MeshHTTPRoute, in unified naming with the rule. */
function routeConfs(routes: readonly RouteJson[], { context }: Logs): ReadonlyMap<string, JsonObject> {
  const confs = new Map<string, JsonObject>();
  for (const route of routes) {
    const conf = context.policies.ofRoute(TYPE, route);
    if (conf !== undefined && route.name !== undefined) confs.set(route.name, conf);
  }
  return confs;
}

function logPassthrough({ chains }: ListenerDraft, logs: Logs): void {
  const { context, proxy, targets } = logs;
  const ref = legacyRef(proxy.mesh, PASSTHROUGH_SERVICE);
  const conf = context.policies.to(TYPE, { kind: "legacyOutbound", ref, protocol: "tcp" });
  if (conf === undefined) return;
  const values = valuesOf(proxy, identifyingName(proxy), "external", "OUTBOUND");
  for (const chain of chains)
    addLoggers(chain, loggersOf(conf, { isHttp: chain.end.kind === "http", values }, targets));
}

function addLoggers({ end }: ChainDraft, loggers: readonly AccessLogJson[]): void {
  if (loggers.length === 0 || end.kind === "filter") return;
  const shaped = end.kind === "http" ? end.manager : end.proxy;
  shaped.accessLog = [...(shaped.accessLog ?? []), ...loggers];
}

function valuesOf(
  proxy: Proxy,
  sourceService: string,
  destinationService: string,
  direction: KumaValues["direction"],
): KumaValues {
  return {
    sourceService,
    sourceAddress: reachableAddress(proxy),
    destinationService,
    mesh: proxy.mesh,
    zone: proxy.labels[ZONE_LABEL] ?? "",
    workload: workloadKri(proxy),
    direction,
  };
}

function nameOfService(ref: ServiceRef, { translation }: FeatureContext): string | undefined {
  return ref.kind === "legacy" ? ref.name : translation.world.service(ref.kind, ref.mesh, ref.name)?.kri.name;
}
