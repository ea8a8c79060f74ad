/** The mesh of the stated bounds: 1,000 services, each in ten zones and spanning them, 10,000 instances in the own zone. */
import type { Resource } from "@isthmus/resources";
import { dataplane, LOCAL, meshService, remoteLabels, resource, secureMesh } from "./resources.ts";

export const SERVICES = 1_000;
export const INSTANCES = 10_000;
export const OTHER_ZONES = ["a", "b", "c", "d", "e", "f", "g", "h", "i"].map((name) => `zone-${name}`);

const PORT = 8080;

export function largeWorld(): readonly Resource[] {
  const names = Array.from({ length: SERVICES }, (_, index) => `service-${index}`);
  return [
    secureMesh(),
    ...Array.from({ length: INSTANCES }, (_, index) => instance(index)),
    ...names.map((name, index) =>
      meshService(name, [PORT], {
        labels: { ...LOCAL, "kuma.io/display-name": name },
        status: { vips: [{ ip: address(241, index) }], dataplaneProxies: { healthy: 10 } },
      }),
    ),
    ...names.flatMap((name, index) => OTHER_ZONES.map((zone, place) => remote(name, zone, index * 10 + place))),
    ...names.map((name, index) =>
      resource("MeshMultiZoneService", name, {
        labels: { "kuma.io/origin": "global" },
        spec: { selector: { meshService: { matchLabels: { "kuma.io/display-name": name } } }, ports: [{ port: PORT }] },
        status: { vips: [{ ip: address(243, index) }] },
      }),
    ),
    ...OTHER_ZONES.flatMap((zone, index) =>
      [1, 2].map((place) =>
        resource("MeshZoneAddress", `address-${zone}-${place}`, {
          labels: { "kuma.io/zone": zone },
          spec: { address: `203.0.113.${index * 10 + place}`, port: 10_001 },
        }),
      ),
    ),
    resource("MeshLoadBalancingStrategy", "failover", {
      labels: { "kuma.io/origin": "global" },
      spec: {
        to: [
          {
            targetRef: { kind: "Mesh" },
            default: { localityAwareness: { crossZone: { failover: [{ to: { type: "Any" } }] } } },
          },
        ],
      },
    }),
  ];
}

/** One of ten of its service. */
export function instance(index: number, state = "Ready"): Resource {
  const service = `service-${index % SERVICES}`;
  const proxy = dataplane(`proxy-${index}`, [{ port: PORT, service, state }], {
    labels: LOCAL,
    address: address(10, index),
  });
  const networking = proxy.spec.networking as object;
  const transparentProxying = { redirectPortInbound: 15_006, redirectPortOutbound: 15_001 };
  return { ...proxy, spec: { networking: { ...networking, transparentProxying } } };
}

function remote(name: string, zone: string, index: number): Resource {
  return meshService(`${name}-${zone}`, [PORT], {
    labels: { ...remoteLabels(zone, name), "isthmus.io/healthy-instances": "10" },
    spec: { state: "Available" },
    status: { vips: [{ ip: address(242, index) }] },
  });
}

function address(first: number, index: number): string {
  return `${first}.${Math.floor(index / 65_536)}.${Math.floor(index / 256) % 256}.${index % 256}`;
}
