/** Whatever happens in whatever order: the insights are those that are counted from scratch, and then all is quiet. */
import type { ResourceDraft } from "@isthmus/store";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MeshRig } from "./testing/mesh-rig.ts";
import { dataplane, external, insight, mesh, policy } from "./testing/mesh-samples.ts";
import { referenceMeshInsight, referenceServices } from "./testing/reference-insights.ts";

type Step =
  | { readonly kind: "put"; readonly drafts: readonly ResourceDraft[] }
  | { readonly kind: "delete"; readonly type: string; readonly mesh: string; readonly name: string }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "turn" };

const MESHES = ["default", "other"];
const meshName = fc.constantFrom(...MESHES);
const name = fc.constantFrom("a", "b", "c", "d");
/** Gateways have services of their own: which kind a shared name shows is told apart in a test of its own. */
const inbound = fc.record(
  {
    service: fc.constantFrom("web", "shop", "__proto__"),
    zone: fc.constantFrom("east", "west"),
    state: fc.constantFrom("Ready", "NotReady", "Ignored"),
    ready: fc.boolean(),
  },
  { requiredKeys: [] },
);
const proxies = fc
  .record({
    name,
    mesh: meshName,
    shape: fc.oneof(
      fc.record({ inbounds: fc.array(inbound, { maxLength: 3 }) }),
      fc.record({ listeners: fc.array(fc.constantFrom({}, { state: "NotReady" }), { maxLength: 2 }) }),
      fc.constantFrom(
        { gateway: { service: "edge", zone: "east" } },
        { gateway: { service: "door", type: "BUILTIN" as const } },
        { gateway: {} },
      ),
    ),
  })
  .map(({ name: of, mesh: inMesh, shape }) => dataplane(of, { mesh: inMesh, ...shape }));
const insights = fc
  .record(
    {
      mesh: meshName,
      subscriptions: fc.array(fc.constantFrom("open" as const, "closed" as const), { maxLength: 3 }),
      kumaDp: fc.constantFrom("2.14.3", "2.13.0", ""),
      envoy: fc.constantFrom("1.40.0", ""),
      issued: fc.constantFrom("ca-1", "ca-2", ""),
      supported: fc.uniqueArray(fc.constantFrom("ca-1", "ca-2"), { maxLength: 2 }),
      responses: fc.nat(3),
    },
    { requiredKeys: ["mesh"] },
  )
  .chain((sample) => name.map((of) => insight(of, sample)));
const externals = fc
  .record({ name, service: fc.constantFrom("web", "mail"), address: fc.constantFrom("", "mail.test:25") })
  .chain((of) =>
    fc
      .option(fc.constantFrom("east", "north"))
      .map((zone) => external(of.name, of.service, of.address, zone ?? undefined)),
  );
const others = fc
  .record({
    type: fc.constantFrom("MeshTimeout", "Secret", "MeshService", "TrafficRoute", "Workload"),
    name,
    mesh: meshName,
  })
  .map((of) => policy(of.type, of.name, of.mesh));
const meshes = fc
  .record({ name: meshName, mode: fc.option(fc.constantFrom("Everywhere", "Exclusive")) })
  .map((of) => mesh(of.name, of.mode ?? undefined));
const some = fc.oneof(
  { weight: 6, arbitrary: proxies },
  { weight: 4, arbitrary: insights },
  externals,
  { weight: 2, arbitrary: others },
  meshes,
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.array(some, { minLength: 1, maxLength: 4 }).map((drafts) => ({ kind: "put" as const, drafts })),
  },
  {
    weight: 4,
    arbitrary: some.map((of) => ({ kind: "delete" as const, type: of.type, mesh: of.mesh, name: of.name })),
  },
  { weight: 1, arbitrary: fc.constantFrom(10, 50, 1_000).map((ms) => ({ kind: "pass" as const, ms })) },
  { weight: 2, arbitrary: fc.constant({ kind: "turn" as const }) },
);

/** Without waiting for what follows, but for the steps that are turns. */
async function take(rig: MeshRig, taken: Step): Promise<void> {
  switch (taken.kind) {
    case "put": {
      const unique = new Map(taken.drafts.map((one) => [`${one.type}/${one.mesh}/${one.name}`, one]));
      await rig.commit(...unique.values());
      return;
    }
    case "delete":
      if (rig.store.get(taken) !== undefined) await rig.delete(taken.type, taken.name, taken.mesh);
      return;
    case "pass":
      rig.clock.advance(taken.ms);
      return;
    case "turn":
      await rig.turns(1);
  }
}

function expectAsCounted(rig: MeshRig): void {
  for (const of of MESHES) {
    const exists = rig.store.get({ type: "Mesh", mesh: "", name: of }) !== undefined;
    expect(rig.meshInsight(of)).toEqual(exists ? referenceMeshInsight(rig.store, of) : undefined);
    if (exists) expect(rig.services(of) ?? {}).toEqual(referenceServices(rig.store, of));
  }
}

describe("any history", () => {
  it("leads to what is counted from scratch, and a new process has nothing to write", async () => {
    let written = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const rig = new MeshRig();
        await rig.insights.start();
        await rig.commit(mesh());
        for (const one of steps) await take(rig, one);
        await rig.settled();
        expectAsCounted(rig);
        written += rig.computed().filter((each) => each.endsWith(" changed")).length;
        const { revision } = rig.store;
        await rig.restart();
        expect(rig.store.revision).toBe(revision);
        expect(rig.clock.pendingTimers).toBe(0);
        await rig.insights.stop();
      }),
      { numRuns: 300 },
    );
    expect(written).toBeGreaterThan(500);
  }, 300_000);
});
