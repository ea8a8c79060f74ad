/** Resources of the built-in types for tests, with as little as a test wants to say. */
import { builtinTypes, Registry, type Resource, type TypeDescriptor } from "@isthmus/resources";

export const registry = new Registry(builtinTypes);

export function descriptorOf(type: string): TypeDescriptor {
  const descriptor = registry.get(type);
  if (descriptor === undefined) throw new Error(`no type ${type}`);
  return descriptor;
}

export function makeResource(type: string, given: Partial<Omit<Resource, "type">> = {}): Resource {
  const time = "2026-01-01T00:00:00Z";
  return {
    type,
    mesh: descriptorOf(type).scope === "Mesh" ? "default" : "",
    name: "a",
    labels: {},
    spec: {},
    creationTime: time,
    modificationTime: time,
    version: 1,
    ...given,
  };
}
