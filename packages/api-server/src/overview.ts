/**
 * A resource together with its insight, in one object of the overview type. Composed when asked for, never stored.
 * Source: kuma v2.14.3: pkg/core/resources/model/resource.go, OverviewResource.
 */
import { type Resource, resourceToRest, type TypeDescriptor } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { Store } from "@isthmus/store";

export function overviewOf(type: TypeDescriptor, resource: Resource, store: Store): JsonObject {
  const { overview = type.name, insight } = type;
  const observed = insight === undefined ? undefined : store.get({ ...resource, type: insight });
  return {
    ...resourceToRest(type, { ...resource, spec: {} }),
    type: overview,
    [lowerFirst(type.name)]: resource.spec,
    ...(insight === undefined ? {} : { [lowerFirst(insight)]: observed?.spec ?? {} }),
  };
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
