/**
 * Where OpenTelemetry goes that a policy names: an address in the policy itself, or a MeshOpenTelemetryBackend.
 * Source: kuma v2.14.3: pkg/plugins/policies/core/xds/otel.go.
 */
import { displayName, labelsOf, messageOf, objectOf, portOf, type Resource, textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { byCreation, type World } from "@isthmus/topology";

export interface OtelBackend {
  /** Display name of the resource, or the address as the policy writes it. */
  readonly name: string;
  readonly collector: Collector;
  /** The resource's `env`; undefined: none, or no resource. */
  readonly env: JsonObject | undefined;
  readonly isResource: boolean;
}

export interface Collector {
  /** "": on the proxy's own machine. */
  readonly address: string;
  readonly port: number;
  readonly isHttp: boolean;
  readonly isHttps: boolean;
  /** In front of the path of the signal; "" for none. */
  readonly basePath: string;
}

const TYPE = "MeshOpenTelemetryBackend";
const DEFAULT_PORT = 4317;
const HTTPS_PORT = 443;

/** `conf`: of a backend, with `endpoint` or `backendRef`. Undefined: the reference leads nowhere. */
export function otelBackendOf(conf: JsonObject, mesh: string, world: World): OtelBackend | undefined {
  const ref = messageOf(conf, "backendRef");
  if (ref !== undefined) {
    const resource = resourceOf(ref, mesh, world);
    return resource === undefined ? undefined : fromResource(resource);
  }
  const endpoint = textOf(conf, "endpoint");
  if (endpoint === "") return undefined;
  const collector = { ...parseEndpoint(endpoint), isHttp: false, isHttps: false, basePath: "" };
  return { name: endpoint, collector, env: undefined, isResource: false };
}

/** Of a signal, such as `v1/traces`. */
export function signalPath({ basePath }: Collector, signal: string): string {
  return `${basePath.replace(/\/+$/, "")}/${signal}`;
}

/** The oldest that has all the labels. */
function resourceOf(ref: JsonObject, mesh: string, world: World): Resource | undefined {
  const labels = Object.entries(labelsOf(ref, "labels"));
  if (labels.length === 0) return undefined;
  const matching = world.all(TYPE, mesh).filter((each) => labels.every(([key, value]) => each.labels[key] === value));
  return byCreation(matching)[0];
}

function fromResource(resource: Resource): OtelBackend {
  const { spec } = resource;
  const endpoint = objectOf(spec, "endpoint");
  const port = portOf(endpoint, "port") ?? DEFAULT_PORT;
  const isHttp = textOf(spec, "protocol") === "http";
  const basePath = textOf(endpoint, "path");
  const isHttps = isHttp && port === HTTPS_PORT;
  return {
    name: displayName(resource),
    collector: { address: textOf(endpoint, "address"), port, isHttp, isHttps, basePath },
    env: messageOf(spec, "env"),
    isResource: true,
  };
}

/** `host`, `host:port`, `[v6]:port`, or an IPv6 address as it is. */
function parseEndpoint(endpoint: string): Pick<Collector, "address" | "port"> {
  const isBareIpv6 = !endpoint.includes("[") && endpoint.split(":").length > 2;
  const parts = isBareIpv6 ? null : /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(endpoint);
  if (parts === null) return { address: endpoint, port: DEFAULT_PORT };
  const [, ipv6, host, digits] = parts;
  const port = portOf({ port: Number(digits) }, "port") ?? DEFAULT_PORT;
  return { address: ipv6 ?? host ?? endpoint, port };
}
