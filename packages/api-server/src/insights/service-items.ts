/**
 * The services of stored ServiceInsights, one item each. A mesh has one ServiceInsight for all of them: that is one object to
 * write and to sync, and nobody who asks wants it whole. Source: kuma v2.14.3: pkg/api-server/service_insight_endpoints.go.
 */
import {
  DISPLAY_NAME_LABEL,
  numberOf,
  objectOf,
  type Resource,
  resourceToRest,
  type TypeDescriptor,
  textOf,
} from "@isthmus/resources";
import { err, isJsonObject, type JsonObject, ok, type Result } from "@isthmus/std";
import { badRequest, type Failure } from "../failure.ts";

/** Kuma's `dnsServer.domain` and `dnsServer.serviceVipPort`. */
const DOMAIN = "mesh";
const VIP_PORT = 80;
const SERVICE_TYPES = ["internal", "external", "gateway_delegated", "gateway_builtin"];

export interface ServiceQuery {
  /** "": all. */
  readonly name: string;
  /** Empty: all. */
  readonly types: readonly string[];
}

export function serviceInsightName(mesh: string): string {
  return `all-services-${mesh}`;
}

/** `type` lists kinds of services, separated by commas. */
export function parseServiceTypes(type: string): Result<readonly string[], Failure> {
  const types = type === "" ? [] : type.split(",").map((each) => each.trim().toLowerCase());
  return types.every((each) => SERVICE_TYPES.includes(each))
    ? ok(types)
    : err(badRequest("bad request: unsupported service type"));
}

/** In order of mesh and name. `insights` are in order of mesh. */
export function serviceItems(
  type: TypeDescriptor,
  insights: readonly Resource[],
  query: ServiceQuery,
): readonly { show(): JsonObject }[] {
  return insights.flatMap((insight) => {
    const services = objectOf(insight.spec, "services");
    const names = Object.keys(services).filter((name) => name.includes(query.name));
    return names.sort().flatMap((name) => {
      const service = services[name];
      if (!isJsonObject(service)) return [];
      const kind = textOf(service, "serviceType") || "internal";
      if (query.types.length > 0 && !query.types.includes(kind)) return [];
      return [{ show: () => serviceItem(type, insight, name, service) }];
    });
  });
}

/** A service that nobody knows is shown as one without proxies. */
export function namedServiceItem(type: TypeDescriptor, insight: Resource, name: string): JsonObject {
  const services = objectOf(insight.spec, "services");
  const service = Object.hasOwn(services, name) ? services[name] : undefined;
  return serviceItem(type, insight, name, isJsonObject(service) ? service : {});
}

/** Members in order of Kuma's field numbers, zeros left out. */
function serviceItem(type: TypeDescriptor, insight: Resource, name: string, service: JsonObject): JsonObject {
  const { status, issuedBackends, serviceType, addressPort, zones } = service;
  const dataplanes = objectOf(service, "dataplanes");
  const online = numberOf(dataplanes, "online");
  const offline = numberOf(dataplanes, "offline");
  const isInternal = serviceType === undefined || serviceType === "internal";
  const labels = Object.fromEntries(Object.entries(insight.labels).filter(([key]) => key !== DISPLAY_NAME_LABEL));
  const shown = {
    status,
    dataplanes: nonZero({ total: online + offline, online, offline }),
    issuedBackends,
    serviceType,
    addressPort: isInternal ? `${name}.${DOMAIN}:${VIP_PORT}` : addressPort,
    zones,
  };
  const spec = Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== undefined)) as JsonObject;
  return resourceToRest(type, { ...insight, name, labels, spec });
}

function nonZero(counts: Readonly<Record<string, number>>): JsonObject {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}
