import type { WhatIfReport } from "@isthmus/api";
import { describe, expect, it } from "vitest";
import { formatReport, parseDown, refusalOf } from "./what-if.ts";

const backend = {
  service: { kind: "MeshService", mesh: "default", name: "backend-8c2f" },
  displayName: "backend",
  port: 80,
} as const;
const nothing: WhatIfReport = {
  losses: { zones: ["east"], ingresses: [], services: [] },
  unknown: [],
  servicesWithoutEndpoints: [],
  servicesInOneZoneOnly: [],
  loadShift: [],
  lostLoad: { before: 0, after: 0 },
  prioritiesUsed: [],
  policiesBlockingFailover: [],
};
const lost = { ...backend, zone: "east", clients: 2, reasons: ["zoneDown: east is down", "policy: kept"] };

describe("--down", () => {
  it("takes names of three kinds, several and repeated", () => {
    expect(parseDown(["zone=east, north", "ingress=in", "zone=south", "service=a=b"])).toEqual({
      ok: true,
      value: { zones: ["east", "north", "south"], ingresses: ["in"], services: ["a=b"] },
    });
  });

  it("says all that is wrong", () => {
    expect(parseDown(["east", "zones=east", "zone=", "ingress=a,,b", "constructor=x", "zone=ok"])).toEqual({
      ok: false,
      error: [
        "--down east: has to begin with zone=, ingress= or service=",
        "--down zones=east: has to begin with zone=, ingress= or service=",
        "--down zone=: a name is missing",
        "--down ingress=a,,b: a name is missing",
        "--down constructor=x: has to begin with zone=, ingress= or service=",
      ],
    });
  });
});

it("shows the report in tables", () => {
  const report: WhatIfReport = {
    ...nothing,
    unknown: ["zone eats"],
    servicesWithoutEndpoints: [lost],
    servicesInOneZoneOnly: [
      {
        ...backend,
        service: { kind: "legacy", mesh: "default", name: "old" },
        displayName: "old",
        port: 0,
        zone: "west",
        zonesBefore: ["east", "west"],
      },
    ],
    loadShift: [
      { zone: "", before: 0.25, after: 0.25 },
      { zone: "east", before: 0.75, after: 0 },
    ],
    lostLoad: { before: 0, after: 0.75 },
    prioritiesUsed: [{ priority: 0, before: 4, after: 1 }],
    policiesBlockingFailover: [
      { ...backend, policies: ["MeshLoadBalancingStrategy default/near"], zones: ["north"], detail: "to: None" },
    ],
  };
  expect(formatReport(report).split("\n")).toEqual([
    "SERVICES WITHOUT ENDPOINTS",
    "SERVICE                  ZONE   CLIENTS   REASONS",
    "MeshService backend:80   east   2         zoneDown: east is down; policy: kept",
    "",
    "SERVICES IN ONE ZONE ONLY",
    "SERVICE               ZONE   BEFORE",
    "kuma.io/service old   west   east, west",
    "",
    "POLICIES THAT BLOCK FAILOVER",
    "SERVICE                  POLICIES                                 ZONES   DETAIL",
    "MeshService backend:80   MeshLoadBalancingStrategy default/near   north   to: None",
    "",
    "LOAD",
    "ZONE                   BEFORE   AFTER",
    "outside of all zones   25.0 %   25.0 %",
    "east                   75.0 %   0.0 %",
    "no endpoint            0.0 %    75.0 %",
    "",
    "PRIORITIES IN USE",
    "PRIORITY   SETS BEFORE   SETS AFTER",
    "0          4             1",
    "",
    "unknown here: zone eats",
  ]);
  expect(formatReport(nothing)).toContain("SERVICES WITHOUT ENDPOINTS: none\n\nSERVICES IN ONE ZONE ONLY: none");
});

describe("the exit code", () => {
  it.each([
    ["nothing changes", nothing, undefined],
    ["a service is lost", { ...nothing, servicesWithoutEndpoints: [lost] }, 4],
    ["a name means nothing", { ...nothing, unknown: ["zone eats"] }, 2],
    ["both", { ...nothing, unknown: ["zone eats"], servicesWithoutEndpoints: [lost] }, 4],
    [
      "a service is left in one zone",
      { ...nothing, servicesInOneZoneOnly: [{ ...backend, zone: "a", zonesBefore: ["a", "b"] }] },
      undefined,
    ],
  ] as const)("when %s", (_, report, code) => expect(refusalOf(report)?.exitCode).toBe(code));
});
