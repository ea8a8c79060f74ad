/** Reading and writing of resources, for every type that has a path. */
import { writeAnswerSchema } from "@isthmus/api";
import type { Registry, TypeDescriptor } from "@isthmus/resources";
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from "../paging.ts";
import { type ResourceAction, resourcePaths } from "../routes/resource-paths.ts";
import {
  type AnswerDescription,
  answer,
  type Content,
  jsonOf,
  type Operation,
  type QueryParameter,
  zod,
} from "./operation.ts";

export type RefOf = (name: string) => string;

export const KUBERNETES_MANIFEST = "KubernetesManifest";
/** One service out of a ServiceInsight. */
export const SERVICE_ITEM = "ServiceInsightItem";
/** Types that are not shown as they are stored. */
const SHOWN_AS: ReadonlyMap<string, string> = new Map([["ServiceInsight", SERVICE_ITEM]]);

const TEXT = { type: "string" };

export const PAGE: readonly QueryParameter[] = [
  {
    name: "size",
    description: "how many items a page has at the most",
    schema: { type: "integer", minimum: 1, maximum: MAX_PAGE_SIZE, default: DEFAULT_PAGE_SIZE },
  },
  {
    name: "offset",
    description: "how many items come before the page",
    schema: { type: "integer", minimum: 0, default: 0 },
  },
  { name: "name", description: "part of the name", schema: TEXT },
];
const LABEL_FILTER: QueryParameter = {
  name: "filter[labels.<key>]",
  description: "value that the label has; any number of labels, of which all have to match",
  schema: TEXT,
};
const TAGS: QueryParameter = {
  name: "tag",
  description: "`<key>:<value>`; any number of them, of which all have to match on one inbound",
  schema: { type: "array", items: TEXT },
};
const GATEWAY: QueryParameter = {
  name: "gateway",
  description: "kind of gateway",
  schema: { type: "string", enum: ["true", "false", "builtin", "delegated"] },
};
const STATUS: QueryParameter = {
  name: "status",
  description: "`online`, `offline`, for Dataplanes `partially_degraded`, for Zones `disabled`; several with commas",
  schema: TEXT,
};
const SERVICE_TYPE: QueryParameter = {
  name: "type",
  description: "`internal`, `external`, `gateway_builtin`, `gateway_delegated`; several with commas",
  schema: TEXT,
};
export const FORMAT: readonly QueryParameter[] = [
  {
    name: "format",
    description: "as REST shows it, or as it would be on Kubernetes",
    schema: { type: "string", enum: ["universal", "kubernetes", "k8s"], default: "universal" },
  },
  { name: "namespace", description: "of the manifest for Kubernetes", schema: TEXT },
];

/** By `GET /meshes/:mesh/...`. */
export function resourceOperations(registry: Registry, refOf: RefOf): ReadonlyMap<string, Operation> {
  const operations = new Map<string, Operation>();
  for (const type of registry.all()) {
    const seen: ResourceAction[] = [];
    for (const { method, url, action } of resourcePaths(type)) {
      seen.push(action);
      const nth = seen.filter((each) => each === action).length;
      const id = `${action}-${type.name}${nth === 1 ? "" : `.${nth}`}`;
      operations.set(`${method} ${url}`, { id, tag: type.name, ...describe(type, action, refOf) });
    }
  }
  return operations;
}

function describe(type: TypeDescriptor, action: ResourceAction, refOf: RefOf): Omit<Operation, "id" | "tag"> {
  const { name, overview = name, singularDisplayName: one, pluralDisplayName: all } = type;
  const resource = jsonOf({ $ref: refOf(name) });
  const shown = refOf(SHOWN_AS.get(name) ?? name);
  switch (action) {
    case "list":
      return { summary: `Lists ${all}`, query: filtersOf(name), answers: { 200: page(shown) } };
    case "listOverviews":
      return {
        summary: `Lists ${all} together with their insights`,
        query: [...filtersOf(name), STATUS],
        answers: { 200: page(refOf(overview)) },
      };
    case "get":
      return {
        summary: `Shows a ${one}`,
        query: FORMAT,
        answers: {
          200: answer("the resource", jsonOf({ anyOf: [{ $ref: shown }, { $ref: refOf(KUBERNETES_MANIFEST) }] })),
        },
      };
    case "getOverview":
      return {
        summary: `Shows a ${one} together with its insight`,
        answers: { 200: answer("the resource and its insight", jsonOf({ $ref: refOf(overview) })) },
      };
    case "put":
      return {
        summary: `Creates or replaces a ${one}`,
        body: resource,
        answers: { 200: written("replaced"), 201: written("created") },
      };
    case "delete":
      return { summary: `Deletes a ${one}`, answers: { 200: written("deleted") } };
  }
}

function filtersOf(type: string): readonly QueryParameter[] {
  const special: Readonly<Record<string, readonly QueryParameter[]>> = {
    Dataplane: [TAGS, GATEWAY],
    ExternalService: [TAGS],
    ServiceInsight: [SERVICE_TYPE],
  };
  return [...PAGE, LABEL_FILTER, ...(special[type] ?? [])];
}

function written(what: string): AnswerDescription {
  return answer(what, zod("WriteAnswer", writeAnswerSchema));
}

export function page(item: string): AnswerDescription {
  const content: Content = jsonOf({
    type: "object",
    required: ["total", "items", "next"],
    properties: {
      total: { type: "integer", description: "of all pages" },
      items: { type: "array", items: { $ref: item } },
      next: { type: ["string", "null"], description: "address of the next page" },
    },
  });
  return answer("a page", content);
}
