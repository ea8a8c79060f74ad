import { createHash } from "node:crypto";
import type { Labels, Resource } from "@isthmus/resources";
import { describe, expect, it } from "vitest";
import { dataplane, LOCAL, mesh, meshService, remoteLabels, SETTINGS, secureMesh } from "../testing/resources.ts";
import { snapshotWorld } from "../world/snapshot-world.ts";
import { planMeshService, planMeshServices, type ServicePlan } from "./plan-mesh-services.ts";
import type { GeneratorSettings } from "./wanted-mesh-service.ts";

const NOW = Date.parse("2026-02-01T00:00:00Z");
const HOUR_MS = 3_600_000;
const BY_TAG: GeneratorSettings = {
  isByWorkload: false,
  propagation: { isEnabled: false, allowedKeys: [] },
  deletionGracePeriodMs: HOUR_MS,
};
const BY_WORKLOAD: GeneratorSettings = { ...BY_TAG, isByWorkload: true };
const PROPAGATING: GeneratorSettings = { ...BY_TAG, propagation: { isEnabled: true, allowedKeys: [] } };
const GRACE = "kuma.io/deletion-grace-period-started-at";

const GENERATED: Labels = {
  "kuma.io/mesh": "default",
  "kuma.io/display-name": "backend",
  "kuma.io/managed-by": "meshservice-generator",
  "kuma.io/env": "universal",
  "kuma.io/zone": "west",
  "kuma.io/origin": "zone",
};
const port = (number: number, name = String(number), appProtocol = "tcp") => ({
  name,
  port: number,
  targetPort: number,
  appProtocol,
});

const STATUS = { vips: [{ ip: "241.0.0.1" }], tls: { status: "Ready" }, dataplaneProxies: { total: 1 } };

/** A MeshService `backend` as the generator and the status left it. */
function generated(ports: readonly ReturnType<typeof port>[], labels: Labels = {}): Resource {
  const service = meshService("backend", ports, { labels: { ...GENERATED, ...labels }, status: STATUS, version: 7 });
  const identities = [{ type: "ServiceTag", value: "backend" }];
  return { ...service, spec: { state: "Available", ...service.spec, identities } };
}

function plan(resources: readonly Resource[], settings = BY_TAG, name = "backend", now = NOW): ServicePlan {
  const meshes = resources.some(({ type }) => type === "Mesh") ? [] : [secureMesh()];
  return planMeshService(snapshotWorld([...meshes, ...resources], SETTINGS), "default", name, settings, now);
}

function put(...args: Parameters<typeof plan>): Extract<ServicePlan, { kind: "put" }> {
  const made = plan(...args);
  if (made.kind !== "put") throw new Error(`plan is ${JSON.stringify(made)}`);
  return made;
}

