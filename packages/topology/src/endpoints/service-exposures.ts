/** Exposures of services that are resources, one for each port. */
import type { Service, ServicePort } from "../model/service.ts";
import type { World } from "../world/world.ts";
import type { Candidate } from "./endpoint-set.ts";
import type { Exposure, Exposures } from "./exposure.ts";
import { finishedSet } from "./finished-set.ts";
import { describeService, refOf } from "./service-ref.ts";
import type { ZoneProxyProfile } from "./zone-proxy-profile.ts";

export type CandidatesOf = (service: Service, port: ServicePort) => readonly Candidate[];

/** Names that no certificate or listener can carry are left out, as Kuma does. */
export function serviceExposures(
  services: readonly Service[],
  profile: ZoneProxyProfile,
  candidatesOf: CandidatesOf,
  world: World,
): Exposures {
  const exposures: Exposure[] = [];
  const problems: string[] = [];
  for (const service of services) {
    for (const port of service.ports) {
      const sni = profile.sniOf(service, port);
      if (!sni.ok) {
        problems.push(`${describeService(service)}:${port.port} has no server name: ${sni.error.join("; ")}`);
        continue;
      }
      const ref = refOf(service);
      const base = { service: ref, port: port.port };
      const set = finishedSet(base, candidatesOf(service, port), world, { policies: [] });
      exposures.push({ sni: sni.value, ...base, subset: {}, set });
    }
  }
  return { exposures, problems };
}
