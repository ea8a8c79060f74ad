import type { DataplaneEndpoints, Exposure, Outbound, ZoneProxyEndpoints } from "@isthmus/api";
import { expect, it } from "vitest";
import { formatDataplane, formatZoneProxy } from "./endpoints.ts";

const endpoint = (
  address: string,
  zone: string | undefined,
  priority = 0,
  weight = 1,
): Outbound["endpoints"][number] => ({
  address,
  port: 8080,
  priority,
  weight,
  locality: zone === undefined ? undefined : { zone, subZone: "" },
  tags: {},
  labels: {},
});

const set: Omit<Exposure, "sni"> = {
  service: { kind: "MeshService", mesh: "default", name: "backend-8c2f" },
  displayName: "backend",
  serviceZone: "east",
  servicePort: 80,
  subset: {},
  endpoints: [],
  leftOut: [],
  policies: [],
  overprovisioningFactor: undefined,
};
const outbound = (more: Partial<Outbound>): Outbound => ({ ...set, address: "241.0.0.1", port: 80, ...more });
const dataplane = (more: Partial<DataplaneEndpoints>): DataplaneEndpoints => ({
  mesh: "default",
  name: "web",
  zone: "west",
  outbounds: [],
  listeners: [],
  problems: [],
  ...more,
});
const proxy = (more: Partial<ZoneProxyEndpoints>): ZoneProxyEndpoints => ({
  name: "in",
  zone: "west",
  exposures: [],
  problems: [],
  ...more,
});

it("has a line for each endpoint of a sidecar, and for each service without", () => {
  const outbounds = [
    outbound({ endpoints: [endpoint("10.0.0.2", "west"), endpoint("fd00::1", "east", 1, 3)] }),
    outbound({
      service: { ...set.service, kind: "MeshMultiZoneService" },
      serviceZone: "",
      leftOut: [
        { gate: "zoneDown", count: 2 },
        { gate: "notHealthy", count: 1 },
      ],
    }),
    outbound({
      address: undefined,
      port: undefined,
      servicePort: 0,
      service: { kind: "legacy", mesh: "default", name: "old" },
      displayName: "old",
      serviceZone: "",
      subset: { version: "1" },
      endpoints: [endpoint("10.0.0.3", undefined)],
    }),
  ];
  expect(formatDataplane(dataplane({ outbounds })).split("\n")).toEqual([
    "SERVICE                           ADDRESS        ENDPOINT                        ZONE   PRIORITY   WEIGHT",
    "backend:80 (east)                 241.0.0.1:80   10.0.0.2:8080                   west   0          1",
    "backend:80 (east)                 241.0.0.1:80   [fd00::1]:8080                  east   1          3",
    "MeshMultiZoneService backend:80   241.0.0.1:80   none: zoneDown x2, notHealthy",
    "kuma.io/service old {version=1}   -              10.0.0.3:8080                   -      0          1",
  ]);
});

it("says when there is nothing to show", () => {
  expect(formatDataplane(dataplane({ problems: ["inbound[0] has no port"] }))).toBe(
    "no outbounds: it reaches no service\n\nproblem: inbound[0] has no port",
  );
  expect(formatZoneProxy(proxy({ problems: ["it is of zone east"] }))).toBe(
    "nothing is forwarded\nproblem: it is of zone east",
  );
});

it("shows what zone proxies forward, by server name", () => {
  const exposures = [{ ...set, sni: "a1b2.backend.80.default.ms", endpoints: [endpoint("10.0.0.2", "west")] }];
  const lines = [
    "SERVICE             SERVER NAME                  ENDPOINT        ZONE   PRIORITY   WEIGHT",
    "backend:80 (east)   a1b2.backend.80.default.ms   10.0.0.2:8080   west   0          1",
  ];
  expect(formatZoneProxy(proxy({ exposures }))).toBe(lines.join("\n"));
  const listeners = [{ kind: "ZoneIngress", section: "in", exposures, problems: [] }] as const;
  expect(formatDataplane(dataplane({ listeners }))).toBe(["listener in (ZoneIngress)", ...lines].join("\n"));
});
