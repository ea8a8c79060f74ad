/**
 * What policies say about one proxy: `_rules`, `_policies`, `_routes`, `_layout` and what came before them.
 * Source: kuma v2.14.3: pkg/api-server/resource_endpoints.go, dataplane_layout_endpoint.go, inspect_endpoints.go.
 */
import { type PolicyProxy, proxyOf } from "@isthmus/policy";
import { type Kri, labelsOf, objectsOf, parseKri, type Resource, type TypeDescriptor } from "@isthmus/resources";
import { err, type JsonObject, ok, type Result } from "@isthmus/std";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { sendJson } from "../answer.ts";
import type { ApiContext } from "../api-context.ts";
import { badRequest, type Failure, internal, notFound, sendFailure, titles } from "../failure.ts";
import { type Inspection, isExclusive, type KindPolicies } from "./inspection.ts";
import { layoutView } from "./layout-view.ts";
import { attachedPoliciesView, attachedRulesView, gatewayPoliciesView } from "./legacy-views.ts";
import {
  type Destinations,
  inboundPoliciesView,
  outboundPoliciesView,
  proxyPoliciesView,
  ROUTE_TYPES,
  routesView,
} from "./policy-views.ts";
import { rulesView } from "./rules-view.ts";

interface Params {
  readonly mesh: string;
  readonly name: string;
  readonly inbound: string;
  readonly outbound: string;
  readonly route: string;
}

type Request = FastifyRequest<{ Params: Params }>;
type Answer = Result<JsonObject, Failure>;

/** A Dataplane of a mesh whose services are resources only. */
interface Subject {
  readonly mesh: Resource;
  readonly proxy: PolicyProxy;
}

export function addDataplaneRoutes(server: FastifyInstance, context: ApiContext, inspection: Inspection): void {
  const routes = new DataplaneRoutes(context, inspection);
  const get = (path: string, answer: (params: Params) => Answer): void => {
    server.get(path, (request: Request, reply: FastifyReply) => {
      const answered = answer(request.params);
      return answered.ok ? sendJson(reply, 200, answered.value) : sendFailure(reply, answered.error);
    });
  };
  get("/meshes/:mesh/dataplanes/:name/_rules", routes.rules);
  get("/meshes/:mesh/meshgateways/:name/_rules", routes.gatewayRules);
  get("/meshes/:mesh/dataplanes/:name/_layout", routes.layout);
  get("/meshes/:mesh/dataplanes/:name/_policies", routes.policies);
  get("/meshes/:mesh/dataplanes/:name/_inbounds/:inbound/_policies", routes.inboundPolicies);
  get("/meshes/:mesh/dataplanes/:name/_outbounds/:outbound/_policies", routes.outboundPolicies);
  get("/meshes/:mesh/dataplanes/:name/_outbounds/:outbound/_routes", routes.routes);
  get("/meshes/:mesh/dataplanes/:name/_outbounds/:outbound/_routes/:route/_policies", routes.routePolicies);
  get("/meshes/:mesh/dataplanes/:name/policies", routes.attachedPolicies);
  get("/meshes/:mesh/dataplanes/:name/rules", routes.attachedRules);
}

class DataplaneRoutes {
  readonly #context: ApiContext;
  readonly #inspection: Inspection;
  readonly #dataplaneType: TypeDescriptor | undefined;

  constructor(context: ApiContext, inspection: Inspection) {
    this.#context = context;
    this.#inspection = inspection;
    this.#dataplaneType = context.registry.get("Dataplane");
  }

