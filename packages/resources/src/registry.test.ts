import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { defineType, flow, json, openObject } from "./define-type.ts";
import { isReadOnly } from "./read-only.ts";
import { DuplicateTypeError, Registry } from "./registry.ts";
import type { TypeDescriptor } from "./type-descriptor.ts";
import { builtinTypes } from "./types/all.gen.ts";

const registry = new Registry(builtinTypes);

function type(name: string): TypeDescriptor {
  const descriptor = registry.get(name);
  if (descriptor === undefined) throw new Error(`no type ${name}`);
  return descriptor;
}

/** `encoding scope flow [...flags]` of Kuma 2.14.3; G>Z global to zones, Z>G zone to global, X across zones. */
const FLAGS: Record<string, string> = {
  Mesh: "protobuf Global G>Z unhashed",
  Zone: "protobuf Global pG pZ",
  ZoneInsight: "protobuf Global pG pZ readonly",
  Secret: "protobuf Mesh G>Z pZ unhashed admin",
  GlobalSecret: "protobuf Global G>Z pZ unhashed admin",
  Config: "protobuf Global G>Z pZ unhashed",
  Dataplane: "protobuf Mesh Z>G proxy",
  DataplaneInsight: "protobuf Mesh Z>G readonly",
  ZoneIngress: "protobuf Global Z>G X proxy",
  ZoneIngressInsight: "protobuf Global Z>G readonly",
  ZoneEgress: "protobuf Global Z>G proxy",
  ZoneEgressInsight: "protobuf Global Z>G readonly",
  MeshInsight: "protobuf Global pG readonly",
  ServiceInsight: "protobuf Mesh G>Z readonly",
  MeshGateway: "protobuf Mesh G>Z Z>G",
  MeshService: "json Mesh Z>G X status destination",
  MeshMultiZoneService: "json Mesh G>Z status destination",
  MeshExternalService: "json Mesh G>Z Z>G status destination",
  HostnameGenerator: "json Global G>Z Z>G",
  MeshIdentity: "json Mesh G>Z Z>G status",
  MeshTrust: "json Mesh G>Z Z>G status",
  MeshZoneAddress: "json Mesh Z>G X",
  Workload: "json Mesh Z>G status",
  MeshOpenTelemetryBackend: "json Mesh G>Z Z>G status",
  MeshHTTPRoute: "json Mesh G>Z Z>G X policy(to)",
  MeshTCPRoute: "json Mesh G>Z Z>G X policy(to)",
  MeshTLS: "json Mesh G>Z Z>G X policy(from rules fromAsRules)",
  MeshLoadBalancingStrategy: "json Mesh G>Z Z>G X policy(to)",
  MeshPassthrough: "json Mesh G>Z Z>G X policy()",
  MeshAccessLog: "json Mesh G>Z Z>G X status policy(to from rules fromAsRules)",
  MeshTrace: "json Mesh G>Z Z>G X status policy()",
  MeshFaultInjection: "json Mesh G>Z Z>G X policy(to from rules)",
  MeshRateLimit: "json Mesh G>Z Z>G X policy(to from rules fromAsRules)",
  MeshTimeout: "json Mesh G>Z Z>G X policy(to from rules fromAsRules)",
  MeshTrafficPermission: "json Mesh G>Z Z>G X policy(from rules)",
  MeshHealthCheck: "json Mesh G>Z Z>G X policy(to)",
  MeshCircuitBreaker: "json Mesh G>Z Z>G X policy(to from rules fromAsRules)",
  MeshRetry: "json Mesh G>Z Z>G X policy(to)",
  MeshMetric: "json Mesh G>Z Z>G X status policy()",
  MeshProxyPatch: "json Mesh G>Z Z>G X policy()",
  CircuitBreaker: "protobuf Mesh G>Z legacy",
  ExternalService: "protobuf Mesh G>Z",
  FaultInjection: "protobuf Mesh G>Z legacy",
  HealthCheck: "protobuf Mesh G>Z legacy",
  MeshGatewayRoute: "protobuf Mesh G>Z legacy",
  ProxyTemplate: "protobuf Mesh G>Z legacy",
  RateLimit: "protobuf Mesh G>Z legacy",
  Retry: "protobuf Mesh G>Z legacy",
  Timeout: "protobuf Mesh G>Z legacy",
  TrafficLog: "protobuf Mesh G>Z legacy",
  TrafficPermission: "protobuf Mesh G>Z legacy",
  TrafficRoute: "protobuf Mesh G>Z legacy",
  TrafficTrace: "protobuf Mesh G>Z legacy",
  VirtualOutbound: "protobuf Mesh G>Z legacy",
};

function flagsOf(descriptor: TypeDescriptor): string {
  const { kds, policy } = descriptor;
  const isGlobalToZones = kds.providedByGlobal && kds.consumedByZone;
  const isZoneToGlobal = kds.providedByZone && kds.consumedByGlobal;
  const parts: string[] = [descriptor.format.kind, descriptor.scope];
  const add = (isSet: boolean, name: string): void => {
    if (isSet) parts.push(name);
  };
  add(isGlobalToZones, "G>Z");
  add(isZoneToGlobal, "Z>G");
  add(kds.providedByGlobal && !isGlobalToZones, "pG");
  add(kds.providedByZone && !isZoneToGlobal, "pZ");
  add(kds.acrossZones, "X");
  add(!descriptor.isHashedTowardsZones, "unhashed");
  add(descriptor.isReadOnly, "readonly");
  add(descriptor.isAdminOnly, "admin");
  add(descriptor.isProxy, "proxy");
  add(descriptor.emptyStatus !== undefined, "status");
  add(descriptor.isDestination, "destination");
  if (policy !== undefined) {
    const lists = [
      policy.hasTo && "to",
      policy.hasFrom && "from",
      policy.hasRules && "rules",
      policy.isFromAsRules && "fromAsRules",
    ];
    parts.push(policy.isTargetRef ? `policy(${lists.filter(Boolean).join(" ")})` : "legacy");
  }
  return parts.join(" ");
}

