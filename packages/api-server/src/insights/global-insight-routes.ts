/** `GET /global-insight` and `GET /global-insights`. */
import { type Clock, systemClock } from "@isthmus/std";
import type { FastifyInstance } from "fastify";
import { sendJson } from "../answer.ts";
import type { ApiContext } from "../api-context.ts";
import { globalInsight, globalInsights } from "./global-insight.ts";

export function addGlobalInsightRoutes(
  server: FastifyInstance,
  context: ApiContext & { readonly clock?: Clock },
): void {
  const { clock = systemClock } = context;
  const now = (): string => new Date(clock.now()).toISOString();
  server.get("/global-insight", (_request, reply) => sendJson(reply, 200, globalInsight(context, now())));
  server.get("/global-insights", (_request, reply) => sendJson(reply, 200, globalInsights(context, now())));
}
