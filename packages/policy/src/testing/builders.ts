/** Short ways to write resources in tests. */
import type { Labels, Resource } from "@isthmus/resources";
import type { JsonObject, JsonValue } from "@isthmus/std";
import { policiesFor } from "../policies-for.ts";
import { type Policy, policyOf } from "../policy.ts";
import { proxyOf } from "../proxy.ts";

export function resource(type: string, name: string, spec: JsonObject, labels: Labels = {}): Resource {
  return {
    type,
    mesh: type === "Mesh" ? "" : "default",
    name,
    labels,
    spec,
    creationTime: "2025-01-01T00:00:00Z",
    modificationTime: "2025-01-01T00:00:00Z",
    version: 1,
  };
}

export interface PolicyText {
  readonly type?: string;
  readonly labels?: Labels;
  readonly targetRef?: JsonObject;
  readonly to?: readonly JsonValue[];
  readonly from?: readonly JsonValue[];
  readonly rules?: readonly JsonValue[];
  readonly default?: JsonObject;
}

export function policy(name: string, { type = "MeshTimeout", labels = {}, ...spec }: PolicyText = {}): Policy {
  return policyOf(resource(type, name, spec, labels));
}

/** What applies to a sidecar with all its inbounds. */
export const matchedOf = (...policies: readonly Policy[]) => policiesFor(proxyOf(dataplane()), policies).matched;

/** A sidecar with the inbounds 8080 (`name: http`) and 9090. */
export function dataplane(name = "web-1", labels: Labels = {}): Resource {
  const inbound = [
    { port: 8080, name: "http", tags: { "kuma.io/service": "web", version: "v1" } },
    { port: 9090, address: "10.0.0.9", tags: { "kuma.io/service": "web-admin", version: "v2" } },
  ];
  return resource("Dataplane", name, { networking: { address: "10.0.0.1", inbound } }, labels);
}

/** The places where traffic enters that sidecar. */
export const HTTP = { sectionName: "http", address: "10.0.0.1", port: 8080 };
export const ADMIN = { sectionName: "9090", address: "10.0.0.9", port: 9090 };

export function service(name: string, labels: Labels = {}, type = "MeshService"): Resource {
  return resource(type, name, { ports: [{ port: 80, name: "http" }, { port: 9000 }] }, labels);
}
