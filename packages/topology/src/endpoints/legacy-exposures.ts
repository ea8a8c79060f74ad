/** Exposures of legacy services: one for each combination of tags that clients may ask for. */
import type { AvailableService, MeshView } from "../model/doors.ts";
import { SERVICE_TAG } from "../model/tags.ts";
import { legacyServiceSni } from "../names/sni.ts";
import type { World } from "../world/world.ts";
import { noAddress } from "./candidate.ts";
import type { Candidate } from "./endpoint-set.ts";
import type { Exposure } from "./exposure.ts";
import { finishedSet } from "./finished-set.ts";
import { routeSubsets } from "./route-subsets.ts";
import { legacyRef } from "./service-ref.ts";
import { withSubset } from "./subset.ts";

export function legacyExposures(
  mesh: MeshView,
  service: string,
  candidates: readonly Candidate[],
  world: World,
): readonly Exposure[] {
  const ref = legacyRef(mesh.name, service);
  const known =
    candidates.length > 0
      ? candidates
      : [noAddress(ref, "", service, "notHealthy", `nothing offers kuma.io/service ${service} where this leads`)];
  return routeSubsets(mesh.name, service, world).map((subset) => ({
    sni: legacyServiceSni(mesh.name, { ...subset, [SERVICE_TAG]: service }),
    service: ref,
    port: 0,
    subset,
    set: finishedSet({ service: ref, port: 0 }, withSubset(known, subset), world, { policies: [] }),
  }));
}

/** Names in a list of available services, each once, in its order. */
export function serviceNames(mesh: string, available: readonly AvailableService[]): readonly string[] {
  const names = available.filter((entry) => entry.mesh === mesh).map(({ tags }) => tags[SERVICE_TAG] ?? "");
  return [...new Set(names)].filter((name) => name !== "");
}
