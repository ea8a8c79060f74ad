import type { Labels } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { backendOf } from "./backend-ref.ts";
import { TargetIndex } from "./target-index.ts";
import { policy, resource, service } from "./testing/builders.ts";

const east: Labels = { "kuma.io/origin": "zone", "kuma.io/zone": "east", "k8s.kuma.io/namespace": "demo" };
const old = { ...service("old", { app: "api" }), creationTime: "2024-01-01T00:00:00Z" };
const index = new TargetIndex([
  service("backend"),
  service("backend-east", { ...east, "kuma.io/display-name": "backend" }),
  service("young", { app: "api" }),
  old,
  service("multi", {}, "MeshMultiZoneService"),
  resource("MeshExternalService", "x", { match: { port: 443 } }),
]);
const route = policy("r", { type: "MeshHTTPRoute" });
const routeOfEast = policy("r", { type: "MeshHTTPRoute", labels: east });

describe("a backendRef", () => {
  it.each<[string, JsonObject, string | undefined]>([
    ["by number", { kind: "MeshService", name: "backend", port: 80 }, "backend http"],
    ["by the number of an unnamed port", { kind: "MeshService", name: "backend", port: 9000 }, "backend 9000"],
    ["by name", { kind: "MeshService", name: "backend", sectionName: "http" }, "backend http"],
    ["a port that does not exist", { kind: "MeshService", name: "backend", port: 81 }, undefined],
    ["a service that does not exist", { kind: "MeshService", name: "gone", port: 80 }, undefined],
    ["by labels: the oldest", { kind: "MeshService", labels: { app: "api" }, port: 80 }, "old http"],
    ["labels nobody has", { kind: "MeshService", labels: { app: "none" }, port: 80 }, undefined],
    ["several zones", { kind: "MeshMultiZoneService", name: "multi", port: 80 }, "multi http"],
    ["several zones without a port", { kind: "MeshMultiZoneService", name: "multi" }, undefined],
    ["outside", { kind: "MeshExternalService", name: "x" }, "x 443"],
    ["outside, whatever the port", { kind: "MeshExternalService", name: "x", port: 80 }, "x 443"],
  ])("%s", (_title, ref, expected) => {
    const backend = backendOf(route, ref, index);
    expect(backend?.kind === "resource" ? `${backend.resource.name} ${backend.kri.section}` : backend).toBe(expected);
  });

  it("is understood where the route is from", () => {
    const ref = { kind: "MeshService", name: "backend", port: 80 };
    expect(backendOf(routeOfEast, ref, index)).toMatchObject({ resource: { name: "backend-east" } });
    expect(backendOf(routeOfEast, { ...ref, namespace: "other" }, index)).toBeUndefined();
  });

  it("without a port is a value of kuma.io/service", () => {
    expect(backendOf(route, { kind: "MeshService", name: "web", weight: 3 }, index)).toEqual({
      kind: "legacy",
      tags: { "kuma.io/service": "web" },
      weight: 3,
    });
    expect(backendOf(route, { kind: "MeshServiceSubset", name: "web", tags: { v: "1" } }, index)).toEqual({
      kind: "legacy",
      tags: { "kuma.io/service": "web", v: "1" },
      weight: 1,
    });
  });

  it("has a weight", () => {
    const ref = { kind: "MeshService", name: "backend", port: 80 };
    expect(
      [{}, { weight: 0 }, { weight: 7 }].map((more) => backendOf(route, { ...ref, ...more }, index)?.weight),
    ).toEqual([1, 0, 7]);
  });

  it("of another shape is none", () => {
    expect(backendOf(route, { name: 5 }, index)).toBeUndefined();
    expect(backendOf(route, { kind: "Dataplane", name: "x" }, index)).toBeUndefined();
  });
});
