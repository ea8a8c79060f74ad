/** What golden cases look at: parts of a configuration, each with a title. */
import { objectOf, objectsOf, textsOf } from "@isthmus/resources";
import type { JsonObject, JsonValue } from "@isthmus/std";
import type { EnvoyConfig } from "../draft/finish.ts";
import type { GoldenCase } from "./golden-case.ts";

/** What the head of the case looks at, by its title. */
export function shownOf({ head }: GoldenCase, config: EnvoyConfig): Readonly<Record<string, unknown>> {
  const shown = objectsOf(head, "show").map((each) => show(each, config));
  return Object.fromEntries([...shown, ...(config.problems.length === 0 ? [] : [["problems", config.problems]])]);
}

function show(question: JsonObject, config: EnvoyConfig): readonly [string, unknown] {
  const { cluster, endpoints, listener, routes, filters } = question;
  const members = textsOf(question, "members");
  if (question.names === true) return ["names", namesOf(config)];
  if (typeof cluster === "string") return [`cluster ${cluster}`, part(config.clusters.get(cluster), members)];
  if (typeof endpoints === "string") return [`endpoints ${endpoints}`, part(config.endpoints.get(endpoints), members)];
  if (typeof listener === "string") return [`listener ${listener}`, part(config.listeners.get(listener), members)];
  if (typeof routes === "string") return [`routes ${routes}`, routesOf(plain(config.listeners.get(routes)))];
  if (typeof filters === "string") return [`filters ${filters}`, filtersOf(plain(config.listeners.get(filters)))];
  throw new Error(`unknown question ${JSON.stringify(question)}`);
}

function namesOf(config: EnvoyConfig): Readonly<Record<string, readonly string[]>> {
  return {
    clusters: [...config.clusters.keys()],
    endpoints: [...config.endpoints.keys()],
    listeners: [...config.listeners.keys()],
    secrets: [...config.secrets].sort(),
  };
}

/** Without what is undefined. */
function plain(json: object | undefined): JsonObject {
  return json === undefined ? {} : (JSON.parse(JSON.stringify(json)) as JsonObject);
}

function part(json: object | undefined, members: readonly string[]): JsonValue {
  if (json === undefined) return "not there";
  const whole = plain(json);
  if (members.length === 0) return whole;
  const entries = Object.entries(whole).filter(([member]) => members.includes(member));
  return Object.fromEntries(entries);
}

/** Of each chain that looks into requests. */
function routesOf(listener: JsonObject): JsonValue {
  return chainsOf(listener).flatMap((chain) => {
    const routes = messageIn(objectsOf(chain, "filters").at(-1), "routeConfig");
    return routes === undefined ? [] : [routes];
  });
}

/** What stands in front of the last filter of each chain, and what the last one does but for its routes and the addresses inside. */
function filtersOf(listener: JsonObject): JsonValue {
  return chainsOf(listener).map((chain) => {
    const filters = objectsOf(chain, "filters");
    const last = filters.at(-1) ?? {};
    const {
      routeConfig: _routes,
      httpFilters: _filters,
      internalAddressConfig: _inside,
      ...manager
    } = objectOf(last, "typedConfig");
    const httpFilters = objectsOf(objectOf(last, "typedConfig"), "httpFilters");
    return {
      ...("filterChainMatch" in chain ? { match: chain.filterChainMatch } : {}),
      filters: filters.slice(0, -1),
      ...(httpFilters.length === 0 ? {} : { httpFilters: httpFilters.slice(0, -1) }),
      last: manager,
    };
  });
}

function chainsOf(listener: JsonObject): readonly JsonObject[] {
  return [
    ...objectsOf(listener, "filterChains"),
    ...("defaultFilterChain" in listener ? [objectOf(listener, "defaultFilterChain")] : []),
  ];
}

function messageIn(filter: JsonObject | undefined, member: string): JsonObject | undefined {
  const config = filter === undefined ? {} : objectOf(filter, "typedConfig");
  return member in config ? objectOf(config, member) : undefined;
}