  readonly rules = ({ mesh, name }: Params): Answer => {
    const found = this.#inMesh(mesh, titles.mesh);
    if (!found.ok) return found;
    const dataplane = this.#inspection.dataplane(mesh, name);
    if (dataplane === undefined) return err(notFound("Could not retrieve Dataplane"));
    return ok(this.#rulesOf(found.value, dataplane, this.#inspection.proxy(dataplane)));
  };

  /** Those of a proxy that the first selector of the MeshGateway would select. */
  readonly gatewayRules = ({ mesh, name }: Params): Answer => {
    const found = this.#inMesh(mesh, titles.mesh);
    if (!found.ok) return found;
    const gateway = this.#inspection.store.get({ type: "MeshGateway", mesh, name });
    if (gateway === undefined) return err(notFound("Could not retrieve MeshGateway"));
    const [selector] = objectsOf(gateway.spec, "selectors");
    if (selector === undefined) {
      return err({ ...badRequest("no selectors on MeshGateway this is not supported"), title: "Invalid MeshGateway" });
    }
    const tags = { ...labelsOf(selector, "match") };
    const dataplane = { ...gateway, spec: { networking: { gateway: { type: "BUILTIN", tags } } } };
    return ok(this.#rulesOf(found.value, gateway, proxyOf(dataplane, gateway)));
  };

  readonly layout = ({ mesh, name }: Params): Answer => {
    const found = this.#inMesh(mesh, "Failed to build MeshContext");
    if (!found.ok) return found;
    if (!isExclusive(found.value)) return err(withoutServices("_layout"));
    const dataplane = this.#inspection.dataplane(mesh, name);
    if (dataplane === undefined) return err(notFound("Failed to retrieve Dataplane"));
    if (this.#dataplaneType === undefined) return err(internal("Failed to retrieve Dataplane"));
    return ok(
      layoutView({
        dataplane,
        descriptor: this.#dataplaneType,
        world: this.#inspection.world(mesh),
      }),
    );
  };

  readonly policies = (params: Params): Answer => {
    const subject = this.#subject(params);
    return subject.ok ? ok(proxyPoliciesView(this.#policiesOf(subject.value.proxy))) : subject;
  };

  readonly inboundPolicies = (params: Params): Answer => {
    const subject = this.#subject(params);
    if (!subject.ok) return subject;
    const kri = this.#kri(params.inbound);
    if (!kri.ok) return kri;
    const { proxy } = subject.value;
    const view = inboundPoliciesView(this.#policiesOf(proxy), proxy, kri.value.section);
    return view === undefined
      ? err({ ...notFound("Failed building response"), detail: "inbound not found" })
      : ok(view);
  };

  readonly outboundPolicies = (params: Params): Answer => {
    const asked = this.#destinations(params);
    return asked.ok ? ok(outboundPoliciesView(this.#policiesOf(asked.value.proxy), asked.value)) : asked;
  };

  readonly routes = (params: Params): Answer => {
    const asked = this.#destinations(params);
    if (!asked.ok) return asked;
    return ok(routesView(this.#policiesOf(asked.value.proxy, isRoute), asked.value));
  };

  readonly routePolicies = (params: Params): Answer => {
    const asked = this.#destinations(params);
    if (!asked.ok) return asked;
    const route = this.#kri(params.route);
    if (!route.ok) return route;
    const all = this.#policiesOf(asked.value.proxy, (name) => !isRoute(name));
    return ok(outboundPoliciesView(all, { ...asked.value, route: route.value }));
  };

  readonly attachedPolicies = ({ mesh, name }: Params): Answer => {
    const proxy = this.#proxyBefore(mesh, name);
    if (!proxy.ok) return proxy;
    if (proxy.value.gateway?.kind === "builtin") return ok(gatewayPoliciesView(proxy.value));
    return ok(attachedPoliciesView(this.#policiesOf(proxy.value)));
  };

  readonly attachedRules = ({ mesh, name }: Params): Answer => {
    const proxy = this.#proxyBefore(mesh, name);
    if (!proxy.ok) return proxy;
    return ok(attachedRulesView(this.#policiesOf(proxy.value), proxy.value, this.#inspection.routes(mesh)));
  };

  #rulesOf(mesh: Resource, resource: Resource, proxy: PolicyProxy): JsonObject {
    return rulesView({
      resource,
      proxy,
      policies: this.#policiesOf(proxy),
      targets: this.#inspection.targets(mesh.name),
      routes: this.#inspection.routes(mesh.name),
      isExclusive: isExclusive(mesh),
    });
  }

  #policiesOf(proxy: PolicyProxy, isAsked: (type: string) => boolean = () => true): readonly KindPolicies[] {
    return this.#inspection.kinds
      .filter(({ name }) => isAsked(name))
      .map((kind) => this.#inspection.policiesOf(kind, proxy));
  }

  #subject({ mesh, name }: Params): Result<Subject, Failure> {
    const found = this.#inMesh(mesh, titles.mesh);
    if (!found.ok) return found;
    const dataplane = this.#inspection.dataplane(mesh, name);
    if (dataplane === undefined) return err(notFound("Could not retrieve Dataplane"));
    if (!isExclusive(found.value)) return err(withoutServices("_policies"));
    return ok({ mesh: found.value, proxy: this.#inspection.proxy(dataplane) });
  }

  #destinations(params: Params): Result<Destinations & Pick<Subject, "proxy">, Failure> {
    const subject = this.#subject(params);
    if (!subject.ok) return subject;
    const outbound = this.#kri(params.outbound);
    if (!outbound.ok) return outbound;
    const { mesh } = params;
    const targets = this.#inspection.targets(mesh);
    return ok({ mesh, proxy: subject.value.proxy, targets, outbound: outbound.value });
  }

  #proxyBefore(mesh: string, name: string): Result<PolicyProxy, Failure> {
    const found = this.#inMesh(mesh, "Could not build MeshContext");
    if (!found.ok) return found;
    const dataplane = this.#inspection.dataplane(mesh, name);
    return dataplane === undefined
      ? err(notFound("Could not get MatchedPolicies"))
      : ok(this.#inspection.proxy(dataplane));
  }

  #inMesh(name: string, title: string): Result<Resource, Failure> {
    const mesh = this.#inspection.mesh(name);
    return mesh === undefined ? err(notFound(title)) : ok(mesh);
  }

  #kri(text: string): Result<Kri, Failure> {
    const kri = parseKri(text, this.#context.registry);
    return kri.ok ? kri : err(badRequest(`bad request: ${kri.error}`));
  }
}

const isRoute = (type: string): boolean => ROUTE_TYPES.includes(type);

function withoutServices(endpoint: string): Failure {
  return badRequest(`bad request: can't use ${endpoint} endpoint without meshService enabled`);
}
