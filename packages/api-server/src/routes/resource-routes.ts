/**
 * List, get, put and delete of every type that has a path. Source: kuma v2.14.3: pkg/api-server/resource_endpoints.go.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  kubernetesManifest,
  type ParseFailure,
  parseResource,
  type Resource,
  type ResourceKey,
  resourceToRest,
  type TypeDescriptor,
  type Violation,
} from "@isthmus/resources";
import { err, type JsonObject, ok, type Result } from "@isthmus/std";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { resourceRefusal } from "../access/access-rules.ts";
import { sendJson, sendText } from "../answer.ts";
import type { ApiContext } from "../api-context.ts";
import {
  badRequest,
  type Failure,
  failureOfWrite,
  invalid,
  notFound,
  readOnly,
  sendFailure,
  titles,
} from "../failure.ts";
import { parseFilters, type ResourceFilter } from "../filters.ts";
import { addServiceInsightReads } from "../insights/service-insight-routes.ts";
import { parseStatusFilter } from "../insights/status-filter.ts";
import { overviewOf } from "../overview.ts";
import { pageAnswer } from "../page-answer.ts";
import { parseOffset, parsePageSize } from "../paging.ts";
import { Query } from "../query.ts";
import { formatted } from "../resource-format.ts";
import { afterSigningKeys } from "./after-signing-keys.ts";
import { isJson } from "./content-type.ts";
import { searchOf, templateOf } from "./request-url.ts";
import { type ResourceAction, resourcePaths } from "./resource-paths.ts";

/** Some hundredths of a second. */
const TYPES_OF_A_PART = 8;

interface Params {
  readonly mesh?: string;
  readonly name?: string;
}

type Request = FastifyRequest<{ Params: Params }>;
type Handler = (request: Request, reply: FastifyReply) => FastifyReply | Promise<FastifyReply>;

/** How one resource is shown: as it is or with its insight. */
type View = (resource: Resource) => JsonObject;

type AddReads = (server: FastifyInstance, type: TypeDescriptor, context: ApiContext) => void;

/** Types that are not shown as they are stored. */
const OWN_READS: ReadonlyMap<string, AddReads> = new Map([["ServiceInsight", addServiceInsightReads]]);

/** One part for some of the types each. */
export function resourceRoutes(context: ApiContext): readonly ((server: FastifyInstance) => void)[] {
  const types = [...context.registry.all()];
  return Array.from({ length: Math.ceil(types.length / TYPES_OF_A_PART) }, (_, i) => (server: FastifyInstance) => {
    for (const type of types.slice(i * TYPES_OF_A_PART, (i + 1) * TYPES_OF_A_PART)) addType(server, type, context);
  });
}

function addType(server: FastifyInstance, type: TypeDescriptor, context: ApiContext): void {
  const routes = new TypeRoutes(type, context);
  const handlers: Readonly<Record<ResourceAction, Handler>> = {
    list: routes.list(routes.plain),
    listOverviews: routes.list(routes.listedOverview),
    get: routes.get(routes.plain),
    getOverview: routes.get(routes.overview),
    put: routes.put,
    delete: routes.delete,
  };
  const addReads = OWN_READS.get(type.name);
  addReads?.(server, type, context);
  for (const { method, url, action } of resourcePaths(type)) {
    if (method === "GET" && addReads !== undefined) continue;
    server.route({ method, url, handler: handlers[action], ...(type.isAdminOnly ? afterSigningKeys(context) : {}) });
  }
}

class TypeRoutes {
  readonly #type: TypeDescriptor;
  readonly #context: ApiContext;

  constructor(type: TypeDescriptor, context: ApiContext) {
    this.#type = type;
    this.#context = context;
  }

