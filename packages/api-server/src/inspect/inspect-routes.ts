/** All inspect endpoints of both roles. */
import type { FastifyInstance } from "fastify";
import type { ApiContext } from "../api-context.ts";
import { addDataplaneRoutes } from "./dataplane-routes.ts";
import { Inspection } from "./inspection.ts";
import { addProxyRoutes } from "./proxy-routes.ts";
import { addSelectionRoutes } from "./selection-routes.ts";

export function addInspectRoutes(server: FastifyInstance, context: ApiContext): void {
  const inspection = new Inspection(context.registry, context.store, context.zoneName ?? "");
  addDataplaneRoutes(server, context, inspection);
  addSelectionRoutes(server, context, inspection);
  addProxyRoutes(server, context, inspection);
}
