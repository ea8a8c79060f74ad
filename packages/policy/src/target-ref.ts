/**
 * A targetRef, read once from JSON: what a policy, or one of its items, is about.
 * Source: kuma v2.14.3: api/common/v1alpha1/targetref.go.
 */
import { isJsonObject, type JsonValue } from "@isthmus/std";

export interface TargetRef {
  /** Kept as text: a newer peer may send a kind that this version does not know. */
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly sectionName: string;
  readonly tags: StringMap;
  /** `undefined` and `{}` differ: an empty selector selects by labels, and all of them fit. */
  readonly labels: StringMap | undefined;
  readonly proxyTypes: readonly string[];
}

export type StringMap = Readonly<Record<string, string>>;

/** The whole mesh; what an omitted top-level targetRef stands for. */
export const MESH_REF: TargetRef = {
  kind: "Mesh",
  name: "",
  namespace: "",
  sectionName: "",
  tags: {},
  labels: undefined,
  proxyTypes: [],
};

const LEVELS = [
  "Mesh",
  "Dataplane",
  "MeshSubset",
  "MeshGateway",
  "MeshService",
  "MeshExternalService",
  "MeshMultiZoneService",
  "MeshServiceSubset",
  "MeshHTTPRoute",
];

/** From the most general kind, 1, to the most particular one; 0 for a kind that is unknown. */
export function kindLevel(kind: string): number {
  return LEVELS.indexOf(kind) + 1;
}

/** Members of a wrong type count as absent: a policy that a peer checked badly must not stop the others. */
export function targetRefOf(value: JsonValue | undefined): TargetRef | undefined {
  if (!isJsonObject(value)) return undefined;
  return {
    kind: text(value.kind),
    name: text(value.name),
    namespace: text(value.namespace),
    sectionName: text(value.sectionName),
    tags: stringMap(value.tags) ?? {},
    labels: stringMap(value.labels),
    proxyTypes: Array.isArray(value.proxyTypes) ? value.proxyTypes.map(text) : [],
  };
}

/** The texts among the members of an object; undefined when there is no object. */
export function stringMap(value: JsonValue | undefined): StringMap | undefined {
  if (!isJsonObject(value)) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, text(member)]));
}

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}
