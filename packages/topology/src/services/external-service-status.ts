/**
 * What a zone finds out about a MeshExternalService: only what is malformed. Address and host names are the only other parts of
 * its status, and they are found elsewhere; its endpoints are outside of every zone and nothing tells whether they answer.
 */
import { objectsOf, portOf, type Resource, textOf } from "@isthmus/resources";
import { jsonEquals } from "@isthmus/std";
import type { Service } from "../model/service.ts";
import { type Condition, condition, withConditions } from "./conditions.ts";
import { MALFORMED } from "./service-conditions.ts";

export function externalServiceConditions({ kind, problems, resource }: Service): readonly Condition[] {
  if (kind !== "MeshExternalService") return [];
  const broken = objectsOf(resource.spec, "endpoints").flatMap((endpoint, index) =>
    portOf(endpoint, "port") === undefined || textOf(endpoint, "address") === ""
      ? [`spec.endpoints[${index}] is ignored: it has no address or no port from 1 to 65535`]
      : [],
  );
  const all = [...problems, ...broken];
  return all.length === 0 ? [] : [condition(MALFORMED, "True", "PartsIgnored", all.join("; "))];
}

/** The resource with these conditions: the same object when it has them already. */
export function withExternalServiceConditions<R extends Pick<Resource, "status">>(
  resource: R,
  conditions: readonly Condition[],
): R {
  const status = withConditions(resource.status ?? {}, conditions, [MALFORMED]);
  return jsonEquals(status, resource.status ?? {}) ? resource : { ...resource, status };
}
