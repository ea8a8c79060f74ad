/** Whatever happens in whatever order: what is kept up to date is what a new process would find out, and then all is quiet. */
import type { Resource } from "@isthmus/resources";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dataplane, insight, LOCAL, meshService, remoteLabels, resource, secureMesh } from "../testing/resources.ts";
import { GRACE_MS, LiveRig } from "./testing/live-rig.ts";

type Step =
  | { readonly kind: "put"; readonly resources: readonly Resource[] }
  | { readonly kind: "delete"; readonly type: string; readonly name: string }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "turn" };

const names = ["a", "b", "c"];
const name = fc.constantFrom(...names);
const service = fc.constantFrom("front", "back");

const proxies = fc
  .record({
    name,
    service,
    port: fc.constantFrom(80, 81),
    state: fc.constantFrom("Ready", "NotReady"),
    workload: fc.constantFrom("", "shop"),
  })
  .map(({ name: of, service: tag, port, state, workload }) =>
    dataplane(of, [{ port, service: tag, state }], {
      labels: { ...LOCAL, ...(workload === "" ? {} : { "kuma.io/workload": workload }) },
    }),
  );
const insights = fc.record({ name, isOnline: fc.boolean() }).map(({ name: of, isOnline }) => insight(of, { isOnline }));
const remotes = fc
  .record({ zone: fc.constantFrom("east", "north"), service, state: fc.constantFrom("Available", "Unavailable") })
  .map(({ zone, service: of, state }) =>
    meshService(`${of}-${zone}`, [80], { labels: remoteLabels(zone, of), spec: { state } }),
  );
const manual = service.map((of) => meshService(of, [80], { labels: LOCAL }));
const multiZone = fc.record({ name, service }).map(({ name: of, service: member }) =>
  resource("MeshMultiZoneService", of, {
    labels: { "kuma.io/origin": "global", "kuma.io/display-name": of },
    spec: { selector: { meshService: { matchLabels: { "kuma.io/display-name": member } } }, ports: [{ port: 80 }] },
  }),
);
const generators = fc
  .record({ name, template: fc.constantFrom("{{ .DisplayName }}.mesh", "same.mesh", "{{ broken", '{{ label "no" }}') })
  .map(({ name: of, template }) =>
    resource("HostnameGenerator", of, {
      mesh: "",
      labels: { "kuma.io/origin": "zone" },
      spec: { selector: { meshService: { matchLabels: {} } }, template },
    }),
  );
const ingresses = name.map((of) =>
  resource("ZoneIngress", of, {
    mesh: "",
    spec: { networking: { address: "10.0.0.9", port: 1, advertisedAddress: "1.2.3.4", advertisedPort: 1 } },
  }),
);
const meshes = fc.constantFrom("Disabled", "Everywhere", "Exclusive").map((mode) => secureMesh("default", mode));

const some = fc.oneof(
  { weight: 6, arbitrary: proxies },
  { weight: 2, arbitrary: remotes },
  insights,
  manual,
  multiZone,
  generators,
  ingresses,
  meshes,
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.array(some, { minLength: 1, maxLength: 4 }).map((resources) => ({ kind: "put" as const, resources })),
  },
  {
    weight: 4,
    arbitrary: some.map(({ type, name: of }) => ({
      kind: "delete" as const,
      type: type === "Mesh" ? "Dataplane" : type,
      name: of,
    })),
  },
  { weight: 1, arbitrary: fc.constantFrom(1, GRACE_MS / 2, GRACE_MS + 1).map((ms) => ({ kind: "pass" as const, ms })) },
  { weight: 2, arbitrary: fc.constant({ kind: "turn" as const }) },
);

const GLOBAL = new Set(["Mesh", "HostnameGenerator", "ZoneIngress"]);

/** Without waiting for what follows, but for the steps that are turns. */
async function take(rig: LiveRig, taken: Step): Promise<void> {
  switch (taken.kind) {
    case "put": {
      const unique = new Map(taken.resources.map((one) => [`${one.type}/${one.name}`, one]));
      await rig.commit([...unique.values()]);
      return;
    }
    case "delete": {
      const key = { type: taken.type, mesh: GLOBAL.has(taken.type) ? "" : "default", name: taken.name };
      if (rig.store.get(key) !== undefined) await rig.store.commit([{ kind: "delete", key }]);
      return;
    }
    case "pass":
      rig.clock.advance(taken.ms);
      return;
    case "turn":
      await new Promise((resolve) => setImmediate(resolve));
  }
}

function derived(rig: LiveRig): unknown {
  return {
    problems: rig.topology.problems(),
    sizes: rig.topology.sizes(),
  };
}

describe("any history", () => {
  it("leads to what a new process derives from the store, which has nothing to write", async () => {
    let written = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const rig = new LiveRig();
        await rig.start(secureMesh());
        for (const one of steps) await take(rig, one);
        await rig.settled();
        const { revision } = rig.store;
        const before = derived(rig);
        written += rig.written();
        expect(rig.topology.sizes().pendingWrites).toBe(0);
        await rig.restart();
        expect(rig.store.revision).toBe(revision);
        expect(derived(rig)).toEqual(before);
        for (const type of ["MeshService", "MeshMultiZoneService"]) {
          for (const { status, spec } of rig.store.list(type)) {
            expect(status?.vips).toHaveLength(1);
            if (type === "MeshService") expect(["Available", "Unavailable"]).toContain(spec.state);
          }
        }
        const vips = rig.store.list("MeshService").map(({ status }) => JSON.stringify(status?.vips));
        expect(new Set(vips).size).toBe(vips.length);
        await rig.topology.stop();
      }),
      { numRuns: 150 },
    );
    expect(written).toBeGreaterThan(500);
  }, 300_000);
});
