/** `GET /_resources` and `GET /policies`: what types there are. Source: kuma v2.14.3: pkg/api-server/policies_endpoints.go. */
import type { PolicyType, ResourceType } from "@isthmus/api";
import type { TypeDescriptor } from "@isthmus/resources";
import type { FastifyInstance } from "fastify";
import { sendJson } from "../answer.ts";
import type { ApiContext } from "../api-context.ts";

export function addTypeRoutes(server: FastifyInstance, context: ApiContext): void {
  const types = context.registry.all().flatMap((type) => (type.path === undefined ? [] : [{ type, path: type.path }]));
  const resources = types.map(({ type, path }) => describeType(type, path, context));
  const policies = types.flatMap(({ type, path }) => describePolicy(type, path, context));
  server.get("/_resources", (_request, reply) => sendJson(reply, 200, { resources }));
  server.get("/policies", (_request, reply) => sendJson(reply, 200, { policies }));
}

/** Members in order of name, as Kuma's generated types have them. */
function describeType(type: TypeDescriptor, path: string, context: ApiContext): ResourceType {
  const { policy } = type;
  return {
    includeInFederation: type.kds.providedByGlobal && type.kds.consumedByZone && !type.isReadOnly,
    name: type.name,
    path,
    pluralDisplayName: type.pluralDisplayName,
    ...(policy === undefined
      ? {}
      : {
          policy: {
            hasFromTargetRef: policy.hasFrom,
            hasRulesTargetRef: policy.hasRules,
            hasToTargetRef: policy.hasTo,
            isFromAsRules: policy.isFromAsRules,
            isTargetRef: policy.isTargetRef,
          },
        }),
    // Coarser than what a write meets: clients use it to tell what is ever worth editing here.
    readOnly: context.isReadOnly === true || context.isFederated || type.isReadOnly,
    scope: type.scope,
    shortName: type.shortName ?? "",
    singularDisplayName: type.singularDisplayName,
  };
}

function describePolicy(type: TypeDescriptor, path: string, context: ApiContext): PolicyType[] {
  const { policy } = type;
  if (policy === undefined) return [];
  return [
    {
      name: type.name,
      readOnly: context.manager.isReadOnly(type),
      path,
      singularDisplayName: type.singularDisplayName,
      pluralDisplayName: type.pluralDisplayName,
      isExperimental: false,
      isTargetRefBased: policy.isTargetRef,
      isInbound: policy.hasFrom,
      isOutbound: policy.hasTo,
    },
  ];
}