describe("planMeshService creates", () => {
  it("a service as Kuma's generator does, owned by its mesh", () => {
    const made = put([dataplane("dp-1", [{ port: 8080, service: "backend", name: "http", protocol: "http" }])]);
    expect(made).toMatchObject({ expect: 0, wakeAt: undefined });
    expect(made.resource).toEqual({
      type: "MeshService",
      mesh: "default",
      name: "backend",
      labels: GENERATED,
      spec: { selector: { dataplaneTags: { "kuma.io/service": "backend" } }, ports: [port(8080, "http", "http")] },
      status: { tls: {}, dataplaneProxies: {} },
      owner: { type: "Mesh", mesh: "", name: "default" },
    });
  });

  it.each([
    ["the decimal port without a name", [{ port: 80, service: "backend" }], [port(80)]],
    [
      "the tag for the protocol",
      [{ port: 80, service: "backend", tags: { "kuma.io/protocol": "grpc" } }],
      [port(80, "80", "grpc")],
    ],
    [
      "the field before the tag",
      [{ port: 80, service: "backend", protocol: "http2", tags: { "kuma.io/protocol": "grpc" } }],
      [port(80, "80", "http2")],
    ],
    ["tcp for an unknown protocol", [{ port: 80, service: "backend", protocol: "smtp" }], [port(80)]],
    [
      "inbounds in their order",
      [
        { port: 90, service: "backend" },
        { port: 80, service: "backend", name: "x" },
      ],
      [port(90), port(80, "x")],
    ],
    [
      "only inbounds of the service",
      [
        { port: 90, service: "other" },
        { port: 80, service: "backend" },
      ],
      [port(80)],
    ],
    [
      "no inbound without a port",
      [
        { port: 0, service: "backend" },
        { port: 80, service: "backend" },
      ],
      [port(80)],
    ],
    ["inbounds that are not ready", [{ port: 80, service: "backend", state: "NotReady" }], [port(80)]],
    ["inbounds that are ignored", [{ port: 80, service: "backend", state: "Ignored" }], [port(80)]],
  ])("ports with %s", (_, inbounds, expected) => {
    expect(put([dataplane("dp-1", inbounds)]).resource.spec.ports).toEqual(expected);
  });

  it.each(["back_end", "back.end", "1backend", "Backend", "b".repeat(64), "", "-b"])(
    "nothing for tag %j",
    (service) => {
      const world = snapshotWorld([secureMesh(), dataplane("dp-1", [{ port: 80, service }])], SETTINGS);
      expect(planMeshServices(world, BY_TAG, NOW)).toEqual([]);
    },
  );

  it("by workload, with one port per inbound and without looking at tags", () => {
    const inbounds = [
      { port: 80, tags: { "kuma.io/protocol": "http" } },
      { port: 81, protocol: "grpc", service: "x" },
    ];
    const labels = { ...LOCAL, "kuma.io/workload": "backend" };
    const { spec } = put([dataplane("dp-1", inbounds, { labels })], BY_WORKLOAD).resource;
    expect(spec).toEqual({
      selector: { dataplaneLabels: { matchLabels: { "kuma.io/workload": "backend" } } },
      ports: [port(80), port(81, "81", "grpc")],
    });
    expect(plan([dataplane("dp-1", [], { labels })], BY_WORKLOAD).kind).toBe("keep");
    expect(
      plan([dataplane("dp-1", inbounds, { labels: { "kuma.io/workload": "back_end" } })], BY_WORKLOAD, "back_end").kind,
    ).toBe("keep");
  });

  it.each([
    ["Disabled", "keep"],
    ["Everywhere", "put"],
    ["ReachableBackends", "put"],
    ["Exclusive", "put"],
  ])("in mode %s: %s", (mode, expected) => {
    expect(plan([secureMesh("default", mode), dataplane("dp-1", [{ port: 80, service: "backend" }])]).kind).toBe(
      expected,
    );
  });

  it("nothing without a mode, and nothing in a mesh that is not known", () => {
    const proxy = dataplane("dp-1", [{ port: 80, service: "backend" }]);
    expect(plan([mesh("default"), proxy]).kind).toBe("keep");
    expect(plan([mesh("other", { meshServices: { mode: "Exclusive" } }), proxy]).kind).toBe("keep");
  });
});

describe("planMeshService keeps", () => {
  it("what is as it should be", () => {
    expect(plan([generated([port(80)]), dataplane("dp-1", [{ port: 80, service: "backend" }])]).kind).toBe("keep");
  });

  it.each([
    ["made by hand", meshService("backend", [80])],
    [
      "of another zone under that very name",
      meshService("backend", [80], {
        labels: { ...remoteLabels("east", "backend"), "kuma.io/managed-by": "meshservice-generator" },
      }),
    ],
    [
      "of another manager",
      meshService("backend", [80], { labels: { ...LOCAL, "kuma.io/managed-by": "k8s-controller" } }),
    ],
  ])("a service %s, and says that it is in the way", (_, existing) => {
    const proxy = dataplane("dp-1", [{ port: 81, service: "backend" }]);
    expect(plan([existing, proxy])).toEqual({ kind: "blocked", by: existing });
    expect(plan([existing])).toEqual({ kind: "blocked", by: existing });
    const world = snapshotWorld([secureMesh(), existing], SETTINGS);
    expect(planMeshServices(world, BY_TAG, NOW)).toEqual([]);
  });

  it("labels that others set", () => {
    const existing = generated([port(80)], { team: "a", "isthmus.io/healthy-instances": "3" });
    const proxy = dataplane("dp-1", [{ port: 80, service: "backend" }]);
    expect(plan([existing, proxy]).kind).toBe("keep");
    expect(plan([existing, proxy], PROPAGATING).kind).toBe("keep");
  });
});

