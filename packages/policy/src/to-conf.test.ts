import type { Labels } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { destinationOf, legacyDestination } from "./destination.ts";
import { policiesFor } from "./policies-for.ts";
import { proxyOf } from "./proxy.ts";
import { dataplane, matchedOf, policy, resource, service } from "./testing/builders.ts";
import { contributors, decidedBy, toConf, toEntries } from "./to-conf.ts";

const toItem = (targetRef: JsonObject, conf: JsonObject = { set: true }): JsonObject => ({ targetRef, default: conf });
const zone: Labels = { "kuma.io/origin": "zone", "kuma.io/zone": "east" };
const demo: Labels = { "k8s.kuma.io/namespace": "demo" };

describe("a to item and a destination", () => {
  const ms = service("backend", { app: "api", tier: "2" });
  it.each<[string, JsonObject, ReturnType<typeof destinationOf>, string | undefined]>([
    ["Mesh", { kind: "Mesh" }, destinationOf(ms), "mesh"],
    ["by name", { kind: "MeshService", name: "backend" }, destinationOf(ms), "destination"],
    ["by name, any port", { kind: "MeshService", name: "backend" }, destinationOf(ms, "http"), "destination"],
    ["by another name", { kind: "MeshService", name: "other" }, destinationOf(ms), undefined],
    ["another kind", { kind: "MeshMultiZoneService", name: "backend" }, destinationOf(ms), undefined],
    ["by section", { kind: "MeshService", name: "backend", sectionName: "http" }, destinationOf(ms, "http"), "section"],
    [
      "by the number of an unnamed port",
      { kind: "MeshService", name: "backend", sectionName: "9000" },
      destinationOf(ms, "9000"),
      "section",
    ],
    [
      "by the number of a named port",
      { kind: "MeshService", name: "backend", sectionName: "80" },
      destinationOf(ms, "http"),
      undefined,
    ],
    [
      "another section",
      { kind: "MeshService", name: "backend", sectionName: "http" },
      destinationOf(ms, "9000"),
      undefined,
    ],
    [
      "a section, asked for the whole",
      { kind: "MeshService", name: "backend", sectionName: "http" },
      destinationOf(ms),
      undefined,
    ],
    ["by labels", { kind: "MeshService", labels: { app: "api" } }, destinationOf(ms), "destination"],
    [
      "by labels and section",
      { kind: "MeshService", labels: { app: "api" }, sectionName: "http" },
      destinationOf(ms, "http"),
      "section",
    ],
    ["by other labels", { kind: "MeshService", labels: { app: "api", tier: "1" } }, destinationOf(ms), undefined],
    ["by a label it lacks", { kind: "MeshService", labels: { none: "" } }, destinationOf(ms), undefined],
    ["by no labels: by the empty name", { kind: "MeshService", labels: {} }, destinationOf(ms), undefined],
    ["MeshSubset", { kind: "MeshSubset" }, destinationOf(ms), undefined],
    [
      "MeshMultiZoneService",
      { kind: "MeshMultiZoneService", name: "m", sectionName: "http" },
      destinationOf(service("m", {}, "MeshMultiZoneService"), "http"),
      "section",
    ],
    [
      "MeshExternalService",
      { kind: "MeshExternalService", name: "x" },
      destinationOf(resource("MeshExternalService", "x", { match: { port: 443 } }), "443"),
      "destination",
    ],
    [
      "MeshExternalService by its port",
      { kind: "MeshExternalService", name: "x", sectionName: "443" },
      destinationOf(resource("MeshExternalService", "x", { match: { port: 443 } })),
      "destination",
    ],
    [
      "MeshExternalService by another port",
      { kind: "MeshExternalService", name: "x", sectionName: "80" },
      destinationOf(resource("MeshExternalService", "x", { match: { port: 443 } })),
      undefined,
    ],
    [
      "MeshHTTPRoute",
      { kind: "MeshHTTPRoute", name: "r" },
      destinationOf(resource("MeshHTTPRoute", "r", {})),
      "destination",
    ],
  ])("%s", (_title, targetRef, destination, coverage) => {
    expect(toConf(destination, matchedOf(policy("p", { to: [toItem(targetRef)] })))?.coverage).toBe(coverage);
  });

  it.each<[string, Labels, JsonObject, Labels, boolean]>([
    ["zone's policy, zone's service", zone, { name: "s" }, zone, true],
    ["zone's policy, another zone's service", zone, { name: "s" }, { ...zone, "kuma.io/zone": "west" }, false],
    ["zone's policy, global service", zone, { name: "s" }, {}, false],
    ["global policy, zone's service", {}, { name: "s" }, zone, false],
    ["global policy, zone's service by labels", {}, { labels: { "kuma.io/zone": "east" } }, zone, true],
    ["own namespace", demo, { name: "s" }, demo, true],
    ["other namespace", demo, { name: "s" }, { "k8s.kuma.io/namespace": "x" }, false],
    ["namespace of the targetRef", demo, { name: "s", namespace: "x" }, { "k8s.kuma.io/namespace": "x" }, true],
    ["display name", {}, { name: "pretty" }, { "kuma.io/display-name": "pretty" }, true],
  ])("names: %s", (_title, labels, ref, serviceLabels, isMeant) => {
    const p = policy("p", { labels, to: [toItem({ kind: "MeshService", ...ref })] });
    expect(toConf(destinationOf(service("s", serviceLabels)), matchedOf(p)) !== undefined).toBe(isMeant);
  });

  it.each<[string, string, string | undefined]>([
    ["backend_demo_svc_80", "http", "section"],
    ["backend_demo_svc_9000", "9000", "section"],
    ["backend_demo_svc_81", "http", undefined],
    ["backend_demo_svc", "http", "destination"],
    ["backend_other_svc_80", "http", undefined],
    ["backend_demo_svc_http", "http", undefined],
    ["backend_demo", "http", undefined],
  ])("the service tag %s still means port %s: %s", (name, section, coverage) => {
    const ms = service("backend.demo", { ...zone, ...demo, "kuma.io/display-name": "backend" });
    const p = policy("p", { to: [toItem({ kind: "MeshService", name })] });
    expect(toConf(destinationOf(ms, section), matchedOf(p))?.coverage).toBe(coverage);
  });
});

