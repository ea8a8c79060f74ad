/**
 * What the manager of Dataplanes does with one before it is stored, and whether its mesh lets it in.
 * Source: kuma v2.14.3: pkg/core/managers/apis/dataplane/{dataplane_manager,membership_validator}.go.
 */
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import type { Resource } from "./resource.ts";
import { goQuote } from "./validate/go-quote.ts";
import { messageAt, objectAt, objectsAt, textsAt } from "./validate/json-access.ts";
import { ZONE_TAG } from "./validate/tags.ts";

export interface DataplaneAdmission {
  /** "" on a global, where no tag is added. */
  readonly zone: string;
  /** Whether the mesh uses MeshServices only: inbounds without tags then stay so. */
  readonly meshExclusive: boolean;
  /** On create, inbounds with a probe start as not ready; an update leaves the state alone. */
  readonly isNew: boolean;
}

type Tags = ReadonlyMap<string, string>;

/** The spec to store. */
export function prepareDataplane(spec: JsonObject, { zone, meshExclusive, isNew }: DataplaneAdmission): JsonObject {
  const networking = messageAt(spec, "networking");
  if (networking === undefined) return spec;
  const withZone = (section: JsonObject): JsonObject =>
    zone === "" ? section : { ...section, tags: { ...objectAt(section, "tags"), [ZONE_TAG]: zone } };
  const inbounds = objectsAt(networking, "inbound").map((inbound) => {
    const tagged = meshExclusive && textsAt(inbound, "tags").size === 0 ? inbound : withZone(inbound);
    // An empty health is how proto3 JSON prints `ready: false`; control planes before 2.6 read it.
    return isNew && messageAt(inbound, "serviceProbe") !== undefined
      ? { ...tagged, state: "NotReady", health: {} }
      : tagged;
  });
  const gateway = messageAt(networking, "gateway");
  const prepared: Record<string, JsonValue> = { ...networking };
  if (inbounds.length > 0) prepared["inbound"] = inbounds;
  if (gateway !== undefined) prepared["gateway"] = withZone(gateway);
  return { ...spec, networking: prepared };
}

/**
 * Why the constraints of the mesh keep the proxy out; undefined when they do not. Each tag set (one per inbound, and the
 * gateway's) must meet one of the requirements and none of the restrictions. Kuma answers such writes with status 500.
 */
export function meshMembershipError(mesh: Resource, dataplane: Pick<Resource, "mesh" | "spec">): string | undefined {
  const constraints = objectAt(objectAt(mesh.spec, "constraints"), "dataplaneProxy");
  const requirements = rules(constraints, "requirements");
  const restrictions = rules(constraints, "restrictions");
  const failure = (tags: Tags, why: string): string =>
    `dataplane cannot be a member of mesh ${goQuote(dataplane.mesh)} because its tags ${goQuote(show(tags))} ${why} ` +
    "defined on the Mesh";
  for (const tags of tagSets(dataplane.spec)) {
    if (requirements.length > 0 && !requirements.some((required) => matches(required, tags))) {
      return failure(tags, "does not fulfill any requirements");
    }
    const denied = restrictions.find((restricted) => matches(restricted, tags));
    if (denied !== undefined) return failure(tags, `matches restricted tags ${goQuote(show(denied))}`);
  }
  return undefined;
}

const rules = (constraints: JsonObject, name: string): readonly Tags[] =>
  objectsAt(constraints, name).map((rule) => textsAt(rule, "tags"));

function tagSets(spec: JsonObject): readonly Tags[] {
  const networking = objectAt(spec, "networking");
  const sections = [...objectsAt(networking, "inbound"), messageAt(networking, "gateway")].filter(isJsonObject);
  return sections.map((section) => textsAt(section, "tags"));
}

/** `*` asks for any value that is not empty. */
function matches(required: Tags, tags: Tags): boolean {
  for (const [name, value] of required) {
    const actual = tags.get(name) ?? "";
    if (!(value === "*" && actual !== "") && value !== actual) return false;
  }
  return true;
}

const show = (tags: Tags): string => [...tags].map(([name, value]) => `${name}=${value}`).join(" ");
