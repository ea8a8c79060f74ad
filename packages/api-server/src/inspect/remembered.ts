import type { Resource } from "@isthmus/resources";

/** A view of a resource, made once: resources never change. */
export function remembered<View extends object>(read: (resource: Resource) => View): (resource: Resource) => View {
  const views = new WeakMap<Resource, View>();
  return (resource) => {
    const known = views.get(resource);
    if (known !== undefined) return known;
    const view = read(resource);
    views.set(resource, view);
    return view;
  };
}
