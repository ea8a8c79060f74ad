/** Typed client of the REST API. Every answer is checked against the contract; refusals are thrown as ApiError. */
import { isJsonObject, type JsonObject } from "@isthmus/std";
import type { z } from "zod";
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
  type Index,
  indexSchema,
  type ResourceList,
  type ResourceType,
  type RestResource,
  resourceListSchema,
  resourceTypesSchema,
  restResourceSchema,
  type WriteAnswer,
  writeAnswerSchema,
} from "./resource.ts";
import { type Hold, holdsSchema, type SyncStatus, syncStatusSchema } from "./sync.ts";
import { type WhatIfReport, type WhatIfRequest, whatIfReportSchema } from "./what-if.ts";

export interface ApiClientOptions {
  /** Such as `http://127.0.0.1:5681`. */
  readonly baseUrl: string;
  readonly fetch?: typeof fetch;
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

const LARGEST_PAGE = 1000;

export class ApiClient {
  readonly #baseUrl: string;
  readonly #fetch: typeof fetch;
  readonly #token: string | undefined;
  readonly #timeoutMs: number | undefined;

  constructor(options: ApiClientOptions) {
    this.#baseUrl = options.baseUrl.replace(/\/+$/, "");
    this.#fetch = options.fetch ?? fetch;
    this.#token = options.token;
    this.#timeoutMs = options.timeoutMs;
  }

  /** All resources of a collection such as `meshes/default/meshtimeouts`, page after page. */
  async listResources(path: string, query: Omit<ListQuery, "offset"> = {}): Promise<RestResource[]> {
    const items: RestResource[] = [];
    let offset: string | undefined;
    do {
      const page = await this.page(path, { size: LARGEST_PAGE, ...query, ...(offset === undefined ? {} : { offset }) });
      items.push(...page.items);
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

  async #request<T>(method: string, path: string, schema: z.ZodType<T>, body?: unknown): Promise<T> {
    const { status, text } = await this.#send(method, path, body);
    return read(schema, status, text);
  }

  async #send(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> {
    const response = await this.#fetch(`${this.#baseUrl}/${path}`, {
      method,
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(this.#timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(this.#timeoutMs) }),
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
