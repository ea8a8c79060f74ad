/**
 * The other way round: which Dataplanes a policy, a service or a gateway is about; and the names of a service.
 * Source: kuma v2.14.3: pkg/api-server/resource_endpoints.go, inspect_mesh_service.go, inspect_endpoints.go.
 */
import { type Policy, type PolicyProxy, policyOf, selectGateway } from "@isthmus/policy";
import type { Resource, TypeDescriptor } from "@isthmus/resources";
import { err, type JsonObject, ok, type Result } from "@isthmus/std";
import { readHostnameGenerator } from "@isthmus/topology";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { sendJson } from "../answer.ts";
import type { ApiContext } from "../api-context.ts";
import { type Failure, invalid, notFound, sendFailure, titles } from "../failure.ts";
import { nextLink, parseOffset, parsePageSize } from "../paging.ts";
import { Query } from "../query.ts";
import { pathOf, searchOf } from "../routes/request-url.ts";
import { hostnamesView, NAMED_SERVICES } from "./hostnames-view.ts";
import type { Inspection } from "./inspection.ts";
import { gatewayDataplanesView, policyAttachmentsView } from "./legacy-views.ts";
import { metaOf } from "./meta.ts";
import { remembered } from "./remembered.ts";
import { isMemberOf, isSelectedByPolicy, isSelectedByTags } from "./selected-dataplanes.ts";

interface Params {
  readonly mesh: string;
  readonly name: string;
  readonly service: string;
}

type Request = FastifyRequest<{ Params: Params }>;
type Answer = Result<JsonObject, Failure>;

/** Whether a Dataplane belongs to what was asked about. */
type Selector = (proxy: PolicyProxy) => boolean;

export function addSelectionRoutes(server: FastifyInstance, context: ApiContext, inspection: Inspection): void {
  const routes = new SelectionRoutes(context, inspection);
  const get = (path: string, answer: (request: Request) => Answer): void => {
    server.get(path, (request: Request, reply: FastifyReply) => {
      const answered = answer(request);
      return answered.ok ? sendJson(reply, 200, answered.value) : sendFailure(reply, answered.error);
    });
  };
  for (const type of context.registry.all()) {
    if (type.policy === undefined || type.path === undefined) continue;
    const item = `/meshes/:mesh/${type.path}/:name`;
    get(`${item}/_resources/dataplanes`, routes.dataplanesOfPolicy(type));
    if (type.name === "MeshGateway" || type.name === "MeshGatewayRoute") continue;
    get(`${item}/dataplanes`, routes.attachments(type));
  }
  get("/meshes/:mesh/meshservices/:name/_resources/dataplanes", routes.dataplanesOfService);
  get("/meshes/:mesh/meshservices/:name/_dataplanes", routes.dataplanesOfService);
  get("/meshes/:mesh/meshgateways/:name/dataplanes", routes.dataplanesOfGateway);
  get("/meshes/:mesh/:service/:name/_hostnames", routes.hostnames);
}

class SelectionRoutes {
  readonly #context: ApiContext;
  readonly #inspection: Inspection;
  readonly #generatorOf = remembered(readHostnameGenerator);

  constructor(context: ApiContext, inspection: Inspection) {
    this.#context = context;
    this.#inspection = inspection;
  }

  dataplanesOfPolicy(type: TypeDescriptor): (request: Request) => Answer {
    return (request) => {
      const { mesh } = request.params;
      if (this.#inspection.mesh(mesh) === undefined) return err(notFound(titles.mesh));
      return this.#dataplanes(request, type.name, (policy) => {
        if (type.policy?.isTargetRef !== true) return (proxy) => isSelectedByTags(policy, proxy);
        return this.#selectorOf(policyOf(policy));
      });
    };
  }

  readonly dataplanesOfService = (request: Request): Answer =>
    this.#dataplanes(request, "MeshService", (service) => (proxy) => isMemberOf(service, proxy));

  /** Sidecars only: what a builtin gateway makes of policies is a matter of its routes. */
  attachments(type: TypeDescriptor): (request: Request) => Answer {
    return ({ params: { mesh, name } }) => {
      if (this.#inspection.mesh(mesh) === undefined) return err(notFound("Could not list Dataplanes"));
      const policy = this.#inspection.store.get({ type: type.name, mesh, name });
      const isAttached =
        type.policy?.isTargetRef === true && policy !== undefined && this.#selectorOf(policyOf(policy));
      const sidecars = this.#proxies(mesh).filter(({ gateway }) => gateway?.kind !== "builtin");
      return ok(policyAttachmentsView(isAttached === false ? [] : sidecars.filter(isAttached)));
    };
  }

  readonly dataplanesOfGateway = ({ params: { mesh, name } }: Request): Answer => {
    if (this.#inspection.mesh(mesh) === undefined) return err(notFound("Could not build mesh context"));
    const gateway = this.#inspection.store.get({ type: "MeshGateway", mesh, name });
    if (gateway === undefined) return err(notFound("Could not find MeshGateway"));
    const isOf = ({ dataplane }: PolicyProxy): boolean => selectGateway(dataplane, [gateway]) !== undefined;
    return ok(gatewayDataplanesView(this.#proxies(mesh).filter(isOf)));
  };

  readonly hostnames = ({ params: { mesh, service: path, name } }: Request): Answer => {
    const kind = NAMED_SERVICES.get(path);
    if (kind === undefined) {
      const paths = [...NAMED_SERVICES.keys()].join(",");
      return err(invalid(`only ${JSON.stringify(paths)} are available for inspection`, []));
    }
    const service = this.#inspection.store.get({ type: kind, mesh, name });
    if (service === undefined) return err(notFound("could not retrieve service"));
    const generators = this.#inspection.store.list("HostnameGenerator").map(this.#generatorOf);
    return ok(hostnamesView(service, kind, generators, this.#context.mode));
  };

  /** A page of those that belong to the resource asked about. */
  #dataplanes(request: Request, type: string, selectorOf: (resource: Resource) => Selector): Answer {
    const { mesh, name } = request.params;
    const title = "Could not retrieve policy";
    const query = new Query(searchOf(request));
    const size = parsePageSize(query);
    if (!size.ok) return err({ ...size.error, title });
    const resource = this.#inspection.store.get({ type, mesh, name });
    if (resource === undefined) return err(notFound(title));
    const offset = parseOffset(query, size.value);
    if (!offset.ok) return err({ ...offset.error, title: "failed inspect" });
    const part = query.get("name");
    const isSelected = selectorOf(resource);
    const matching = this.#proxies(mesh).filter((proxy) => proxy.dataplane.name.includes(part) && isSelected(proxy));
    const next = nextLink({
      origin: `${request.protocol}://${request.host}`,
      path: pathOf(request),
      query,
      offset: offset.value,
      size: size.value,
      total: matching.length,
    });
    return ok({
      items: matching.slice(offset.value, offset.value + size.value).map(({ dataplane }) => metaOf(dataplane)),
      ...(next === null ? {} : { next }),
      total: matching.length,
    });
  }

  #selectorOf(policy: Policy): Selector {
    const routes = this.#inspection.routes(policy.resource.mesh);
    return (proxy) => isSelectedByPolicy(policy, proxy, routes);
  }

  #proxies(mesh: string): readonly PolicyProxy[] {
    return this.#inspection.store.list("Dataplane", { mesh }).map((dataplane) => this.#inspection.proxy(dataplane));
  }
}
