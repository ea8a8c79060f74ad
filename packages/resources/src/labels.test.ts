import { describe, expect, it } from "vitest";
import { deletionViolations, immutableLabelViolations, labelViolations, workloadLabelError } from "./label-rules.ts";
import { computeLabels, displayName, homeZone, isLocallyOriginated } from "./labels.ts";
import { computePolicyRole, PolicyRoleError, policyRole } from "./policy-role.ts";
import { Registry } from "./registry.ts";
import type { Labels } from "./resource.ts";
import type { TypeDescriptor } from "./type-descriptor.ts";
import { builtinTypes } from "./types/all.gen.ts";

const registry = new Registry(builtinTypes);

function type(name: string): TypeDescriptor {
  const descriptor = registry.get(name);
  if (descriptor === undefined) throw new Error(`no type ${name}`);
  return descriptor;
}

const onGlobal = { mode: "global", zone: "" } as const;
const onEast = { mode: "zone", zone: "east" } as const;
const compute = (name: string, labels: Labels, options: Parameters<typeof computeLabels>[2], spec = {}): Labels =>
  computeLabels(type(name), { mesh: type(name).scope === "Mesh" ? "default" : "", labels, spec }, options);

describe("computeLabels", () => {
  it("sets only the mesh on a global", () => {
    expect(compute("MeshTimeout", { a: "b" }, onGlobal)).toEqual({ a: "b", "kuma.io/mesh": "default" });
    expect(compute("HostnameGenerator", {}, onGlobal)).toEqual({});
  });

  it("sets origin, zone and environment of what a zone may provide", () => {
    expect(compute("MeshTimeout", {}, onEast)).toEqual({
      "kuma.io/mesh": "default",
      "kuma.io/origin": "zone",
      "kuma.io/zone": "east",
      "kuma.io/env": "universal",
    });
    expect(compute("Mesh", {}, onEast)).toEqual({});
    expect(compute("MeshTimeout", { "kuma.io/origin": "global" }, onEast)).toEqual({
      "kuma.io/mesh": "default",
      "kuma.io/origin": "global",
    });
  });

  it("keeps what the user chose", () => {
    const chosen = { "kuma.io/mesh": "other", "kuma.io/zone": "west", "kuma.io/env": "kubernetes" };
    expect(compute("MeshService", chosen, onEast)).toEqual({ ...chosen, "kuma.io/origin": "zone" });
  });

  it("marks proxies and overwrites what the user says they are", () => {
    const dataplane = (networking: object, labels: Labels = {}): Labels =>
      compute("Dataplane", labels, onGlobal, { networking });
    expect(dataplane({})["kuma.io/proxy-type"]).toBe("sidecar");
    expect(dataplane({ gateway: { tags: {} } })["kuma.io/proxy-type"]).toBe("sidecar");
    expect(dataplane({ gateway: { type: "BUILTIN" } }, { "kuma.io/proxy-type": "x" })["kuma.io/proxy-type"]).toBe(
      "gateway",
    );
    expect(dataplane({ listeners: [{ type: "ZoneEgress" }] }, { "kuma.io/listener-zoneingress": "enabled" })).toEqual({
      "kuma.io/mesh": "default",
      "kuma.io/proxy-type": "sidecar",
      "kuma.io/listener-zoneegress": "enabled",
    });
    expect(compute("ZoneIngress", {}, onGlobal)).toEqual({ "kuma.io/proxy-type": "zoneingress" });
    expect(compute("ZoneEgress", {}, onGlobal)).toEqual({ "kuma.io/proxy-type": "zoneegress" });
  });

  it("adds namespace, role and service account on Kubernetes", () => {
    const options = {
      ...onEast,
      isKubernetes: true,
      namespace: { name: "demo", isSystem: false },
      serviceAccount: "sa",
      workload: "w",
    };
    expect(compute("MeshTimeout", {}, options)).toEqual({
      "kuma.io/mesh": "default",
      "kuma.io/origin": "zone",
      "kuma.io/zone": "east",
      "kuma.io/env": "kubernetes",
      "k8s.kuma.io/namespace": "demo",
      "kuma.io/policy-role": "workload-owner",
      "k8s.kuma.io/service-account": "sa",
      "kuma.io/workload": "w",
    });
    expect(compute("MeshTimeout", { "kuma.io/origin": "global" }, options)["kuma.io/policy-role"]).toBeUndefined();
  });
});

describe("reading labels", () => {
  it("gives display name and home zone", () => {
    expect(displayName({ name: "a-hash", labels: { "kuma.io/display-name": "a" } })).toBe("a");
    expect(displayName({ name: "a", labels: { "kuma.io/display-name": "" } })).toBe("a");
    expect(homeZone({ labels: { "kuma.io/zone": "east" } })).toBe("east");
    expect(homeZone({ labels: {} })).toBeUndefined();
  });

  it("says who owns a resource", () => {
    const owned = (origin?: string): boolean[] => {
      const labels: Labels = origin === undefined ? {} : { "kuma.io/origin": origin };
      return [isLocallyOriginated("global", labels), isLocallyOriginated("zone", labels)];
    };
    expect([owned(), owned(""), owned("global"), owned("zone")]).toEqual([
      [true, true],
      [true, true],
      [true, false],
      [false, true],
    ]);
  });
});

