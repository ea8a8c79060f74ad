/** Typed client of the REST API. Every answer is checked against the contract; refusals are thrown as ApiError. */
import { isJsonObject, type JsonObject } from "@isthmus/std";
import type { z } from "zod";
import { type Changes, type ChangesQuery, changesSchema } from "./changes.ts";
import {
  type DataplaneEndpoints,
  dataplaneEndpointsSchema,
  type Explanation,
  explanationSchema,
  type Topology,
  topologySchema,
  type ZoneProxyEndpoints,
  zoneProxyEndpointsSchema,
} from "./endpoints.ts";
import { ApiError } from "./error.ts";
import {
  type DataplanePolicies,
  dataplanePoliciesSchema,
  type Hostnames,
  hostnamesSchema,
  type MatchedDataplanes,
  matchedDataplanesSchema,
  type PolicyDataplanes,
  policyDataplanesSchema,
} from "./inspect.ts";
import {
  type Index,
  indexSchema,
  jsonObjectSchema,
  type ResourceList,
  type ResourceType,
  type RestResource,
  resourceListSchema,
  resourceTypesSchema,
  restResourceSchema,
  type WhoAmI,
  type WriteAnswer,
  whoAmISchema,
  writeAnswerSchema,
} from "./resource.ts";
import { type Hold, holdsSchema, type SyncStatus, syncStatusSchema } from "./sync.ts";
import type { DataplaneTokenRequest, UserTokenRequest, ZoneTokenRequest } from "./token.ts";
import { type WhatIfReport, type WhatIfRequest, whatIfReportSchema } from "./what-if.ts";

/** What the client needs of `fetch`. */
export type Send = (
  url: string,
  init: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly signal?: AbortSignal;
  },
) => Promise<Answer>;

export interface Answer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}

export interface ApiClientOptions {
  /** Such as `http://127.0.0.1:5681`. */
  readonly baseUrl: string;
  /** The one of the platform when left out. */
  readonly fetch?: Send;
  /** Bearer token. */
  readonly token?: string;
  /** Limit of one request, connection included; no limit when left out. */
  readonly timeoutMs?: number;
}

export interface ListQuery {
  /** Items per page, 1 to 1,000. */
  readonly size?: number;
  readonly offset?: string;
  /** Part of the name. */
  readonly name?: string;
  /** Exact labels, all of which must match. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Of Dataplanes: `key:value` each, all on one inbound. */
  readonly tags?: readonly string[];
  /** Of Dataplanes: `true`, `false`, `builtin` or `delegated`. */
  readonly gateway?: string;
}

export interface WriteResult {
  readonly created: boolean;
  readonly warnings: readonly string[];
}

export interface ExplainQuery {
  /** `<service>[:<port>]`. */
  readonly to: string;
  /** `MeshService`, `MeshMultiZoneService`, `MeshExternalService` or `legacy`; left out: any. */
  readonly kind?: string;
}

/** Of a question that is to wait, or is given up. */
interface Patience {
  readonly waitMs?: number;
  readonly signal?: AbortSignal | undefined;
}

const LARGEST_PAGE = 1000;

export class ApiClient {
  readonly #baseUrl: string;
  readonly #fetch: Send;
  readonly #token: string | undefined;
  readonly #timeoutMs: number | undefined;

  constructor(options: ApiClientOptions) {
    this.#baseUrl = options.baseUrl.replace(/\/+$/, "");
    this.#fetch = options.fetch ?? fetch;
    this.#token = options.token;
    this.#timeoutMs = options.timeoutMs;
  }

  /** All resources of a collection such as `meshes/default/meshtimeouts`, page after page; `onPage` is told how many of how many. */
  async listResources(
    path: string,
    query: Omit<ListQuery, "offset"> = {},
    onPage: (loaded: number, total: number) => void = () => {},
  ): Promise<RestResource[]> {
    const items: RestResource[] = [];
    let offset: string | undefined;
    do {
      const page = await this.page(path, { size: LARGEST_PAGE, ...query, ...(offset === undefined ? {} : { offset }) });
      items.push(...page.items);
      onPage(items.length, page.total);
      // Only the offset is taken from the link: its host is what the server thinks it is called.
      offset = page.next === null ? undefined : (new URL(page.next).searchParams.get("offset") ?? undefined);
    } while (offset !== undefined);
    return items;
  }