describe("planMeshService updates", () => {
  it("ports, and keeps address, identities and state", () => {
    const made = put([generated([port(80)], { team: "a" }), dataplane("dp-1", [{ port: 81, service: "backend" }])]);
    expect(made).toMatchObject({ expect: 7, reasons: ["ports changed"] });
    expect(made.resource.labels).toEqual({ ...GENERATED, team: "a" });
    expect(made.resource.status).toEqual(STATUS);
    expect(made.resource.spec).toEqual({
      state: "Available",
      selector: { dataplaneTags: { "kuma.io/service": "backend" } },
      ports: [port(81)],
      identities: [{ type: "ServiceTag", value: "backend" }],
    });
    expect(Object.keys(made.resource.spec)).toEqual(["state", "selector", "ports", "identities"]);
  });

  it("the selector when services are made by workload from now on", () => {
    const proxy = dataplane("dp-1", [{ port: 80 }], { labels: { "kuma.io/workload": "backend" } });
    const made = put([generated([port(80)]), proxy], BY_WORKLOAD);
    expect(made.reasons).toEqual(["selector changed"]);
  });

  it("labels of its own", () => {
    const made = put([
      generated([port(80)], { "kuma.io/zone": "elsewhere" }),
      dataplane("dp-1", [{ port: 80, service: "backend" }]),
    ]);
    expect(made.reasons).toEqual(["labels changed"]);
    expect(made.resource.labels).toEqual(GENERATED);
  });

  it("by ending the grace period when a Dataplane returns", () => {
    const existing = generated([port(80)], { [GRACE]: "2026-01-31T23:30:00Z" });
    const made = put([existing, dataplane("dp-1", [{ port: 80, service: "backend" }])]);
    expect(made.reasons).toEqual(["no longer scheduled for deletion"]);
    expect(made.resource.labels).toEqual(GENERATED);
    expect(made.resource.status).toEqual(STATUS);
  });
});

describe("of Dataplanes that disagree on ports", () => {
  const old = dataplane("z-old", [{ port: 80, service: "backend" }], { creationTime: "2026-01-01T00:00:05Z" });
  const young = dataplane("a-young", [{ port: 81, service: "backend" }], { creationTime: "2026-01-01T00:00:05.5Z" });

  it("the oldest decides", () => {
    expect(put([young, old]).resource.spec.ports).toEqual([port(80)]);
  });

  it("what is stored stays while one agrees", () => {
    expect(plan([generated([port(81)]), young, old]).kind).toBe("keep");
    expect(put([generated([port(82)]), young, old]).resource.spec.ports).toEqual([port(80)]);
  });

  it("names and order count", () => {
    const named = dataplane("b", [{ port: 80, service: "backend", name: "http" }], {
      creationTime: "2026-01-02T00:00:00Z",
    });
    expect(plan([generated([port(80, "http")]), old, named]).kind).toBe("keep");
  });
});

describe("planMeshService deletes", () => {
  it("after the grace period, which a label keeps across restarts", () => {
    const first = put([generated([port(80)])]);
    expect(first.resource.labels).toEqual({ ...GENERATED, [GRACE]: "2026-02-01T00:00:00.000Z" });
    expect(first.resource.status).toEqual(STATUS);
    expect(first.wakeAt).toBe(NOW + HOUR_MS + 1);
    const waiting = generated([port(80)], { [GRACE]: "2026-02-01T00:00:00.000Z" });
    const at = (now: number): ServicePlan => plan([waiting], BY_TAG, "backend", now);
    expect(at(NOW + HOUR_MS)).toEqual({ kind: "keep", wakeAt: NOW + HOUR_MS + 1 });
    expect(at(NOW + HOUR_MS + 1)).toMatchObject({
      kind: "delete",
      key: { type: "MeshService", mesh: "default", name: "backend" },
      expect: 7,
    });
  });

  it("not before a grace period whose beginning cannot be read has begun anew", () => {
    const made = put([generated([port(80)], { [GRACE]: "yesterday" })]);
    expect(made.resource.labels[GRACE]).toBe("2026-02-01T00:00:00.000Z");
  });

  it("reads the time as Kuma writes it", () => {
    const started = generated([port(80)], { [GRACE]: "2026-01-31T22:59:59.123456789Z" });
    expect(plan([started]).kind).toBe("delete");
  });

  it("at once when the mode is Disabled, but only what it made", () => {
    const disabled = secureMesh("default", "Disabled");
    const proxy = dataplane("dp-1", [{ port: 80, service: "backend" }]);
    expect(plan([disabled, proxy, generated([port(80)])]).kind).toBe("delete");
    expect(plan([disabled, proxy, meshService("backend", [80])]).kind).toBe("blocked");
  });
});

