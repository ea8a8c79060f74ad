/**
 * The three forms of server names. A client and the door it goes through must use the same one: see sni-format.ts.
 * Source: kuma v2.14.3: pkg/xds/envoy/tls/sni.go, pkg/core/resources/sni/sni.go.
 */
import { displayName, type Labels, NAMESPACE_LABEL, ORIGIN_LABEL, sniErrors, sniText } from "@isthmus/resources";
import { err, fnv1a64Hex, ok, type Result } from "@isthmus/std";
import type { Service, ServiceKind, ServicePort } from "../model/service.ts";
import { SERVICE_TAG } from "../model/tags.ts";
import { type Named, portKri, serviceType } from "./destination-name.ts";

/** Longer names are cut to this and end in `x`; together a DNS label. */
const SEGMENT_MAX_CHARACTERS = 62;

const KIND_SUFFIX: Readonly<Record<ServiceKind, string>> = {
  MeshService: "ms",
  MeshExternalService: "mes",
  MeshMultiZoneService: "mzms",
};

/** `backend{mesh=default,version=v1}`: all tags but the service's own, in order of key. */
export function tagsSni(tags: Labels): string {
  const service = tags[SERVICE_TAG] ?? "";
  const others = Object.keys(tags)
    .filter((key) => key !== SERVICE_TAG)
    .sort()
    .map((key) => `${key}=${tags[key]}`);
  return others.length === 0 ? service : `${service}{${others.join(",")}}`;
}

/** As a client or a zone ingress uses it for a legacy service: the mesh is always among the tags. */
export function legacyServiceSni(mesh: string, tags: Labels): string {
  return tagsSni({ ...tags, mesh });
}

export interface HashedSniInput {
  readonly kind: ServiceKind;
  /** From `hashedSniName`. */
  readonly name: string;
  readonly mesh: string;
  readonly port: number;
  /** Part of the hash alone. */
  readonly data?: Labels;
}

/** `a601e0c00295a9fbe.backend.80.default.ms`. The hash covers neither port nor kind nor zone: the zone is the address. */
export function hashedSniOf({ kind, name, mesh, port, data = {} }: HashedSniInput): string {
  const pairs = Object.keys(data)
    .sort()
    .map((key) => `${key}=${data[key]}`);
  const hash = fnv1a64Hex(`${name};${mesh};${pairs.join(",")}`);
  return `a${hash}.${cut(name)}.${port}.${cut(mesh)}.${KIND_SUFFIX[kind]}`;
}

export function hashedSni(
  service: Pick<Service, "kind" | "resource">,
  port: Pick<ServicePort, "port">,
  systemNamespace: string,
): string {
  const { kind, resource } = service;
  return hashedSniOf({ kind, name: hashedSniName(service, systemNamespace), mesh: resource.mesh, port: port.port });
}

/**
 * The name that both ends arrive at, the owner's door from its own resource and a client elsewhere from the synced copy:
 * `backend`, and `backend.demo` when it is at home in a namespace of Kubernetes.
 */
export function hashedSniName({ kind, resource }: Pick<Service, "kind" | "resource">, systemNamespace: string): string {
  if (kind !== "MeshService") return displayName(resource);
  const namespace = resource.labels[NAMESPACE_LABEL] ?? "";
  const origin = resource.labels[ORIGIN_LABEL];
  if (origin === "global") {
    const isHomeNamespace = namespace !== "" && namespace !== systemNamespace;
    return isHomeNamespace ? `${displayName(resource)}.${namespace}` : displayName(resource);
  }
  const isCopyOfKubernetes = systemNamespace === "" && origin === "zone" && namespace !== "";
  return isCopyOfKubernetes ? `${resource.name}.${namespace}` : resource.name;
}

/** `sni.msvc.default.east.backend.8080`. The errors say why there is none: such a cluster or filter chain is left out. */
export function kriSni(service: Named, port: Pick<ServicePort, "section">): Result<string, readonly string[]> {
  const type = serviceType(service.kind);
  const kri = portKri(service, port);
  const errors = sniErrors(type, kri);
  return errors.length > 0 ? err(errors) : ok(sniText(type, kri) ?? "");
}

/** Names are ASCII, so that characters are bytes. */
const cut = (name: string): string =>
  name.length <= SEGMENT_MAX_CHARACTERS ? name : `${name.slice(0, SEGMENT_MAX_CHARACTERS)}x`;
