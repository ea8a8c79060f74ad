/** `GET /who-am-i` and `GET /config`. */
import type { FastifyInstance } from "fastify";
import { accessRefusal } from "../access/access-rules.ts";
import { sendJson } from "../answer.ts";
import type { ApiContext } from "../api-context.ts";
import { sendFailure } from "../failure.ts";

export function addSystemRoutes(server: FastifyInstance, context: ApiContext): void {
  server.get("/who-am-i", ({ user: { name, groups } }, reply) => sendJson(reply, 200, { name, groups }));

  const { config } = context;
  if (config === undefined) return;
  server.get("/config", (request, reply) => {
    const refusal = accessRefusal(context.access, "controlPlaneMetadata", request.user, "control-plane metadata");
    if (refusal !== undefined) return sendFailure(reply, refusal);
    return reply.code(200).header("content-type", "application/json").send(Buffer.from(config()));
  });
}