describe("label propagation", () => {
  const tracking = (key: string) => `kuma.io/pkey-${createHash("sha256").update(key).digest("hex").slice(0, 16)}`;
  const at = (day: number) => `2026-01-0${day}T00:00:00Z`;
  const proxy = (name: string, tags: Labels, labels: Labels = {}, day = 1) =>
    dataplane(name, [{ port: 80, service: "backend", tags }], { labels, creationTime: at(day) });
  const propagated = (resources: readonly Resource[], settings = PROPAGATING): Labels => {
    const all = put(resources, settings).resource.labels;
    return Object.fromEntries(Object.entries(all).filter(([key]) => !key.startsWith("kuma.io/")));
  };

  it.each<[string, readonly Resource[], Labels]>([
    ["tags", [proxy("a", { version: "v1" })], { version: "v1" }],
    ["labels before tags", [proxy("a", { version: "v1" }, { version: "v2" })], { version: "v2" }],
    ["what most have", [proxy("a", { v: "1" }), proxy("b", { v: "2" }), proxy("c", { v: "2" })], { v: "2" }],
    ["of as many the youngest", [proxy("a", { v: "1" }, {}, 3), proxy("b", { v: "2" }, {}, 2)], { v: "1" }],
    ["of the same age the smaller text", [proxy("a", { v: "2" }), proxy("b", { v: "1" })], { v: "1" }],
    ["no reserved keys", [proxy("a", { "kuma.io/x": "1", "k8s.kuma.io/y": "1" }, { "kuma.io/z": "1" })], {}],
    ["no facts of ours", [proxy("a", {}, { "isthmus.io/healthy-instances": "9" })], {}],
    ["no invalid values", [proxy("a", { ok: "1", bad: "a b" }, { "bad key": "x" })], { ok: "1" }],
  ])("takes over %s", (_, resources, expected) => {
    expect(propagated(resources)).toEqual(expected);
  });

  it("leaves out tags on which inbounds of one Dataplane disagree", () => {
    const inbounds = [
      { port: 80, service: "backend", tags: { v: "1", w: "1" } },
      { port: 81, service: "backend", tags: { v: "2", w: "1" } },
    ];
    expect(propagated([dataplane("a", inbounds)])).toEqual({ w: "1" });
  });

  it("knows only allowed keys when some are given", () => {
    const settings = { ...PROPAGATING, propagation: { isEnabled: true, allowedKeys: ["v"] } };
    expect(propagated([proxy("a", { v: "1", w: "1" }, { x: "1" })], settings)).toEqual({ v: "1" });
  });

  it("marks keys, and takes away those that no Dataplane has any more", () => {
    const first = put([proxy("a", { "example.com/team": "x", v: "1" })], PROPAGATING).resource;
    expect(first.labels).toMatchObject({ v: "1", [tracking("example.com/team")]: "", [tracking("v")]: "" });
    const stored = { ...generated([port(80)]), labels: { ...first.labels, mine: "yes" } };
    expect(plan([stored, proxy("a", { "example.com/team": "x", v: "1" })], PROPAGATING).kind).toBe("keep");
    const second = put([stored, proxy("a", { v: "1" })], PROPAGATING).resource;
    expect(second.labels).toEqual({ ...GENERATED, v: "1", mine: "yes", [tracking("v")]: "" });
  });

  it("reads marks of the older form, with the key as value", () => {
    const stored = generated([port(80)], { v: "1", mine: "yes", "kuma.io/pkey-0": "v" });
    const { labels } = put([stored, proxy("a", {})], PROPAGATING).resource;
    expect(labels).toEqual({ ...GENERATED, mine: "yes" });
  });

  it("leaves everything when it is switched off", () => {
    const stored = generated([port(80)], { v: "1", [tracking("v")]: "" });
    expect(plan([stored, proxy("a", {})]).kind).toBe("keep");
  });
});
