/** Resources of a mesh, and a zone that holds them, for tests of inspection. */
import type { JsonObject } from "@isthmus/std";
import { mesh, type Rig, rig } from "./rig.ts";

/** A mesh whose services are resources only. */
export const exclusive = { ...mesh("default"), meshServices: { mode: "Exclusive" } };
export const dataplane = (name: string, more: JsonObject = {}): JsonObject => ({
  type: "Dataplane",
  mesh: "default",
  name,
  networking: {
    address: "10.0.0.1",
    inbound: [{ port: 8080, name: "http", tags: { "kuma.io/service": name, "kuma.io/protocol": "http" } }],
    ...more,
  },
});
export const policy = (type: string, name: string, spec: JsonObject, labels: JsonObject = {}): JsonObject => ({
  type,
  mesh: "default",
  name,
  labels,
  spec,
});
export const service = (name: string): JsonObject =>
  policy("MeshService", name, {
    selector: { dataplaneTags: { "kuma.io/service": name } },
    ports: [{ port: 80, name: "http", targetPort: 8080, appProtocol: "http" }],
  });
export const timeout = (name: string, spec: JsonObject): JsonObject => policy("MeshTimeout", name, spec);

export async function zoneWith(...documents: readonly JsonObject[]): Promise<Rig> {
  const zone = rig({ mode: "zone", zoneName: "east" });
  await zone.seed(...documents);
  return zone;
}
export async function get({ ask }: Rig, path: string): Promise<Record<string, unknown>> {
  const { status, text } = await ask("GET", path);
  return { status, ...(JSON.parse(text) as JsonObject) };
}
