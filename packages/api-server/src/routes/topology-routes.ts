/** Endpoint sets with their reasons, and `/_what-if`. A global has none: services are discovered in zones. */
import { whatIfRequestSchema } from "@isthmus/api";
import type { Violation } from "@isthmus/resources";
import { parseJson, type Result } from "@isthmus/std";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import { sendJson } from "../answer.ts";
import type { ApiContext } from "../api-context.ts";
import { badRequest, failureOfWhatIf, invalid, notFound, notOnGlobal, sendFailure, titles } from "../failure.ts";
import { Query } from "../query.ts";
import type { TopologyApi } from "../topology-api.ts";
import { searchOf } from "./request-url.ts";

interface Params {
  readonly mesh: string;
  readonly name: string;
}

type Request = FastifyRequest<{ Params: Params }>;
type Handler = (request: Request, reply: FastifyReply) => FastifyReply | Promise<FastifyReply>;

/** Titles of refusals. */
const EXPLAIN = "Could not explain endpoints";
const WHAT_IF = "Could not answer what-if";
/** A question is a list of names. */
const WHAT_IF_LIMIT_BYTES = 256 * 1024;

export function addTopologyRoutes(server: FastifyInstance, context: ApiContext): void {
  const handlers = context.mode === "global" ? refusals() : answers(context);
  if (handlers === undefined) return;
  const { registry } = context;
  for (const path of pathsOf("Dataplane")) {
    server.get(`/meshes/:mesh/${path}/:name/_explain`, handlers.explain);
    server.get(`/meshes/:mesh/${path}/:name/_endpoints`, handlers.dataplane);
  }
  for (const path of pathsOf("ZoneIngress")) server.get(`/${path}/:name/_endpoints`, handlers.zoneIngress);
  for (const path of pathsOf("ZoneEgress")) server.get(`/${path}/:name/_endpoints`, handlers.zoneEgress);
  server.get("/_topology", handlers.topology);
  server.post("/_what-if", { bodyLimit: WHAT_IF_LIMIT_BYTES, config: { access: "read" } }, handlers.whatIf);

  function pathsOf(type: string): readonly string[] {
    const { path, alternativePath } = registry.get(type) ?? {};
    return [path, alternativePath].filter((each) => each !== undefined);
  }
}

type Handlers = Readonly<
  Record<"explain" | "dataplane" | "zoneIngress" | "zoneEgress" | "topology" | "whatIf", Handler>
>;

function refusals(): Handlers {
  const refuse: Handler = (_request, reply) => sendFailure(reply, notOnGlobal);
  return {
    explain: refuse,
    dataplane: refuse,
    zoneIngress: refuse,
    zoneEgress: refuse,
    topology: refuse,
    whatIf: refuse,
  };
}

function answers({ store, topology }: ApiContext): Handlers | undefined {
  if (topology === undefined) return undefined;
  const inMesh =
    (answer: Handler): Handler =>
    (request, reply) => {
      const mesh = store.get({ type: "Mesh", mesh: "", name: request.params.mesh });
      return mesh === undefined ? sendFailure(reply, notFound(titles.mesh)) : answer(request, reply);
    };
  return {
    explain: inMesh((request, reply) => {
      const { mesh, name } = request.params;
      const query = new Query(searchOf(request));
      return send(reply, topology.explain(mesh, name, { to: query.get("to"), kind: query.get("kind") }));
    }),
    dataplane: inMesh(async ({ params: { mesh, name } }, reply) =>
      found(reply, await topology.dataplaneEndpoints(mesh, name)),
    ),
    zoneIngress: ({ params: { name } }, reply) => found(reply, topology.zoneIngressEndpoints(name)),
    zoneEgress: ({ params: { name } }, reply) => found(reply, topology.zoneEgressEndpoints(name)),
    topology: (_request, reply) => sendJson(reply, 200, topology.topology()),
    whatIf: (request, reply) => answerWhatIf(topology, request.body, reply),
  };
}

function send(reply: FastifyReply, answer: Result<object, readonly Violation[]> | undefined): FastifyReply {
  if (answer === undefined) return sendFailure(reply, notFound(titles.get));
  if (!answer.ok) {
    return sendFailure(reply, { ...invalid(EXPLAIN, answer.error), detail: "The question is not valid" });
  }
  return sendJson(reply, 200, answer.value);
}

function found(reply: FastifyReply, answer: object | undefined): FastifyReply {
  return answer === undefined ? sendFailure(reply, notFound(titles.get)) : sendJson(reply, 200, answer);
}

async function answerWhatIf(topology: TopologyApi, body: unknown, reply: FastifyReply): Promise<FastifyReply> {
  const json = parseJson(typeof body === "string" ? body : "");
  if (!json.ok) return sendFailure(reply, badRequest(`the body is not JSON: ${json.error}`));
  const request = whatIfRequestSchema.safeParse(json.value);
  if (!request.success) {
    const failure = invalid(WHAT_IF, request.error.issues.map(violationOf));
    return sendFailure(reply, { ...failure, detail: "The question is not valid" });
  }
  const report = await topology.whatIf(request.data.down);
  return report.ok ? sendJson(reply, 200, report.value) : sendFailure(reply, failureOfWhatIf(report.error, WHAT_IF));
}

/** `down.zones[0]` */
function violationOf({ path, message }: z.core.$ZodIssue): Violation {
  const field = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
  return { field: field.replace(/^\./, ""), reason: message };
}
