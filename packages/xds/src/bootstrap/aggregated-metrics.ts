/**
 * Applications whose metrics kuma-dp merges with those of its Envoy, by the Prometheus backend of a mesh. A Dataplane overrides by
 * name. (MeshMetric tells them by another way.) Source: kuma v2.14.3: pkg/core/resources/apis/mesh/dataplane_helpers.go.
 */
import { numberOf, objectOf, objectsOf, type Resource, textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";

const PROMETHEUS = "prometheus";

export function aggregatedMetrics(dataplane: Resource, mesh: Resource): JsonObject[] {
  const metrics = objectOf(mesh.spec, "metrics");
  const enabled = textOf(metrics, "enabledBackend");
  const backend = objectsOf(metrics, "backends").find((each) => textOf(each, "name") === enabled);
  if (enabled === "" || backend === undefined || textOf(backend, "type") !== PROMETHEUS) return [];
  const own = objectOf(dataplane.spec, "metrics");
  const byName = new Map<string, JsonObject>();
  for (const each of objectsOf(objectOf(backend, "conf"), "aggregate")) byName.set(textOf(each, "name"), each);
  if (textOf(own, "type") === PROMETHEUS) {
    for (const each of objectsOf(objectOf(own, "conf"), "aggregate")) byName.set(textOf(each, "name"), each);
  }
  const address = textOf(objectOf(dataplane.spec, "networking"), "address");
  return [...byName.values()]
    .filter((each) => each["enabled"] !== false)
    .map((each) => ({
      name: textOf(each, "name"),
      address: textOf(each, "address") === "" ? address : textOf(each, "address"),
      port: numberOf(each, "port"),
      path: textOf(each, "path"),
    }));
}