describe("labelViolations", () => {
  const global = { ...onGlobal, isFederated: false };
  const federated = { ...onEast, isFederated: true };
  const standalone = { ...onEast, isFederated: false };
  const reasons = (name: string, labels: Labels, writer: Parameters<typeof labelViolations>[2]): string[] =>
    labelViolations(type(name), { mesh: "default", labels }, writer).map((v) => `${v.field} ${v.reason}`);
  const origin = 'labels["kuma.io/origin"]';

  it("checks the origin", () => {
    expect(reasons("MeshTimeout", { "kuma.io/origin": "mars" }, standalone)).toEqual([
      `${origin} unknown resource origin "mars"`,
    ]);
    expect(reasons("MeshTimeout", { "kuma.io/origin": "zone" }, global)).toEqual([
      `${origin} the origin label must be set to 'global'`,
    ]);
    expect(reasons("MeshTimeout", {}, global)).toEqual([]);
    expect(reasons("MeshTimeout", {}, federated)).toEqual([`${origin} the origin label must be set to 'zone'`]);
    expect(reasons("MeshTimeout", {}, { ...federated, isOriginCheckDisabled: true })).toEqual([]);
    expect(reasons("Dataplane", {}, federated)).toEqual([]);
    expect(reasons("MeshTimeout", { "kuma.io/origin": "zone" }, federated)).toEqual([]);
  });

  it("checks zone and mesh on a zone, except for what comes from the global", () => {
    const foreign = { "kuma.io/zone": "west", "kuma.io/mesh": "other" };
    expect(reasons("Dataplane", foreign, federated)).toEqual([
      'labels["kuma.io/zone"] kuma.io/zone label should have east value',
      'labels["kuma.io/mesh"] kuma.io/mesh label must not differ from mesh set on resource',
    ]);
    expect(reasons("Dataplane", { ...foreign, "kuma.io/origin": "global" }, standalone)).toEqual([]);
    expect(reasons("Dataplane", foreign, global)).toEqual([]);
  });

  it("checks keys and values in order of key", () => {
    expect(reasons("Dataplane", { b: "x y", "a b": "" }, global).map((text) => text.slice(0, 40))).toEqual([
      'labels["a b"] name part must consist of ',
      'labels["b"] a valid label must be an emp',
    ]);
  });

  it("names the key alone when it forbids a delete", () => {
    expect(deletionViolations(type("MeshTimeout"), { labels: { "kuma.io/origin": "zone" } }, global)).toEqual([
      { field: '["kuma.io/origin"]', reason: "the origin label must be set to 'global'" },
    ]);
    expect(deletionViolations(type("MeshTimeout"), { labels: {} }, global)).toEqual([]);
  });
});

describe("immutableLabelViolations", () => {
  it("forbids to change or remove origin, zone and display name, but not to add them", () => {
    const stored = { "kuma.io/origin": "zone", "kuma.io/zone": "east", other: "a" };
    expect(immutableLabelViolations(stored, { "kuma.io/origin": "global", "kuma.io/display-name": "x" })).toEqual([
      { field: 'labels["kuma.io/origin"]', reason: 'is immutable, cannot be changed from "zone" to "global"' },
      { field: 'labels["kuma.io/zone"]', reason: 'is immutable, cannot be removed (was "east")' },
    ]);
  });
});

describe("workloadLabelError", () => {
  it("wants a DNS label, and none at all on a global", () => {
    expect(workloadLabelError({ "kuma.io/workload": "web" }, "zone")).toBeUndefined();
    expect(workloadLabelError({}, "global")).toBeUndefined();
    expect(workloadLabelError({ "kuma.io/workload": "web" }, "global")).toBe(
      'bad request: labels["kuma.io/workload"]: not allowed on Global control plane',
    );
    expect(workloadLabelError({ "kuma.io/workload": "Web" }, "zone")).toMatch(
      /^bad request: labels\["kuma\.io\/workload"\]: must be a valid DNS-1035 label \(at most 63 characters, matching regex \[a-z\]\(\[-a-z0-9\]\*\[a-z0-9\]\)\?\): a DNS-1035 label must/,
    );
  });
});

describe("computePolicyRole", () => {
  const demo = { name: "demo", isSystem: false };
  const to = (targetRef: object): object => ({ to: [{ targetRef }] });
  const service = { kind: "MeshService", name: "a" };
  it.each([
    ["no namespace", to(service), undefined, "system"],
    ["system namespace", to(service), { name: "kuma-system", isSystem: true }, "system"],
    ["from", { from: [{}] }, demo, "workload-owner"],
    ["neither list", { default: {} }, demo, "workload-owner"],
    ["service of the namespace", to(service), demo, "producer"],
    ["named namespace", to({ ...service, namespace: "demo" }), demo, "producer"],
    ["other namespace", to({ ...service, namespace: "other" }), demo, "consumer"],
    ["route", to({ kind: "MeshHTTPRoute", name: "a" }), demo, "producer"],
    ["by labels", to({ kind: "MeshService", labels: {} }), demo, "consumer"],
    ["mesh", to({ kind: "Mesh" }), demo, "consumer"],
  ])("%s", (_name, spec, namespace, role) => {
    expect(computePolicyRole(spec as never, namespace)).toBe(role);
  });

  it("refuses mixtures", () => {
    expect(() => computePolicyRole({ to: [{}], from: [{}] }, demo)).toThrow(PolicyRoleError);
    expect(() => computePolicyRole({ to: [{ targetRef: service }, { targetRef: { kind: "Mesh" } }] }, demo)).toThrow(
      "it's not allowed to mix producer and consumer items in the same policy",
    );
  });

  it("is system without a label", () => {
    expect(policyRole({ labels: {} })).toBe("system");
    expect(policyRole({ labels: { "kuma.io/policy-role": "producer" } })).toBe("producer");
  });
});
