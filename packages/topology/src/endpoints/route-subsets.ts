/**
 * Tags by which clients may ask for a legacy service, besides its name: each combination has a server name of its own, which an
 * ingress must know beforehand. They are what routes of the mesh name as destinations; without a TrafficRoute each service is
 * also a destination as a whole. Source: kuma v2.14.3: pkg/xds/generator/zoneproxy/destinations.go.
 */
import { type Labels, labelsOf, listOf, objectOf, objectsOf, type Resource, textOf } from "@isthmus/resources";
import { isJsonObject, type JsonObject, jsonEquals } from "@isthmus/std";
import { SERVICE_TAG } from "../model/tags.ts";
import type { World } from "../world/world.ts";
import { withoutService } from "./reachability.ts";

const ANY = "*";

/** Each combination once, in the order in which the routes name them; `{}` is the service as a whole. */
export function routeSubsets(mesh: string, service: string, world: World): readonly Labels[] {
  const destinations = routeDestinations(mesh, world);
  const subsets = [...destinations.filter(isFor(service)), ...destinations.filter(isFor(ANY))].map(withoutService);
  return subsets.filter((subset, index) => subsets.findIndex((other) => jsonEquals(other, subset)) === index);
}

function routeDestinations(mesh: string, world: World): readonly Labels[] {
  const routes = world.all("TrafficRoute", mesh);
  return [
    ...routes.flatMap(ofTrafficRoute),
    ...(routes.length === 0 ? [{ [SERVICE_TAG]: ANY }] : []),
    ...["MeshHTTPRoute", "MeshTCPRoute"].flatMap((type) => world.all(type, mesh)).flatMap(ofMeshRoute),
    ...world.all("MeshGatewayRoute", mesh).flatMap(ofGatewayRoute),
  ];
}

function ofTrafficRoute({ spec }: Resource): readonly Labels[] {
  const conf = objectOf(spec, "conf");
  return [conf, ...objectsOf(conf, "http")].flatMap((part): readonly Labels[] => [
    ...(isJsonObject(part.destination) ? [labelsOf(part, "destination")] : []),
    ...objectsOf(part, "split").map((split) => labelsOf(split, "destination")),
  ]);
}

function ofMeshRoute({ spec }: Resource): readonly Labels[] {
  return objectsOf(spec, "to").flatMap((to): readonly Labels[] => {
    const target = ofTargetRef(objectOf(to, "targetRef"));
    if (target === undefined) return [];
    return objectsOf(to, "rules").flatMap((rule): readonly Labels[] => {
      const conf = objectOf(rule, "default");
      if (!Array.isArray(conf.backendRefs)) return [target];
      return objectsOf(conf, "backendRefs")
        .map(ofTargetRef)
        .filter((tags) => tags !== undefined);
    });
  });
}

function ofGatewayRoute({ spec }: Resource): readonly Labels[] {
  const conf = objectOf(spec, "conf");
  return ["http", "tcp"]
    .flatMap((kind) => objectsOf(objectOf(conf, kind), "rules"))
    .flatMap((rule) => listOf(rule, "backends").filter(isJsonObject))
    .map((backend) => labelsOf(backend, "destination"));
}

/** As tags; undefined for what names a resource. */
function ofTargetRef(ref: JsonObject): Labels | undefined {
  switch (textOf(ref, "kind")) {
    case "Mesh":
      return { [SERVICE_TAG]: ANY };
    case "MeshSubset":
      return { ...labelsOf(ref, "tags"), [SERVICE_TAG]: ANY };
    case "MeshService":
      return textOf(ref, "name") === "" ? undefined : { [SERVICE_TAG]: textOf(ref, "name") };
    case "MeshServiceSubset":
      return { ...labelsOf(ref, "tags"), [SERVICE_TAG]: textOf(ref, "name") };
    default:
      return undefined;
  }
}

function isFor(service: string): (destination: Labels) => boolean {
  return (destination) => destination[SERVICE_TAG] === service;
}