describe("builtin types", () => {
  it("have the flags of Kuma", () => {
    expect(Object.fromEntries(registry.all().map((descriptor) => [descriptor.name, flagsOf(descriptor)]))).toEqual(
      FLAGS,
    );
  });

  it("have one file each, named after them", () => {
    const files = readdirSync(new URL("./types/", import.meta.url)).filter((file) => !/\.(gen|test)\.ts$/.test(file));
    const names = registry.all().map(({ name }) => `${name.toLowerCase()}.ts`);
    expect(files.map((file) => file.replaceAll("-", "")).sort()).toEqual(names.sort());
  });

  it("are 45 towards zones and 31 towards the global", () => {
    expect(registry.towardsZones()).toHaveLength(45);
    expect(registry.towardsGlobal()).toHaveLength(31);
  });

  it.each(["Zone", "ZoneInsight", "MeshInsight"])("%s stays where it is", (name) => {
    expect(registry.towardsZones()).not.toContain(type(name));
    expect(registry.towardsGlobal()).not.toContain(type(name));
  });

  it("have the names and paths that a Kuma global reports", () => {
    const recorded = JSON.parse(readFileSync(new URL("../testdata/resource-types.json", import.meta.url), "utf8")) as {
      readonly name: string;
      readonly policy?: object;
    }[];
    const ours = registry
      .all()
      .filter((descriptor) => descriptor.path !== undefined)
      .map((descriptor) => ({
        includeInFederation: descriptor.kds.providedByGlobal && descriptor.kds.consumedByZone && !descriptor.isReadOnly,
        name: descriptor.name,
        path: descriptor.path,
        pluralDisplayName: descriptor.pluralDisplayName,
        ...(descriptor.policy === undefined
          ? {}
          : {
              policy: {
                hasFromTargetRef: descriptor.policy.hasFrom,
                hasRulesTargetRef: descriptor.policy.hasRules,
                hasToTargetRef: descriptor.policy.hasTo,
                isFromAsRules: descriptor.policy.isFromAsRules,
                isTargetRef: descriptor.policy.isTargetRef,
              },
            }),
        readOnly: descriptor.isReadOnly,
        scope: descriptor.scope,
        shortName: descriptor.shortName ?? "",
        singularDisplayName: descriptor.singularDisplayName,
      }));
    expect(ours).toEqual(recorded);
  });

  it("are found by either path and by short name", () => {
    expect(registry.byPath("zone-ingresses")?.name).toBe("ZoneIngress");
    expect(registry.byPath("global-secrets")).toBe(registry.byPath("globalsecrets"));
    expect(registry.byShortName("msvc")?.name).toBe("MeshService");
    expect(registry.byPath("configs")).toBeUndefined();
  });

  it("have commands of their own in kumactl where they can be written", () => {
    expect(type("HealthCheck").singular).toBe("healthcheck");
    expect(type("MeshHTTPRoute").singular).toBe("meshhttproute");
    for (const descriptor of registry.all()) {
      expect(descriptor.singular === undefined).toBe(descriptor.isReadOnly || descriptor.path === undefined);
    }
  });
});

describe("Registry", () => {
  const gadget = defineType({
    name: "Gadget",
    scope: "Mesh",
    format: json(openObject),
    kds: flow("globalToZones", "zoneToGlobal"),
    path: "gadgets",
    shortName: "gdg",
  });

  it("takes a made-up type beside the builtin ones", () => {
    const extended = new Registry([...builtinTypes, gadget]);
    expect(extended.get("Gadget")).toBe(gadget);
    expect(extended.byShortName("gdg")).toBe(gadget);
    expect(extended.towardsZones()).toHaveLength(46);
    expect(extended.towardsGlobal()).toHaveLength(32);
    expect(gadget).toMatchObject({ pluralDisplayName: "Gadgets", isHashedTowardsZones: true, isReadOnly: false });
  });

  it("refuses a name or path that is taken", () => {
    expect(() => new Registry([gadget, gadget])).toThrow(DuplicateTypeError);
    expect(() => new Registry([gadget, { ...gadget, name: "Other" }])).toThrow("path gadgets is registered twice");
    const other = { ...gadget, name: "Other", path: "others" };
    expect(() => new Registry([gadget, other])).toThrow("short name gdg is registered twice");
  });
});

describe("isReadOnly", () => {
  const global = { mode: "global", isFederated: false } as const;
  const federated = { mode: "zone", isFederated: true } as const;
  const standalone = { mode: "zone", isFederated: false } as const;

  it.each([
    ["Mesh MeshMultiZoneService TrafficRoute", true, false, true],
    ["Dataplane MeshService MeshZoneAddress Workload ZoneIngress ZoneEgress", false, true, true],
    [
      "MeshExternalService HostnameGenerator MeshIdentity MeshTrust MeshTimeout Zone Secret GlobalSecret",
      true,
      true,
      true,
    ],
    ["ZoneInsight MeshInsight DataplaneInsight ServiceInsight", false, false, false],
  ])("%s", (names, onGlobal, onFederated, onStandalone) => {
    for (const name of names.split(" ")) {
      expect([name, ...[global, federated, standalone].map((writer) => !isReadOnly(type(name), writer))]).toEqual([
        name,
        onGlobal,
        onFederated,
        onStandalone,
      ]);
    }
  });
});
