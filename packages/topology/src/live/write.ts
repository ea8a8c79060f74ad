/** From what is stored and what should be to the change that makes the one of the other. */
import type { Resource } from "@isthmus/resources";
import { type JsonObject, jsonEquals } from "@isthmus/std";
import type { Write } from "@isthmus/store";
import type { ServiceDraft } from "../services/plan-mesh-services.ts";

/** Makes `wanted` of what is stored; undefined when there is nothing to do. */
export function writeOf(stored: Resource | undefined, wanted: ServiceDraft | undefined): Write | undefined {
  if (wanted === undefined) {
    if (stored === undefined) return undefined;
    const { type, mesh, name, version } = stored;
    return { op: { kind: "delete", key: { type, mesh, name }, expect: version } };
  }
  if (stored !== undefined && isSame(stored, wanted)) return undefined;
  const { type, mesh, name, labels, spec, status, owner } = wanted;
  const resource = {
    type,
    mesh,
    name,
    labels,
    spec,
    ...(status === undefined ? {} : { status }),
    ...(owner === undefined ? {} : { owner }),
    ...(stored?.opaqueSpec === undefined || !jsonEquals(stored.spec, spec) ? {} : { opaqueSpec: stored.opaqueSpec }),
  };
  return { op: { kind: "put", resource, expect: stored?.version ?? "absent" } };
}

function isSame(stored: Resource, { labels, spec, status }: ServiceDraft): boolean {
  return (
    (stored.labels === labels || jsonEquals(stored.labels, labels)) &&
    (stored.spec === spec || jsonEquals(stored.spec, spec)) &&
    (stored.status === status || jsonEquals(stored.status ?? EMPTY, status ?? EMPTY))
  );
}

const EMPTY: JsonObject = {};