describe("merging for a destination", () => {
  it("lets the particular win over the general, and says who set what", () => {
    const policies = matchedOf(
      policy("general", {
        to: [
          toItem({ kind: "Mesh" }, { a: "mesh", b: "mesh", c: "mesh" }),
          toItem({ kind: "MeshService", name: "backend" }, { b: "service" }),
          toItem({ kind: "MeshService", name: "other" }, { a: "other" }),
        ],
      }),
      policy("port", { to: [toItem({ kind: "MeshService", name: "backend", sectionName: "http" }, { c: "port" })] }),
    );
    const http = toConf(destinationOf(service("backend"), "http"), policies);
    expect(http?.conf).toEqual({ a: "mesh", b: "service", c: "port" });
    expect(http?.coverage).toBe("section");
    expect(http && contributors(http)).toEqual(["MeshTimeout default/general", "MeshTimeout default/port"]);
    expect(http && decidedBy(http, ["b"])?.item.index).toBe(1);
    expect(http && decidedBy(http, ["c"])?.policy.displayName).toBe("port");
    expect(toConf(destinationOf(service("backend"), "9000"), policies)?.conf).toEqual({
      a: "mesh",
      b: "service",
      c: "mesh",
    });
    expect(toConf(destinationOf(service("third")), policies)).toMatchObject({ conf: { a: "mesh" }, coverage: "mesh" });
  });

  it("lets a consumer's word on the mesh win over a producer's on the service", () => {
    const labels = (role: string) => ({ ...demo, "kuma.io/policy-role": role });
    const matched = policiesFor(proxyOf(dataplane("web-1", demo)), [
      policy("p", { labels: labels("producer"), to: [toItem({ kind: "MeshService", name: "s" }, { by: "producer" })] }),
      policy("c", { labels: labels("consumer"), to: [toItem({ kind: "Mesh" }, { by: "consumer" })] }),
    ]).matched;
    expect(toConf(destinationOf(service("s", demo)), matched)?.conf).toEqual({ by: "consumer" });
  });

  it("says nothing where no policy does, and an empty configuration where one sets nothing", () => {
    const matched = matchedOf(policy("p", { to: [{ targetRef: { kind: "MeshService", name: "s" } }] }));
    expect(toConf(destinationOf(service("t")), matched)).toBeUndefined();
    expect(toConf(destinationOf(service("s")), matched)?.conf).toEqual({});
  });

  it("leaves out policies whose own target is a route", () => {
    const route = policy("r", { type: "MeshHTTPRoute" });
    const p = policy("p", { targetRef: { kind: "MeshHTTPRoute", name: "r" }, to: [toItem({ kind: "Mesh" })] });
    const { matched } = policiesFor(proxyOf(dataplane()), [p], { routes: [route] });
    expect(matched).toHaveLength(1);
    expect(toConf(destinationOf(service("s")), matched)).toBeUndefined();
  });

  it("skips items of another shape", () => {
    const matched = matchedOf(policy("p", { to: ["text", {}, { targetRef: { kind: 5 } }, toItem({ kind: "Mesh" })] }));
    expect(toEntries(destinationOf(service("s")), matched).map((entry) => entry.item.index)).toEqual([3]);
  });
});

