/**
 * Routes of an HTTP outbound: those of MeshHTTPRoutes, then one that leads everything else to the service itself.
 * Source: kuma v2.14.3: pkg/plugins/policies/meshhttproute.
 */
import { createHash } from "node:crypto";
import type { RouteJson } from "@isthmus/proto/envoy/config/route/v3/route_components";
import type { RouteContext } from "./route-context.ts";

/** Name of the route that takes everything: hash of the matches that it stands for, as written by Kuma. */
const CATCH_ALL = createHash("sha256").update('[{"path":{"value":"/","type":"PathPrefix"}}]').digest("base64");

export function httpRoutesOf({ own, service }: RouteContext): readonly RouteJson[] {
  return [
    {
      name: CATCH_ALL,
      match: { prefix: "/" },
      route: {
        cluster: own.cluster,
        ...(service.kind === "MeshExternalService" ? { autoHostRewrite: true } : {}),
      },
    },
  ];
}
