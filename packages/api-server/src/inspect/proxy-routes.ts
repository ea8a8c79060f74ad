/**
 * What a proxy runs with (`xds`, `stats`, `clusters`, as its Envoy prints it) and what it would be given (`_config`).
 * Source: kuma v2.14.3: pkg/api-server/inspect_envoy_admin_endpoints.go, resource_endpoints.go `configForProxy`.
 */
import { type Resource, textOf } from "@isthmus/resources";
import { err, type JsonObject, ok, type Result } from "@isthmus/std";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type AccessRules, accessRefusal } from "../access/access-rules.ts";
import { sendJson } from "../answer.ts";
import type { ApiContext } from "../api-context.ts";
import { badRequest, type Failure, invalid, notFound, sendFailure, titles } from "../failure.ts";
import { Query } from "../query.ts";
import { searchOf } from "../routes/request-url.ts";
import type { Inspection } from "./inspection.ts";
import { jsonPatch } from "./json-patch.ts";
import {
  failureOfInspection,
  type InspectFailure,
  type Operation,
  type ProxyInspector,
  unconnectedInspector,
} from "./proxy-inspector.ts";

interface Params {
  readonly mesh?: string;
  readonly name: string;
  readonly operation: string;
}

type Request = FastifyRequest<{ Params: Params }>;

const TITLE = "Could not execute admin operation";
const OPERATIONS: readonly Operation[] = ["xds", "stats", "clusters"];

const RIGHTS: Readonly<Record<Operation, keyof AccessRules>> = {
  xds: "viewConfigDump",
  stats: "viewStats",
  clusters: "viewClusters",
};

const NOT_ON_GLOBAL: Failure = { status: 405, title: "Method not allowed", detail: "Not allowed on global CP" };
const ELSEWHERE = "Could not connect to zone ingress that resides in another zone";

export function addProxyRoutes(server: FastifyInstance, context: ApiContext, inspection: Inspection): void {
  const routes = new ProxyRoutes(context, inspection);
  server.get("/meshes/:mesh/dataplanes/:name/:operation", routes.ask("Dataplane", "Could not get dataplane resource"));
  // Kuma says so of egresses too.
  server.get("/zoneingresses/:name/:operation", routes.ask("ZoneIngress", "Could not get zone ingress resource"));
  server.get("/zoneegresses/:name/:operation", routes.ask("ZoneEgress", "Could not get zone ingress resource"));
  for (const path of ["dataplanes", "meshgateways"]) server.get(`/meshes/:mesh/${path}/:name/_config`, routes.config);
}

class ProxyRoutes {
  readonly #context: ApiContext;
  readonly #inspection: Inspection;
  readonly #inspector: ProxyInspector;

  constructor(context: ApiContext, inspection: Inspection) {
    this.#context = context;
    this.#inspection = inspection;
    this.#inspector = context.inspector ?? unconnectedInspector(context.store, context.mode);
  }

