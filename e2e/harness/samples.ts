/** Resources that the tests write. */
import type { JsonObject } from "@isthmus/std";

/** Of zones that lose their global on purpose: they come back soon. */
export const SOON = {
  "general.resilientComponentBaseBackoff": "50ms",
  "general.resilientComponentMaxBackoff": "500ms",
};

export function meshTimeout(name: string, requestTimeout: string, mesh = "default"): JsonObject {
  return {
    type: "MeshTimeout",
    mesh,
    name,
    spec: {
      targetRef: { kind: "Mesh" },
      to: [{ targetRef: { kind: "Mesh" }, default: { http: { requestTimeout } } }],
    },
  };
}

export function meshService(name: string, port: number, mesh = "default"): JsonObject {
  return {
    type: "MeshService",
    mesh,
    name,
    labels: { "kuma.io/origin": "zone" },
    spec: {
      state: "Available",
      selector: { dataplaneTags: { "kuma.io/service": name } },
      ports: [{ name: "http", port, targetPort: port, appProtocol: "http" }],
    },
  };
}

export const timeoutPath = (name: string): string => `meshes/default/meshtimeouts/${name}`;
export const servicePath = (name: string): string => `meshes/default/meshservices/${name}`;
export const TIMEOUTS = "meshes/default/meshtimeouts";
export const SERVICES = "meshes/default/meshservices";
