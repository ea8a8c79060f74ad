/** What the configuration says about the discovery of services. */
import type { Config } from "@isthmus/runtime";
import type { LiveSettings } from "@isthmus/topology";

export function liveSettings({ general, meshService, ipam, topology, experimental, multizone }: Config): LiveSettings {
  const { enabled: isEnabled, allowedLabelKeys: allowedKeys } = meshService.labelPropagation;
  return {
    zone: multizone.zone.name,
    remoteWeights: topology.remoteWeights,
    // Part of names on Kubernetes only.
    systemNamespace: "",
    generatesMeshServices: meshService.generationInterval > 0,
    generator: {
      isByWorkload: experimental.inboundTagsDisabled,
      propagation: { isEnabled, allowedKeys },
      deletionGracePeriodMs: meshService.deletionGracePeriod,
    },
    vipRanges: {
      MeshService: ipam.meshService.cidr,
      MeshExternalService: ipam.meshExternalService.cidr,
      MeshMultiZoneService: ipam.meshMultiZoneService.cidr,
    },
    ingressTagFilters: experimental.ingressTagFilters,
    ingressUpdateMs: multizone.zone.ingressUpdateInterval,
    dnsIntervalMs: general.dnsCacheTTL,
  };
}
