/** What backendRefs of routes lead to, as clusters with weights. Source: kuma v2.14.3: pkg/plugins/policies/core/xds/meshroute/listeners.go. */

import { backendOf, type Policy, TargetIndex } from "@isthmus/policy";
import type { RouteActionJson } from "@isthmus/proto/envoy/config/route/v3/route_components";
import { objectsOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { SERVICE_KINDS } from "@isthmus/topology";
import type { Destination, Destinations } from "../sidecar/destinations.ts";
import type { Translation } from "../translation.ts";

export interface WeightedDestination {
  readonly destination: Destination;
  readonly weight: number;
}

export class RouteBackends {
  readonly #mesh: string;
  readonly #destinations: Destinations;
  readonly #translation: Translation;
  #index: TargetIndex | undefined;

  constructor(mesh: string, destinations: Destinations, translation: Translation) {
    this.#mesh = mesh;
    this.#destinations = destinations;
    this.#translation = translation;
  }

  /** Those that exist and get traffic; empty: none does. `conf`: has `backendRefs`. */
  of(policy: Policy, conf: JsonObject): readonly WeightedDestination[] {
    return objectsOf(conf, "backendRefs").flatMap((ref) => {
      const backend = this.one(policy, ref);
      return backend === undefined || backend.weight === 0 ? [] : [backend];
    });
  }

  one(policy: Policy, ref: JsonObject): WeightedDestination | undefined {
    const backend = backendOf(policy, ref, this.#targets());
    if (backend === undefined) return undefined;
    const destination =
      backend.kind === "legacy"
        ? this.#destinations.ofTags(backend.tags)
        : this.#ofResource(backend.resource, backend.port.port);
    return destination === undefined ? undefined : { destination, weight: backend.weight };
  }

  #ofResource({ type, mesh, name }: { type: string; mesh: string; name: string }, number: number) {
    const kind = SERVICE_KINDS.find((each) => each === type);
    const service = kind === undefined ? undefined : this.#translation.world.service(kind, mesh, name);
    const port = service?.ports.find((each) => each.port === number);
    return service === undefined || port === undefined ? undefined : this.#destinations.ofService(service, port);
  }

  #targets(): TargetIndex {
    const { world } = this.#translation;
    this.#index ??= new TargetIndex(
      SERVICE_KINDS.flatMap((kind) => world.services(kind, this.#mesh)).map(({ resource }) => resource),
    );
    return this.#index;
  }
}

/** To one cluster, or to several by weight. */
export function actionTo(backends: readonly WeightedDestination[]): RouteActionJson {
  const [only] = backends;
  const isExternal = backends.some(
    ({ destination: { role } }) => role.kind === "outbound" && role.service.kind === "MeshExternalService",
  );
  const rewrite = isExternal ? { autoHostRewrite: true } : {};
  if (backends.length === 1 && only !== undefined) return { cluster: only.destination.cluster, ...rewrite };
  const clusters = backends.map(({ destination, weight }) => ({ name: destination.cluster, weight }));
  return { weightedClusters: { clusters }, ...rewrite };
}
