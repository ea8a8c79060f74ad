/**
 * Which resources a list shows. `filter[labels.<key>]=<value>` and `name` work for all types, `tag` and `gateway` for
 * those that have tags. Source: kuma v2.14.3: pkg/api-server/filters/filtering.go.
 */
import { member, type Resource, type Violation, Violations } from "@isthmus/resources";
import { err, isJsonObject, type JsonObject, type JsonValue, ok, type Result } from "@isthmus/std";
import type { Query } from "./query.ts";

export type ResourceFilter = (resource: Resource) => boolean;

type TypeFilter = (query: Query, route: string) => Result<ResourceFilter, readonly Violation[]>;

const LABEL_PREFIX = "filter[labels.";
const GATEWAY_MODES = ["", "true", "false", "builtin", "delegated"];

const typeFilters: ReadonlyMap<string, TypeFilter> = new Map<string, TypeFilter>([
  ["Dataplane", dataplaneFilter],
  ["ExternalService", externalServiceFilter],
]);

/** `route` is the template that the request matched: errors name the parameter with it. */
export function parseFilters(type: string, query: Query, route: string): Result<ResourceFilter, readonly Violation[]> {
  const labels = labelFilter(query, route);
  if (!labels.ok) return labels;
  const special = typeFilters.get(type)?.(query, route);
  if (special?.ok === false) return special;
  const name = query.get("name");
  const filters: ResourceFilter[] = [];
  if (name !== "") filters.push((resource) => resource.name.includes(name));
  if (labels.value !== undefined) filters.push(labels.value);
  if (special !== undefined) filters.push(special.value);
  return ok((resource) => filters.every((filter) => filter(resource)));
}

function labelFilter(query: Query, route: string): Result<ResourceFilter | undefined, readonly Violation[]> {
  const found = new Violations();
  const wanted: [string, string][] = [];
  for (const parameter of query.keys()) {
    if (!parameter.startsWith("filter[")) continue;
    const bracket = parameter.indexOf("]");
    if (!parameter.startsWith(LABEL_PREFIX)) {
      found.add(member(route, parameter), "filters are only supported on labels");
    } else if (bracket !== parameter.length - 1) {
      // Kuma's server stumbles over a key without closing bracket.
      found.add(member(route, parameter), "advanced filters are not supported");
    } else {
      wanted.push([parameter.slice(LABEL_PREFIX.length, bracket), query.all(parameter).at(-1) ?? ""]);
    }
  }
  if (!found.isEmpty) return err(found.list);
  if (wanted.length === 0) return ok(undefined);
  return ok(({ labels }) => wanted.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value));
}

function dataplaneFilter(query: Query, route: string): Result<ResourceFilter, readonly Violation[]> {
  const mode = query.get("gateway").toLowerCase();
  if (!GATEWAY_MODES.includes(mode)) {
    const reason = `shoud use \`true\`, \`false\`, 'builtin' or 'delegated' instead of ${mode}`;
    return err([{ field: member(route, "gateway"), reason }]);
  }
  const tags = parseTags(query);
  return ok(({ spec }) => {
    const networking = objectIn(spec, "networking");
    const gateway = objectIn(networking, "gateway");
    if (!isOfGatewayMode(gateway, mode)) return false;
    const inbound = networking?.["inbound"];
    const sets = Array.isArray(inbound) ? (inbound as readonly JsonValue[]).map((each) => objectIn(each, "tags")) : [];
    return [...sets, objectIn(gateway, "tags")].some((set) => hasTags(set, tags));
  });
}

function externalServiceFilter(query: Query): Result<ResourceFilter, readonly Violation[]> {
  const tags = parseTags(query);
  return ok(({ spec }) => hasTags(objectIn(spec, "tags"), tags));
}

function isOfGatewayMode(gateway: JsonObject | undefined, mode: string): boolean {
  if (mode === "") return true;
  if (mode === "false") return gateway === undefined;
  if (gateway === undefined) return false;
  // DELEGATED is the zero value and not printed.
  const isBuiltin = gateway["type"] === "BUILTIN";
  return mode === "true" || (mode === "builtin") === isBuiltin;
}

/** `<key>:<value>`, where values may hold colons; what is no such pair is ignored. */
function parseTags(query: Query): ReadonlyMap<string, string> {
  const tags = new Map<string, string>();
  for (const text of query.all("tag")) {
    const colon = text.indexOf(":");
    if (colon >= 0) tags.set(text.slice(0, colon), text.slice(colon + 1));
  }
  return tags;
}

/** Every wanted tag is there and contains the wanted value. */
function hasTags(tags: JsonObject | undefined, wanted: ReadonlyMap<string, string>): boolean {
  for (const [key, value] of wanted) {
    const actual = tags !== undefined && Object.hasOwn(tags, key) ? tags[key] : undefined;
    if (typeof actual !== "string" || (value !== "*" && !actual.includes(value))) return false;
  }
  return true;
}

function objectIn(value: JsonValue | undefined, name: string): JsonObject | undefined {
  if (!isJsonObject(value) || !Object.hasOwn(value, name)) return undefined;
  const found = value[name];
  return isJsonObject(found) ? found : undefined;
}
