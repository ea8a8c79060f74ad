/** `GET /_kri/{kri}`: a resource by its identity. Source: kuma v2.14.3: pkg/api-server/kri_endpoint.go. */
import {
  hashedName,
  type Kri,
  kriOf,
  kubernetesManifest,
  NAMESPACE_LABEL,
  parseKri,
  type Resource,
  resourceToRest,
  ZONE_LABEL,
} from "@isthmus/resources";
import type { Store } from "@isthmus/store";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { resourceRefusal } from "../access/access-rules.ts";
import { sendJson } from "../answer.ts";
import type { ApiContext } from "../api-context.ts";
import { badRequest, invalid, notFound, sendFailure, titles } from "../failure.ts";
import { Query } from "../query.ts";
import { formatted } from "../resource-format.ts";
import { searchOf } from "./request-url.ts";

type Request = FastifyRequest<{ Params: { readonly kri?: string } }>;

export function addKriRoute(server: FastifyInstance, { registry, store, access }: ApiContext): void {
  server.get("/_kri/:kri", (request: Request, reply) => {
    const kri = parseKri(request.params.kri ?? "", registry);
    if (!kri.ok) return sendFailure(reply, badRequest(`bad request: ${kri.error}`));
    const type = registry.get(kri.value.type);
    const refusal = type === undefined ? undefined : resourceRefusal(access, type, request.user);
    if (refusal !== undefined) return sendFailure(reply, refusal);
    const resource = resourceOfKri(store, kri.value);
    if (resource === undefined || type === undefined) return sendFailure(reply, notFound(titles.get));
    const shown = formatted(new Query(searchOf(request)).get("format"), {
      universal: () => resourceToRest(type, resource),
      kubernetes: () => kubernetesManifest(type, resource, kri.value.namespace || undefined),
    });
    return shown.ok ? sendJson(reply, 200, shown.value) : sendFailure(reply, invalid(titles.format, shown.error));
  });
}

/**
 * A resource is stored under its own name where it was written and under the hashed one everywhere else. Both are asked
 * for, and what is found has to be what was meant: its labels say where it comes from, so this control plane does not have
 * to know its own zone. The section is not looked at.
 */
function resourceOfKri(store: Store, kri: Kri): Resource | undefined {
  const { type, mesh, zone, namespace, name } = kri;
  const hashed = hashedName({
    mesh,
    name,
    labels: {
      ...(zone === "" ? {} : { [ZONE_LABEL]: zone }),
      ...(namespace === "" ? {} : { [NAMESPACE_LABEL]: namespace }),
    },
  });
  return [name, hashed]
    .map((stored) => store.get({ type, mesh, name: stored }))
    .find((found) => found !== undefined && isSame(kriOf(found), kri));
}

const isSame = (a: Kri, b: Kri): boolean => a.zone === b.zone && a.namespace === b.namespace && a.name === b.name;
