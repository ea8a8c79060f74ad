/**
 * A resource together with its insight, in one object of the overview type. Composed when asked for, never stored.
 * Source: kuma v2.14.3: pkg/api-server/resource_endpoints.go, MergeInOverview.
 */
import { type Resource, resourceToRest, type TypeDescriptor } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import type { Store } from "@isthmus/store";

/** `isItem`: asked for by name. Then an insight that is not there is shown as an empty one, in lists not at all. */
export function overviewOf(type: TypeDescriptor, resource: Resource, store: Store, isItem: boolean): JsonObject {
  const { overview = type.name, insight } = type;
  const observed = insight === undefined ? undefined : store.get({ ...resource, type: insight });
  const shown = observed?.spec ?? (isItem ? {} : undefined);
  return {
    ...resourceToRest(type, { ...resource, spec: {} }),
    type: overview,
    [lowerFirst(type.name)]: resource.spec,
    ...(insight === undefined || shown === undefined ? {} : { [lowerFirst(insight)]: shown }),
  };
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
