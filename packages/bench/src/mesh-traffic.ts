/** What zones need for traffic between them, put through REST, as bodies of requests. */
import type { HttpClient } from "./http-client.ts";

export const PORT = 8080;

/** mTLS, and MeshServices for everything. */
export const MESH = {
  type: "Mesh",
  name: "default",
  mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] },
  meshServices: { mode: "Exclusive" },
};

export const INGRESS = {
  type: "ZoneIngress",
  name: "ingress",
  networking: { address: "192.168.0.1", port: 10_001, advertisedAddress: "192.168.0.1", advertisedPort: 10_001 },
};

export function addressOf(index: number): string {
  return `10.${Math.floor(index / 65_536)}.${Math.floor(index / 256) % 256}.${index % 256}`;
}

/** One instance of a service; with redirected traffic, so that it has an outbound to each service there is. */
export function dataplane(name: string, service: string, index: number, isReady = true): object {
  return {
    type: "Dataplane",
    mesh: "default",
    name,
    networking: {
      address: addressOf(index),
      inbound: [
        {
          port: PORT,
          servicePort: PORT,
          tags: { "kuma.io/service": service, "kuma.io/protocol": "http" },
          ...(isReady ? {} : { state: "NotReady" }),
        },
      ],
      transparentProxying: { redirectPortInbound: 15_006, redirectPortOutbound: 15_001 },
    },
  };
}

export const MULTI_ZONE = "/meshes/default/meshmultizoneservices";

export function multiZone(i: number): object {
  return {
    type: "MeshMultiZoneService",
    mesh: "default",
    name: `service-${i}`,
    spec: {
      selector: { meshService: { matchLabels: { "kuma.io/display-name": `service-${i}` } } },
      ports: [{ port: PORT, appProtocol: "http" }],
    },
  };
}

/** Resolves when `count` MeshServices with an address are there. */
export async function untilServices(client: HttpClient, count: number): Promise<void> {
  for (;;) {
    const { text } = await client.expect("GET", "/meshes/default/meshservices?size=1");
    if ((JSON.parse(text) as { total?: number }).total === count) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
