/** How a running zone is to discover services. */
import type { VipRanges } from "../addresses/vip.ts";
import type { GeneratorSettings } from "../services/wanted-mesh-service.ts";
import type { TopologySettings } from "../world/world.ts";

export interface LiveSettings extends TopologySettings {
  /** False: MeshServices are made by hand alone (`meshService.generationInterval` is 0). */
  readonly generatesMeshServices: boolean;
  readonly generator: GeneratorSettings;
  readonly vipRanges: VipRanges;
  /** `experimental.ingressTagFilters`: prefixes of the tags that a ZoneIngress tells; empty: all. */
  readonly ingressTagFilters: readonly string[];
  /** `multizone.zone.ingressUpdateInterval`, ms: the services of an ingress are told at least that often while they change. */
  readonly ingressUpdateMs: number;
  /** `general.dnsCacheTTL`, ms: host names in place of addresses are looked up that often. */
  readonly dnsIntervalMs: number;
}
