/** How inspect endpoints name resources. Source: kuma v2.14.3: pkg/api-server/oapi-helpers. */
import type { Policy, PolicyEntry } from "@isthmus/policy";
import { kriText, type Resource, type TypeDescriptor } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { remembered } from "./remembered.ts";

/** Members in order of name, as Kuma's generated types have them. Large answers name the same few resources again and again. */
export const metaOf: (resource: Resource) => JsonObject = remembered(({ labels, mesh, name, type }) => ({
  labels: { ...labels },
  mesh,
  name,
  type,
}));

export function entryOrigin({ policy, item }: PolicyEntry): JsonObject {
  return { resourceMeta: metaOf(policy.resource), ruleIndex: item.index };
}

export function kriOrigin(descriptor: TypeDescriptor, policy: Policy): { readonly kri: string } {
  return { kri: kriText(descriptor, policy.kri) ?? "" };
}