  ask(type: string, missing: string) {
    return async (request: Request, reply: FastifyReply): Promise<FastifyReply> => {
      const { mesh = "", name } = request.params;
      const operation = OPERATIONS.find((each) => each === request.params.operation);
      if (operation === undefined) return sendFailure(reply, notFound(TITLE));
      const refusal = this.#refusal(request, operation);
      if (refusal !== undefined) return sendFailure(reply, refusal);
      const proxy = this.#inspection.store.get({ type, mesh, name });
      if (proxy === undefined) return sendFailure(reply, notFound(missing));
      if (type !== "Dataplane" && this.#isElsewhere(proxy)) return sendFailure(reply, invalid(ELSEWHERE, []));
      return this.#send(reply, operation, proxy, new Query(searchOf(request)));
    };
  }

  readonly config = async (request: Request, reply: FastifyReply): Promise<FastifyReply> => {
    if (this.#context.mode === "global") return sendFailure(reply, NOT_ON_GLOBAL);
    // Kuma shows it to everybody; but it says what a dump of the proxy says.
    const refusal = this.#refusal(request, "xds");
    if (refusal !== undefined) return sendFailure(reply, refusal);
    const { mesh = "", name } = request.params;
    if (this.#inspection.mesh(mesh) === undefined) return sendFailure(reply, notFound(titles.mesh));
    const asked = configQuestion(new Query(searchOf(request)));
    if (!asked.ok) return sendFailure(reply, asked.error);
    // A proxy that has never been connected has told nothing of what it can.
    const insight = this.#inspection.store.get({ type: "DataplaneInsight", mesh, name });
    if (insight === undefined) return sendFailure(reply, notFound("Failed to fetch dataplane insight"));
    const dataplane = this.#inspection.dataplane(mesh, name);
    if (dataplane === undefined) return sendFailure(reply, notFound("Failed to inspect proxy config"));
    const view = await this.#configView(dataplane, asked.value);
    if (view.ok) return sendJson(reply, 200, view.value);
    return sendFailure(reply, failureOfInspection(view.error, "xds", "Failed to inspect proxy config"));
  };

  async #configView(
    dataplane: Resource,
    { isShadow, withDiff }: ConfigQuestion,
  ): Promise<Result<JsonObject, InspectFailure>> {
    const config = await this.#inspector.config(dataplane, { isShadow });
    if (!config.ok || !withDiff) return config.ok ? ok({ xds: config.value }) : config;
    const current = await this.#inspector.config(dataplane, { isShadow: false });
    if (!current.ok) return current;
    return ok({ diff: jsonPatch(current.value, config.value).map((each) => ({ ...each })), xds: config.value });
  }

  async #send(reply: FastifyReply, operation: Operation, proxy: Resource, query: Query): Promise<FastifyReply> {
    const format = operation === "xds" || query.get("format") === "json" ? "json" : "text";
    const answer = await this.#answer(operation, proxy, format, query);
    if (!answer.ok) return sendFailure(reply, failureOfInspection(answer.error, operation, TITLE));
    const contentType = format === "json" ? "application/json" : "text/plain";
    // As bytes: to a text fastify would add a charset.
    return reply.code(200).header("content-type", contentType).send(Buffer.from(answer.value));
  }

  #answer(
    operation: Operation,
    proxy: Resource,
    format: "text" | "json",
    query: Query,
  ): Promise<Result<string, InspectFailure>> {
    switch (operation) {
      case "xds":
        return this.#inspector.configDump(proxy, { includeEds: goBoolean(query.get("include_eds")) === true });
      case "clusters":
        return this.#inspector.clusters(proxy, { format });
      case "stats":
        return this.#inspector.stats(proxy, { format, usedOnly: goBoolean(query.get("usedonly")) !== false });
    }
  }

  #refusal({ user }: Request, operation: Operation): Failure | undefined {
    return accessRefusal(this.#context.access, RIGHTS[operation], user, "envoy proxy info");
  }

  /** A zone asks no proxies of others. */
  #isElsewhere({ spec }: Resource): boolean {
    const { mode, zoneName = "" } = this.#context;
    const zone = textOf(spec, "zone");
    return mode === "zone" && zone !== "" && zone !== zoneName;
  }
}

interface ConfigQuestion {
  readonly isShadow: boolean;
  readonly withDiff: boolean;
}

function configQuestion(query: Query): Result<ConfigQuestion, Failure> {
  const shadow = query.get("shadow");
  const isShadow = shadow === "" ? false : goBoolean(shadow);
  if (isShadow === undefined) return err(unsupported("shadow"));
  const include = query.get("include");
  const parts = include === "" ? [] : include.split(",");
  if (parts.some((part) => part !== "diff")) return err(unsupported("include"));
  return ok({ isShadow, withDiff: parts.length > 0 });
}

const unsupported = (parameter: string): Failure =>
  badRequest(`bad request: unsupported value for query parameter '${parameter}'`);

const TRUE = ["1", "t", "T", "TRUE", "true", "True"];
const FALSE = ["0", "f", "F", "FALSE", "false", "False"];

/** As Go reads it; undefined for everything else. */
function goBoolean(text: string): boolean | undefined {
  if (TRUE.includes(text)) return true;
  return FALSE.includes(text) ? false : undefined;
}
