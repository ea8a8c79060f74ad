/** Configurations that Envoys of Kuma 2.14.3 had, and the stores of their zones, in one form with ours. */
import { existsSync, readFileSync } from "node:fs";
import { envoyFromJson, envoyToJson } from "@isthmus/proto/envoy";
import { allEnvoyTypes } from "@isthmus/proto/envoy/all";
import { ClusterSchema } from "@isthmus/proto/envoy/config/cluster/v3/cluster";
import { ClusterLoadAssignmentSchema } from "@isthmus/proto/envoy/config/endpoint/v3/endpoint";
import { ListenerSchema } from "@isthmus/proto/envoy/config/listener/v3/listener";
import { builtinTypes, parseResource, Registry, type Resource, textOf } from "@isthmus/resources";
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from "@isthmus/std";

const SCHEMAS = { clusters: ClusterSchema, listeners: ListenerSchema, endpoints: ClusterLoadAssignmentSchema } as const;
export type Kind = keyof typeof SCHEMAS;

export interface RecordedProxy {
  readonly metadata: JsonObject;
  readonly resources: Readonly<Record<Kind, Readonly<Record<string, JsonObject>>>>;
}

const registry = new Registry(builtinTypes);

/** What the zone held; for a proxy that came later, also what came with it. */
export function recordedWorld(profile: string, zone: string, name: string): readonly Resource[] {
  const folder = new URL(`../../testdata/recorded/${profile}/`, import.meta.url);
  const later = new URL(`store-${name}.jsonl`, folder);
  const files = [new URL(`store-${zone}.jsonl`, folder), ...(existsSync(later) ? [later] : [])];
  return files.flatMap((file) => readFileSync(file, "utf8").trimEnd().split("\n").map(parse));
}

export function recordedProxy(profile: string, name: string): RecordedProxy {
  const file = new URL(`../../testdata/recorded/${profile}/${name}.json`, import.meta.url);
  const document = JSON.parse(readFileSync(file, "utf8")) as Record<Kind, JsonObject[]> & { metadata: JsonObject };
  return {
    metadata: document.metadata,
    resources: {
      clusters: byName(document.clusters.map((json) => canonical("clusters", json))),
      listeners: byName(document.listeners.map((json) => canonical("listeners", json))),
      endpoints: byName(document.endpoints.map((json) => canonical("endpoints", withoutAdditions(json) as JsonObject))),
    },
  };
}

/** Through Envoy's message and back: order, defaults and notation no longer differ, nor does the order of what Envoy takes as a set. */
export function canonical(kind: Kind, json: object): JsonObject {
  const message = envoyFromJson(SCHEMAS[kind], json as JsonObject, allEnvoyTypes());
  if (!message.ok) throw new Error(`${kind}: ${message.error}: ${JSON.stringify(json)}`);
  const written = envoyToJson(SCHEMAS[kind], message.value, allEnvoyTypes());
  if (!written.ok) throw new Error(written.error);
  return { ...written.value, ...sorted(written.value, "endpoints"), ...sorted(written.value, "filterChains") };
}

function sorted(json: JsonObject, member: string): JsonObject {
  const list = json[member];
  if (!Array.isArray(list)) return {};
  const texts = list.map((each) => JSON.stringify(each)).sort();
  return { [member]: texts.map((text) => JSON.parse(text) as JsonValue) };
}

function byName(list: readonly JsonObject[]): Readonly<Record<string, JsonObject>> {
  return Object.fromEntries(list.map((json) => [textOf(json, "name") || textOf(json, "clusterName"), json]));
}

/** What Envoy adds to assignments when it prints them. */
function withoutAdditions(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutAdditions);
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).filter(
    ([key, member]) =>
      key !== "health_check_config" &&
      key !== "health_status" &&
      !(key === "load_balancing_weight" && member === 0) &&
      !(key === "locality" && JSON.stringify(member) === "{}") &&
      !(key === "policy" && JSON.stringify(member) === '{"overprovisioning_factor":140}'),
  );
  return Object.fromEntries(entries.map(([key, member]) => [key, withoutAdditions(member ?? null)]));
}

function parse(line: string): Resource {
  const document = parseJson(line);
  const type = document.ok && isJsonObject(document.value) ? textOf(document.value, "type") : "";
  const descriptor = registry.get(type);
  const resource = descriptor === undefined ? undefined : parseResource(descriptor, line, { isFromServer: true });
  if (resource?.ok !== true) throw new Error(`not a resource: ${line.slice(0, 100)} ${JSON.stringify(resource)}`);
  return resource.value;
}
