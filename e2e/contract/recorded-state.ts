/** The resources that the recorded control planes held, as far as their lists show them. */
import { builtinTypes, parseResource, Registry, type Resource } from "@isthmus/resources";
import { isJsonObject, type JsonObject, type JsonValue } from "@isthmus/std";
import type { ResourceDraft } from "@isthmus/store";
import { recordingsOf, type Target } from "./recording.ts";

const registry = new Registry(builtinTypes);

const ZONE = "kuma.io/zone";
const DISPLAY_NAME = "kuma.io/display-name";

/** Lists that hold all of a type, before anything was written. */
const COMPLETE: Readonly<Record<Target, readonly string[]>> = {
  global: [
    "zones/list",
    "zones/insights",
    "zoneingresses/list",
    "zoneingresses/insights",
    "zoneegresses/list",
    "zoneegresses/insights",
    "meshes/list",
    "dataplanes/list",
    "dataplanes/insights",
    "meshservices/list",
    "meshmultizoneservices/list",
    "meshexternalservices/list",
    "hostnamegenerators/list",
    "policies/meshtimeouts-list",
    "policies/meshretries-list",
    "policies/meshcircuitbreakers-list",
    "policies/meshtrafficpermissions-list",
  ],
  west: [
    "system/zones",
    "lists/meshes",
    "lists/dataplanes",
    "lists/meshservices",
    "lists/meshmultizoneservices",
    "lists/meshexternalservices",
    "lists/meshtimeouts",
    "lists/meshtrafficpermissions",
    "lists/zoneingresses",
    "lists/zoneegresses",
    "lists/hostnamegenerators",
  ],
};

export function recordedResources(target: Target): readonly Resource[] {
  const recordings = new Map(recordingsOf(target).map((each) => [each.name, each]));
  return COMPLETE[target].flatMap((name) => {
    const recording = recordings.get(`${target}/${name}`);
    if (recording === undefined) throw new Error(`no recording ${target}/${name}`);
    return itemsOf(recording.response.json).map(parse);
  });
}

export function itemsOf(list: JsonValue | undefined): readonly JsonObject[] {
  const items = isJsonObject(list) ? list["items"] : undefined;
  return Array.isArray(items) ? items.filter(isJsonObject) : [];
}

/** What the global itself holds: everything that no zone sent, but meshes, zones and their insights. */
export function globalOwn(): readonly ResourceDraft[] {
  const others = ["Mesh", "Zone", "ZoneInsight"];
  return recordedResources("global")
    .filter(({ type, labels }) => !others.includes(type) && labels[ZONE] === undefined)
    .map(draftOf);
}

export function recordedMeshes(): readonly JsonObject[] {
  return itemsOf(recordingsOf("global").find(({ name }) => name === "global/meshes/list")?.response.json);
}

/** What the zone sent, under the names that it has there. */
export function zoneOwn(zone: string): readonly ResourceDraft[] {
  return recordedResources("global")
    .filter(({ labels }) => labels[ZONE] === zone)
    .map((resource) => ({ ...draftOf(resource), name: resource.labels[DISPLAY_NAME] ?? resource.name }));
}

/** What zone `west` held of its own: as it showed it, and the insights that only the global was asked for. */
export function westOwn(): readonly ResourceDraft[] {
  const shown = recordedResources("west").filter(
    ({ type, labels }) => type !== "Zone" && labels["kuma.io/origin"] !== "global",
  );
  const insights = zoneOwn("west").filter(({ type }) => type.endsWith("Insight"));
  return [...shown.map(draftOf), ...insights.map((each) => ({ ...each, labels: {} }))];
}

export function draftOf(resource: Resource): ResourceDraft {
  const { type, mesh, name, labels, spec, status } = resource;
  return { type, mesh, name, labels, spec, ...(status === undefined ? {} : { status }) };
}

function parse(document: JsonObject): Resource {
  const type = document["type"];
  const descriptor = typeof type === "string" ? registry.get(type) : undefined;
  if (descriptor === undefined) throw new Error(`no type ${JSON.stringify(type)}`);
  const parsed = parseResource(descriptor, document, { isFromServer: true });
  if (!parsed.ok) throw new Error(JSON.stringify([document, parsed.error]));
  return parsed.value;
}
