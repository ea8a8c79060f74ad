/** Small worlds of any shape: few names, so that they meet, and now and then something that does not fit. */
import type { Labels, Resource } from "@isthmus/resources";
import type { JsonObject, JsonValue } from "@isthmus/std";
import fc from "fast-check";
import { refOf } from "../endpoints/service-ref.ts";
import { readService } from "../model/read-service.ts";
import type { ServiceRef } from "../model/service.ts";
import type { RemoteWeights } from "../world/world.ts";
import { inbound, resource } from "./resources.ts";

export const ZONES = ["west", "east", "north"] as const;
const REMOTE = ["east", "north"] as const;
const NAMES = ["backend", "admin"] as const;
const PORTS = [80, 8080] as const;
const STATES = ["Ready", "NotReady", "Ignored"] as const;
const ADDRESSES = ["203.0.113.1", "203.0.113.2", "lb.example.com", "unknown.example.com", "2001:db8::1"] as const;
export const RESOLVED: ReadonlyMap<string, string> = new Map([["lb.example.com", "203.0.113.2"]]);

const oneOf = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const number = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });

const mesh = fc
  .record({
    hasMtls: fc.boolean(),
    mode: oneOf(["Disabled", "Everywhere", "ReachableBackends", "Exclusive"]),
    zoneEgress: fc.boolean(),
    isLocalityAware: fc.boolean(),
  })
  .map(({ hasMtls, mode, zoneEgress, isLocalityAware }) =>
    resource("Mesh", "default", {
      mesh: "",
      spec: {
        ...(hasMtls ? { mtls: { enabledBackend: "ca-1", backends: [{ name: "ca-1", type: "builtin" }] } } : {}),
        meshServices: { mode },
        routing: { zoneEgress, localityAwareLoadBalancing: isLocalityAware },
      },
    }),
  );

function labelsOf(zone: string, displayName: string, more: Labels = {}): Labels {
  const origin = zone === "west" ? "zone" : "global";
  return { "kuma.io/zone": zone, "kuma.io/origin": origin, "kuma.io/display-name": displayName, ...more };
}

const ports = fc
  .uniqueArray(oneOf(PORTS), { minLength: 1 })
  .map((all) => all.map((port): JsonObject => ({ port, targetPort: port, appProtocol: port === 80 ? "http" : "tcp" })));

const meshService = fc
  .record({
    zone: oneOf(ZONES),
    name: oneOf(NAMES),
    ports,
    isAvailable: fc.boolean(),
    healthy: fc.option(fc.integer({ min: 0, max: 9 })),
    hasVip: fc.boolean(),
  })
  .map(({ zone, name, ports: portsOf, isAvailable, healthy, hasVip }) =>
    resource("MeshService", zone === "west" ? name : `${name}-${zone}`, {
      labels: labelsOf(zone, name, healthy === null ? {} : { "isthmus.io/healthy-instances": String(healthy) }),
      spec: {
        selector: { dataplaneTags: { "kuma.io/service": name } },
        ports: portsOf,
        state: isAvailable ? "Available" : "Unavailable",
      },
      status: hasVip ? { vips: [{ ip: `241.0.${ZONES.indexOf(zone)}.${NAMES.indexOf(name) + 1}` }] } : {},
    }),
  );

const multiZoneService = fc.record({ name: oneOf(NAMES), ports }).map(({ name, ports: portsOf }) =>
  resource("MeshMultiZoneService", name, {
    labels: { "kuma.io/origin": "global", "kuma.io/display-name": name },
    spec: { selector: { meshService: { matchLabels: { "kuma.io/display-name": name } } }, ports: portsOf },
    status: { vips: [{ ip: `243.0.0.${NAMES.indexOf(name) + 1}` }] },
  }),
);

const externalService = fc.record({ zone: oneOf(["", ...ZONES]), name: oneOf(NAMES) }).map(({ zone, name }) =>
  resource("MeshExternalService", `${name}-${zone}`, {
    labels: zone === "" ? { "kuma.io/display-name": name } : labelsOf(zone, name),
    spec: {
      match: { type: "HostnameGenerator", port: 80, protocol: "http" },
      endpoints: [{ address: `${name}.example.com`, port: 443 }],
    },
    status: { vip: { ip: "242.0.0.1" } },
  }),
);

const dataplane = fc
  .record({
    index: fc.integer({ min: 1, max: 6 }),
    inbounds: fc.array(
      fc.record({ port: oneOf(PORTS), service: oneOf(NAMES), state: oneOf(STATES), version: oneOf(["v1", "v2"]) }),
      { minLength: 1, maxLength: 2 },
    ),
    isTransparent: fc.boolean(),
    egress: fc.option(fc.boolean()),
    hasZone: fc.boolean(),
  })
  .map(({ index, inbounds, isTransparent, egress, hasZone }) =>
    resource("Dataplane", `proxy-${index}`, {
      labels: hasZone ? labelsOf("west", `proxy-${index}`) : {},
      spec: {
        networking: {
          address: `10.2.0.${index}`,
          inbound: inbounds.map(({ version, ...given }) => inbound({ ...given, tags: { version } })),
          ...(egress === null
            ? {}
            : { listeners: [{ type: "ZoneEgress", port: 10_002, ...(egress ? {} : { state: "NotReady" }) }] }),
          ...(isTransparent
            ? { transparentProxying: { redirectPortInbound: 15_006, redirectPortOutbound: 15_001 } }
            : { outbound: [...listed("backend"), { port: 9009, tags: { "kuma.io/service": "backend" } }] }),
        },
      },
    }),
  );

