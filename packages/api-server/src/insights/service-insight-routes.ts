/** Services of a mesh or of all meshes, one item each. Source: kuma v2.14.3: pkg/api-server/service_insight_endpoints.go. */
import type { TypeDescriptor } from "@isthmus/resources";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { sendJson } from "../answer.ts";
import type { ApiContext } from "../api-context.ts";
import { type Failure, notFound, sendFailure, titles } from "../failure.ts";
import { pageAnswer } from "../page-answer.ts";
import { parseOffset, parsePageSize } from "../paging.ts";
import { Query } from "../query.ts";
import { searchOf } from "../routes/request-url.ts";
import { namedServiceItem, parseServiceTypes, serviceInsightName, serviceItems } from "./service-items.ts";

type Request = FastifyRequest<{ Params: { readonly mesh?: string; readonly name?: string } }>;

const PAGING_TITLE = "Could not paginate resources";

export function addServiceInsightReads(server: FastifyInstance, type: TypeDescriptor, { store }: ApiContext): void {
  const { name: typeName, path = "" } = type;

  const inMesh = (request: Request): Failure | undefined => {
    const { mesh } = request.params;
    const isThere = mesh === undefined || store.get({ type: "Mesh", mesh: "", name: mesh }) !== undefined;
    return isThere ? undefined : notFound(titles.mesh);
  };

  const list = (request: Request, reply: FastifyReply): FastifyReply => {
    const missing = inMesh(request);
    if (missing !== undefined) return sendFailure(reply, missing);
    const query = new Query(searchOf(request));
    const types = parseServiceTypes(query.get("type"));
    if (!types.ok) return sendFailure(reply, types.error);
    const size = parsePageSize(query);
    if (!size.ok) return sendFailure(reply, { ...size.error, title: PAGING_TITLE });
    const offset = parseOffset(query, size.value);
    if (!offset.ok) return sendFailure(reply, { ...offset.error, title: PAGING_TITLE });
    const { mesh } = request.params;
    const insights = store.list(typeName, mesh === undefined ? {} : { mesh });
    const items = serviceItems(type, insights, { name: query.get("name"), types: types.value });
    const page = { offset: offset.value, size: size.value };
    return sendJson(
      reply,
      200,
      pageAnswer(request, query, page, items, (item) => item.show()),
    );
  };

  server.get(`/meshes/:mesh/${path}`, list);
  server.get(`/${path}`, list);
  server.get(`/meshes/:mesh/${path}/:name`, (request: Request, reply) => {
    const missing = inMesh(request);
    if (missing !== undefined) return sendFailure(reply, missing);
    const { mesh = "", name = "" } = request.params;
    const insight = store.get({ type: typeName, mesh, name: serviceInsightName(mesh) });
    if (insight === undefined) return sendFailure(reply, notFound(titles.get));
    return sendJson(reply, 200, namedServiceItem(type, insight, name));
  });
}