  readonly plain: View = (resource) => resourceToRest(this.#type, resource);
  readonly overview: View = (resource) => overviewOf(this.#type, resource, this.#context.store, true);
  readonly listedOverview: View = (resource) => overviewOf(this.#type, resource, this.#context.store, false);

  list(view: View) {
    return (request: Request, reply: FastifyReply): FastifyReply => {
      const page = this.#page(request, view);
      return page.ok ? sendJson(reply, 200, page.value) : sendFailure(reply, page.error);
    };
  }

  get(view: View) {
    return (request: Request, reply: FastifyReply): FastifyReply => {
      const address = this.#address(request);
      if (!address.ok) return sendFailure(reply, address.error);
      const resource = this.#context.store.get(address.value);
      if (resource === undefined) return sendFailure(reply, notFound(titles.get));
      const query = new Query(searchOf(request));
      const shown = formatted(query.get("format"), {
        universal: () => view(resource),
        ...(view === this.plain
          ? { kubernetes: () => kubernetesManifest(this.#type, resource, query.get("namespace") || undefined) }
          : {}),
      });
      return shown.ok ? sendJson(reply, 200, shown.value) : sendFailure(reply, invalid(titles.get, shown.error));
    };
  }

  readonly put = async (request: Request, reply: FastifyReply): Promise<FastifyReply> => {
    const { manager, mode } = this.#context;
    if (!isJson(request)) return sendText(reply, 415, "415: Unsupported Media Type");
    if (manager.isReadOnly(this.#type)) return sendFailure(reply, readOnly(mode));
    const address = this.#address(request);
    if (!address.ok) return sendFailure(reply, address.error);
    const body = typeof request.body === "string" ? request.body : "";
    const parsed = parseResource(this.#type, body, { validate: { mode } });
    if (!parsed.ok) return sendFailure(reply, failureOfParse(parsed.error));
    const written = await manager.put(this.#type, address.value, parsed.value);
    if (!written.ok) return sendFailure(reply, failureOfWrite(written.error, mode));
    const { created, warnings } = written.value;
    await isOnItsWay();
    return sendJson(reply, created ? 201 : 200, warnings.length === 0 ? {} : { warnings });
  };

  readonly delete = async (request: Request, reply: FastifyReply): Promise<FastifyReply> => {
    const { manager, mode } = this.#context;
    if (manager.isReadOnly(this.#type)) return sendFailure(reply, readOnly(mode));
    const address = this.#address(request);
    if (!address.ok) return sendFailure(reply, address.error);
    const deleted = await manager.delete(this.#type, address.value);
    if (!deleted.ok) return sendFailure(reply, failureOfWrite(deleted.error, mode));
    await isOnItsWay();
    return sendJson(reply, 200, {});
  };

  #page(request: Request, view: View): Result<JsonObject, Failure> {
    const query = new Query(searchOf(request));
    const size = parsePageSize(query);
    if (!size.ok) return size;
    const filter = this.#filter(query, templateOf(request), view);
    if (!filter.ok) return err(invalid(titles.list, filter.error));
    const mesh = this.#mesh(request);
    if (!mesh.ok) return mesh;
    const refusal = this.#refusal(request);
    if (refusal !== undefined) return err(refusal);
    const offset = parseOffset(query, size.value);
    if (!offset.ok) return offset;
    const all = this.#context.store.list(this.#type.name, mesh.value === "" ? {} : { mesh: mesh.value });
    const matching = all.filter(filter.value);
    return ok(pageAnswer(request, query, { offset: offset.value, size: size.value }, matching, view));
  }

  #filter(query: Query, route: string, view: View): Result<ResourceFilter, readonly Violation[]> {
    const filter = parseFilters(this.#type.name, query, route);
    if (!filter.ok || view !== this.listedOverview) return filter;
    const status = parseStatusFilter(this.#type, query, route, this.#context.store);
    return status.ok ? ok((resource) => filter.value(resource) && status.value(resource)) : status;
  }

  #address(request: Request): Result<ResourceKey, Failure> {
    const mesh = this.#mesh(request);
    if (!mesh.ok) return mesh;
    const refusal = this.#refusal(request);
    if (refusal !== undefined) return err(refusal);
    return ok({ type: this.#type.name, mesh: mesh.value, name: request.params.name ?? "" });
  }

  /** Before anything is looked up or read: whether a secret exists is none of a stranger's business either. */
  #refusal({ user }: Request): Failure | undefined {
    return resourceRefusal(this.#context.access, this.#type, user);
  }

  /** "" for global-scoped types and for lists over all meshes. */
  #mesh(request: Request): Result<string, Failure> {
    const name = this.#type.scope === "Mesh" ? (request.params.mesh ?? "") : "";
    if (name === "" || this.#context.store.get({ type: "Mesh", mesh: "", name }) !== undefined) return ok(name);
    return err(notFound(titles.mesh));
  }
}

/** What a commit has set in motion, such as messages to zones, leaves at the end of a turn of the event loop; the answer comes after it. */
const isOnItsWay = (): Promise<void> => nextTurn();

function failureOfParse(failure: ParseFailure): Failure {
  return failure.kind === "malformed" ? badRequest(failure.detail) : invalid(titles.process, failure.violations);
}