describe("legacy services", () => {
  const web = legacyDestination("default", "web_demo_svc_80");
  it.each<[string, JsonObject, string | undefined]>([
    ["Mesh", { kind: "Mesh" }, "mesh"],
    ["MeshService", { kind: "MeshService", name: "web_demo_svc_80" }, "destination"],
    ["MeshService by labels", { kind: "MeshService", labels: { app: "web" } }, undefined],
    ["MeshSubset without tags", { kind: "MeshSubset" }, "destination"],
    [
      "MeshSubset of the service",
      { kind: "MeshSubset", tags: { "kuma.io/service": "web_demo_svc_80" } },
      "destination",
    ],
    ["MeshSubset by another tag", { kind: "MeshSubset", tags: { version: "1" } }, undefined],
    ["MeshServiceSubset without tags", { kind: "MeshServiceSubset", name: "web_demo_svc_80" }, "destination"],
    [
      "MeshServiceSubset with tags",
      { kind: "MeshServiceSubset", name: "web_demo_svc_80", tags: { version: "1" } },
      undefined,
    ],
    ["MeshMultiZoneService", { kind: "MeshMultiZoneService", name: "web_demo_svc_80" }, undefined],
  ])("%s", (_title, targetRef, coverage) => {
    expect(toConf(web, matchedOf(policy("p", { to: [toItem(targetRef)] })))?.coverage).toBe(coverage);
  });

  it("go by the order of policies, then of items: a later word on the mesh wins", () => {
    const items = [
      toItem({ kind: "MeshService", name: "web_demo_svc_80" }, { by: "service" }),
      toItem({ kind: "Mesh" }, { by: "mesh" }),
    ];
    expect(toConf(web, matchedOf(policy("p", { to: items })))?.conf).toEqual({ by: "mesh" });
    expect(
      toConf(web, matchedOf(policy("a", { to: items.slice(0, 1) }), policy("b", { to: items.slice(1) })))?.conf,
    ).toEqual({ by: "service" });
  });

  it("lose the whole policy to one item about a route", () => {
    const p = policy("p", { to: [toItem({ kind: "Mesh" }), toItem({ kind: "MeshHTTPRoute", name: "r" })] });
    expect(toConf(web, matchedOf(p))).toBeUndefined();
    expect(toConf(destinationOf(service("s")), matchedOf(p))?.coverage).toBe("mesh");
  });
});

describe("policiesFor", () => {
  it("leaves out shadow policies unless asked", () => {
    const shadow = policy("s", { labels: { "kuma.io/effect": "shadow" } });
    expect(matchedOf(shadow)).toEqual([]);
    expect(policiesFor(proxyOf(dataplane()), [shadow], { includesShadow: true }).matched).toHaveLength(1);
  });

  it("warns of what does not exist", () => {
    const broken = policy("b", { targetRef: { kind: "MeshHTTPRoute", name: "gone" } });
    expect(policiesFor(proxyOf(dataplane()), [broken])).toEqual({
      matched: [],
      warnings: [
        `unable to resolve TargetRef on policy: mesh:default name:b error:"couldn't resolve MeshHTTPRoute targetRef with name 'gone'"`,
      ],
    });
  });
});