function listed(name: string): readonly JsonValue[] {
  return ZONES.map((zone, index) => ({
    port: 9001 + index,
    backendRef: {
      kind: "MeshService",
      labels: { "kuma.io/display-name": name, "kuma.io/zone": zone },
      port: 8080,
    },
  }));
}

const zoneIngress = fc
  .record({
    zone: oneOf(ZONES),
    index: number(2),
    address: fc.option(oneOf(ADDRESSES)),
    listed: fc.array(fc.record({ service: oneOf(NAMES), version: oneOf(["v1", "v2"]), instances: number(5) }), {
      maxLength: 3,
    }),
  })
  .map(({ zone, index, address, listed: services }) =>
    resource("ZoneIngress", `ingress-${zone}-${index}`, {
      mesh: "",
      labels: { "kuma.io/zone": zone },
      spec: {
        zone,
        networking: {
          address: "10.9.0.1",
          port: 10_001,
          ...(address === null ? {} : { advertisedAddress: address, advertisedPort: 10_001 }),
        },
        availableServices: services.map(({ service, version, instances }) => ({
          tags: { "kuma.io/service": service, "kuma.io/zone": zone, version },
          instances,
          mesh: "default",
        })),
      },
    }),
  );

const zoneAddress = fc
  .record({ zone: oneOf(ZONES), index: number(2), address: oneOf(ADDRESSES) })
  .map(({ zone, index, address }) =>
    resource("MeshZoneAddress", `address-${zone}-${index}`, {
      labels: { "kuma.io/zone": zone },
      spec: { address, port: 10_001 },
    }),
  );

const zoneEgress = oneOf(ZONES).map((zone) =>
  resource("ZoneEgress", `egress-${zone}`, {
    mesh: "",
    labels: { "kuma.io/zone": zone },
    spec: { zone, networking: { address: "10.2.0.30", port: 10_002 } },
  }),
);

const identity = fc.constant(resource("MeshIdentity", "identity", { spec: { selector: {} } }));

const strategy = fc
  .record({
    name: oneOf(["lb-1", "lb-2"]),
    kind: oneOf(["Mesh", "MeshMultiZoneService"]),
    locality: oneOf<JsonObject>([
      {},
      { disabled: true },
      { localZone: {} },
      { crossZone: { failover: [{ to: { type: "Any" } }] } },
      { crossZone: { failover: [{ to: { type: "Only", zones: ["east"] } }] } },
      { crossZone: { failover: [{ to: { type: "None" } }], failoverThreshold: { percentage: 25 } } },
      { localZone: { affinityTags: [{ key: "version" }] }, crossZone: { failover: [{ to: { type: "Any" } }] } },
    ]),
  })
  .map(({ name, kind, locality }) =>
    resource("MeshLoadBalancingStrategy", name, {
      labels: { "kuma.io/origin": "global" },
      spec: {
        to: [
          {
            targetRef: kind === "Mesh" ? { kind } : { kind, labels: { "kuma.io/display-name": "backend" } },
            default: { localityAwareness: locality },
          },
        ],
      },
    }),
  );

export interface GivenWorld {
  readonly resources: readonly Resource[];
  readonly remoteWeights: RemoteWeights;
}

export const anyWorld: fc.Arbitrary<GivenWorld> = fc
  .record({
    mesh,
    remoteWeights: oneOf<RemoteWeights>(["kuma", "isthmus"]),
    lists: fc.tuple(
      fc.array(meshService, { maxLength: 5 }),
      fc.array(multiZoneService, { maxLength: 2 }),
      fc.array(externalService, { maxLength: 3 }),
      fc.array(dataplane, { minLength: 1, maxLength: 3 }),
      fc.array(zoneIngress, { maxLength: 4 }),
      fc.array(zoneAddress, { maxLength: 2 }),
      fc.array(zoneEgress, { maxLength: 2 }),
      fc.array(identity, { maxLength: 1 }),
      fc.array(strategy, { maxLength: 2 }),
    ),
  })
  .map(({ mesh: first, remoteWeights, lists }) => {
    const byKey = new Map(
      [first, ...lists.flat()].map((one): [string, Resource] => [`${one.type}/${one.mesh}/${one.name}`, one]),
    );
    return { resources: [...byKey.values()], remoteWeights };
  });

export const anyRemoteZone: fc.Arbitrary<string> = oneOf(REMOTE);

/** What could be asked for in such a world, and some of what could not. */
export function destinationsIn(resources: readonly Resource[]): readonly { ref: ServiceRef; port: number }[] {
  const services = resources.flatMap((one) => {
    const service = readService(one);
    return service === undefined ? [] : PORTS.map((port) => ({ ref: refOf(service), port }));
  });
  const legacy = NAMES.map((name) => ({ ref: { kind: "legacy", mesh: "default", name } as const, port: 0 }));
  return [...services, ...legacy, { ref: { kind: "MeshService", mesh: "default", name: "nothing" }, port: 80 }];
}