  async page(path: string, query: ListQuery = {}): Promise<ResourceList> {
    const search = new URLSearchParams();
    if (query.size !== undefined) search.set("size", String(query.size));
    if (query.offset !== undefined) search.set("offset", query.offset);
    if (query.name !== undefined) search.set("name", query.name);
    for (const [key, value] of Object.entries(query.labels ?? {})) search.set(`filter[labels.${key}]`, value);
    for (const tag of query.tags ?? []) search.append("tag", tag);
    if (query.gateway !== undefined) search.set("gateway", query.gateway);
    const suffix = search.size === 0 ? "" : `?${search.toString()}`;
    return this.#request("GET", `${encodePath(path)}${suffix}`, resourceListSchema);
  }

  get(path: string): Promise<RestResource> {
    return this.#request("GET", encodePath(path), restResourceSchema);
  }

  /** Like `get`, but undefined where there is no such resource. */
  async find(path: string): Promise<RestResource | undefined> {
    try {
      return await this.get(path);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404 && error.detail === "Not found") return undefined;
      throw error;
    }
  }

  /** The manifest that Kubernetes takes. */
  kubernetesManifest(path: string): Promise<JsonObject> {
    return this.#request("GET", `${encodePath(path)}?format=kubernetes`, jsonObjectSchema);
  }

  async put(path: string, resource: JsonObject | RestResource): Promise<WriteResult> {
    const { status, text } = await this.#send("PUT", encodePath(path), resource);
    const { warnings = [] } = read(writeAnswerSchema, status, text);
    return { created: status === 201, warnings };
  }

  delete(path: string): Promise<WriteAnswer> {
    return this.#request("DELETE", encodePath(path), writeAnswerSchema);
  }

  index(): Promise<Index> {
    return this.#request("GET", "", indexSchema);
  }

  /** The settings of the server, secrets masked. */
  config(): Promise<JsonObject> {
    return this.#request("GET", "config", jsonObjectSchema);
  }

  whoAmI(): Promise<WhoAmI> {
    return this.#request("GET", "who-am-i", whoAmISchema);
  }

  /** An answer that is no JSON, or whose JSON is passed on as it is: what the proxy of a resource says about itself. */
  async text(path: string, query: Readonly<Record<string, string>> = {}): Promise<string> {
    const search = new URLSearchParams(query);
    return (await this.#send("GET", `${encodePath(path)}${search.size === 0 ? "" : `?${search.toString()}`}`)).text;
  }

  dataplanePolicies(mesh: string, name: string): Promise<DataplanePolicies> {
    return this.#request("GET", encodePath(`meshes/${mesh}/dataplanes/${name}/policies`), dataplanePoliciesSchema);
  }

  /** Proxies that a policy is about, with where it is attached; `path` is that of the policy. */
  policyDataplanes(path: string): Promise<PolicyDataplanes> {
    return this.#request("GET", `${encodePath(path)}/dataplanes`, policyDataplanesSchema);
  }

  /** Proxies that a policy or a service selects. */
  matchedDataplanes(
    path: string,
    { size, offset }: Pick<ListQuery, "size" | "offset"> = {},
  ): Promise<MatchedDataplanes> {
    const search = new URLSearchParams({
      ...(size === undefined ? {} : { size: String(size) }),
      ...(offset === undefined ? {} : { offset }),
    });
    const suffix = search.size === 0 ? "" : `?${search.toString()}`;
    return this.#request("GET", `${encodePath(path)}/_resources/dataplanes${suffix}`, matchedDataplanesSchema);
  }

  hostnames(path: string): Promise<Hostnames> {
    return this.#request("GET", `${encodePath(path)}/_hostnames`, hostnamesSchema);
  }

  dataplaneToken(request: DataplaneTokenRequest): Promise<string> {
    return this.#issueToken("dataplane", request);
  }

  zoneToken(request: ZoneTokenRequest): Promise<string> {
    return this.#issueToken("zone", request);
  }

  userToken(request: UserTokenRequest): Promise<string> {
    return this.#issueToken("user", request);
  }

  /** Resolves when a resource of the types has changed, or nothing has for so long. Only Isthmus answers. */
  changes({ types = [], after, waitMs = 0 }: ChangesQuery, signal?: AbortSignal): Promise<Changes> {
    const search = new URLSearchParams();
    for (const type of types) search.append("type", type);
    if (after !== undefined) search.set("after", String(after));
    if (waitMs > 0) search.set("wait", String(Math.ceil(waitMs / 1000)));
    return this.#request("GET", `_changes?${search.toString()}`, changesSchema, undefined, { waitMs, signal });
  }

  /** All types that the server has, in order of name. */
  async resourceTypes(): Promise<readonly ResourceType[]> {
    return (await this.#request("GET", "_resources", resourceTypesSchema)).resources;
  }

  syncStatus(): Promise<SyncStatus> {
    return this.#request("GET", "sync", syncStatusSchema);
  }

  async holds(): Promise<readonly Hold[]> {
    return (await this.#request("GET", "sync/holds", holdsSchema)).holds;
  }

  /** Lets the deletions of a hold happen. */
  async acceptHold(id: string): Promise<void> {
    await this.#request("POST", `sync/holds/${encodePath(id)}/accept`, writeAnswerSchema);
  }

  /** Keeps the resources of a hold for good. */
  async rejectHold(id: string): Promise<void> {
    await this.#request("POST", `sync/holds/${encodePath(id)}/reject`, writeAnswerSchema);
  }

  /** Where the Dataplane may send the traffic of one service, and why not elsewhere. Only a zone answers. */
  explain(mesh: string, dataplane: string, { to, kind }: ExplainQuery): Promise<Explanation> {
    const search = new URLSearchParams({ to, ...(kind === undefined ? {} : { kind }) });
    const path = `meshes/${encodeURIComponent(mesh)}/dataplanes/${encodeURIComponent(dataplane)}/_explain`;
    return this.#request("GET", `${path}?${search.toString()}`, explanationSchema);
  }

  /** All that the Dataplane gets; of a zone proxy what its listeners forward. Only a zone answers. */
  dataplaneEndpoints(mesh: string, name: string): Promise<DataplaneEndpoints> {
    const path = `meshes/${encodeURIComponent(mesh)}/dataplanes/${encodeURIComponent(name)}/_endpoints`;
    return this.#request("GET", path, dataplaneEndpointsSchema);
  }

  zoneIngressEndpoints(name: string): Promise<ZoneProxyEndpoints> {
    return this.#request("GET", `zoneingresses/${encodeURIComponent(name)}/_endpoints`, zoneProxyEndpointsSchema);
  }

  zoneEgressEndpoints(name: string): Promise<ZoneProxyEndpoints> {
    return this.#request("GET", `zoneegresses/${encodeURIComponent(name)}/_endpoints`, zoneProxyEndpointsSchema);
  }

  topology(): Promise<Topology> {
    return this.#request("GET", "_topology", topologySchema);
  }

  /** What would change in the zone that is asked. */
  whatIf(down: Partial<WhatIfRequest["down"]>): Promise<WhatIfReport> {
    return this.#request("POST", "_what-if", whatIfReportSchema, { down });
  }

  async #issueToken(kind: string, request: unknown): Promise<string> {
    return (await this.#send("POST", `tokens/${kind}`, request)).text.trim();
  }

  async #request<T>(
    method: string,
    path: string,
    schema: z.ZodType<T>,
    body?: unknown,
    patience: Patience = {},
  ): Promise<T> {
    const { status, text } = await this.#send(method, path, body, patience);
    return read(schema, status, text);
  }

  async #send(
    method: string,
    path: string,
    body?: unknown,
    { waitMs = 0, signal }: Patience = {},
  ): Promise<{ status: number; text: string }> {
    const limit = this.#timeoutMs === undefined ? [] : [AbortSignal.timeout(this.#timeoutMs + waitMs)];
    const signals = [...limit, ...(signal === undefined ? [] : [signal])];
    const response = await this.#fetch(`${this.#baseUrl}/${path}`, {
      method,
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }),
    });
    const text = await response.text();
    if (response.status >= 400) throw ApiError.fromBody(response.status, text);
    return { status: response.status, text };
  }
}

function read<T>(schema: z.ZodType<T>, status: number, text: string): T {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new ApiError({ status, title: "Unexpected answer", detail: text.slice(0, 200) }, { cause });
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const what = isJsonObject(body) ? Object.keys(body).join(", ") : typeof body;
  throw new ApiError(
    { status, title: "Unexpected answer", detail: `the server answered with ${what}` },
    { cause: parsed.error },
  );
}

/** Segments may hold anything but a slash; a leading slash is allowed. */
function encodePath(path: string): string {
  return path.replace(/^\/+/, "").split("/").map(encodeURIComponent).join("/");
}
