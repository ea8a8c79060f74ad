/** `/sync`: the convergence ledger and the holds of the mass-change brake. */
import type { FastifyInstance } from "fastify";
import { sendJson } from "../answer.ts";
import { notFound, sendFailure } from "../failure.ts";
import type { SyncApi } from "../sync-api.ts";

const HOLDS = "/sync/holds";

export function addSyncRoutes(server: FastifyInstance, sync: SyncApi): void {
  server.get("/sync", (_request, reply) => sendJson(reply, 200, sync.status()));
  server.get(HOLDS, (_request, reply) => sendJson(reply, 200, { holds: sync.holds() }));

  // Ids hold slashes (`<zone>/<type>/<origin>`), so the verb is cut off the end.
  server.post<{ Params: { "*": string } }>(`${HOLDS}/*`, async (request, reply) => {
    const match = /^(.+)\/(accept|reject)$/.exec(request.params["*"]);
    if (match === null) return sendFailure(reply, notFound("No such action on a hold"));
    const [, id = "", verb] = match;
    const isDone = verb === "accept" ? await sync.accept(id) : await sync.reject(id);
    return isDone ? sendJson(reply, 200, {}) : sendFailure(reply, notFound(`Could not ${verb} the hold`));
  });
}
