/** Short ways to write resources in tests. */
import type { Labels, Resource } from "@isthmus/resources";
import type { JsonObject, JsonValue } from "@isthmus/std";
import { type Policy, policyOf } from "../policy.ts";

export function resource(type: string, name: string, spec: JsonObject, labels: Labels = {}): Resource {
  return {
    type,
    mesh: "default",
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
}

export function policy(name: string, { type = "MeshTimeout", labels = {}, targetRef, to }: PolicyText = {}): Policy {
  const spec = { ...(targetRef === undefined ? {} : { targetRef }), ...(to === undefined ? {} : { to }) };
  return policyOf(resource(type, name, spec, labels));
}

/** A sidecar with the inbounds 8080 (`name: http`) and 9090. */
export function dataplane(name = "web-1", labels: Labels = {}): Resource {
  const inbound = [
    { port: 8080, name: "http", tags: { "kuma.io/service": "web", version: "v1" } },
    { port: 9090, address: "10.0.0.9", tags: { "kuma.io/service": "web-admin", version: "v2" } },
  ];
  return resource("Dataplane", name, { networking: { address: "10.0.0.1", inbound } }, labels);
}

export function service(name: string, labels: Labels = {}, type = "MeshService"): Resource {
  return resource(type, name, { ports: [{ port: 80, name: "http" }, { port: 9000 }] }, labels);
}
