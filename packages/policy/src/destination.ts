/** What traffic goes to, as `to` items select it: a service resource (or one port of it), a route, or a legacy service name. */
import { type Kri, kriOf, type Labels, type Resource } from "@isthmus/resources";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";

export type Destination = ResourceDestination | LegacyDestination;

/** MeshService, MeshMultiZoneService, MeshExternalService, MeshHTTPRoute; or the Mesh, for all that is not spoken of by itself. */
export interface ResourceDestination {
  readonly kind: "resource";
  readonly type: string;
  readonly mesh: string;
  readonly kri: Kri;
  readonly labels: Labels;
  readonly ports: readonly DestinationPort[];
  /** Name of the port that is meant; "" for the resource as a whole. */
  readonly section: string;
}

export interface DestinationPort {
  readonly name: string;
  readonly port: number;
}

/** The value of `kuma.io/service` with no resource behind it. */
export interface LegacyDestination {
  readonly kind: "legacy";
  readonly mesh: string;
  readonly service: string;
}

/** `section`: a port by its name, which is its number where it has none. */
export function destinationOf(resource: Resource, section = ""): ResourceDestination {
  if (resource.type === "Mesh") return meshDestination(resource.name);
  return {
    kind: "resource",
    type: resource.type,
    mesh: resource.mesh,
    kri: kriOf(resource),
    labels: resource.labels,
    ports: portsOf(resource.spec),
    section,
  };
}

/** A destination that no policy names: what is said of the mesh holds for it. */
export function meshDestination(mesh: string): ResourceDestination {
  return { kind: "resource", type: "Mesh", mesh, kri: meshKri(mesh), labels: {}, ports: [], section: "" };
}

export function meshKri(mesh: string): Kri {
  return { type: "Mesh", mesh: "", zone: "", namespace: "", name: mesh, section: "" };
}

export function legacyDestination(mesh: string, service: string): LegacyDestination {
  return { kind: "legacy", mesh, service };
}

/** `ports[]` of the services of a mesh, `match` of an external one. */
function portsOf(spec: JsonObject): readonly DestinationPort[] {
  const written: readonly JsonValue[] = Array.isArray(spec.ports) ? spec.ports : [spec.match ?? null];
  return written.filter(isJsonObject).flatMap(({ name, port }) => {
    if (typeof port !== "number") return [];
    return [{ name: typeof name === "string" && name !== "" ? name : String(port), port }];
  });
}
