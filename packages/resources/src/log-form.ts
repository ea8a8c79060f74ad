/** What of a resource may appear in logs and messages: secrets never show their spec. */
import type { JsonObject } from "@isthmus/std";
import type { Resource } from "./resource.ts";
import type { TypeDescriptor } from "./type-descriptor.ts";

export const MASK = "***";

export function logForm(descriptor: TypeDescriptor, resource: Resource): JsonObject {
  const { type, mesh, name, labels, version } = resource;
  return { type, mesh, name, labels, version, spec: descriptor.isAdminOnly ? MASK : resource.spec };
}
