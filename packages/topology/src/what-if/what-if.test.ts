import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { endpointsFor } from "../endpoints/sidecar.ts";
import { anyRemoteZone, anyWorld, RESOLVED } from "../testing/arbitrary-world.ts";
import { snapshotWorld } from "../world/snapshot-world.ts";
import { isHarmful } from "./report.ts";
import { whatIf } from "./what-if.ts";

const NOTHING = { zones: [], ingresses: [], services: [] };

function worldOf(resources: Parameters<typeof snapshotWorld>[0]) {
  return snapshotWorld(resources, {
    zone: "west",
    remoteWeights: "isthmus",
    systemNamespace: "",
    resolved: RESOLVED,
  });
}

describe("what if", () => {
  // A comparison that reads the wrong side, or a sum that counts one side only.
  it("nothing is lost, nothing changes", () => {
    fc.assert(
      fc.property(anyWorld, ({ resources }) => {
        const report = whatIf(worldOf(resources), NOTHING);
        expect(isHarmful(report)).toBe(false);
        expect(report.unknown).toEqual([]);
        expect(report.lostLoad.after).toBe(report.lostLoad.before);
        for (const { before, after } of [...report.loadShift, ...report.prioritiesUsed]) expect(after).toBe(before);
      }),
      { numRuns: 25 },
    );
  });

  // A class that stands for clients which are in truth different; a service that is left out.
  it("a zone is lost, exactly those services are reported that had endpoints and have none when its resources are gone", () => {
    fc.assert(
      fc.property(anyWorld, anyRemoteZone, ({ resources }, zone) => {
        const world = worldOf(resources);
        const gone = worldOf(resources.filter((one) => one.labels["kuma.io/zone"] !== zone && one.spec.zone !== zone));
        const report = whatIf(world, { ...NOTHING, zones: [zone] });
        for (const { service, port, clients } of report.servicesWithoutEndpoints) {
          if (clients === 0) continue;
          const losers = world.proxies("default").filter((proxy) => {
            const before = endpointsFor(proxy, service, port, world);
            return before.endpoints.length > 0 && endpointsFor(proxy, service, port, gone).endpoints.length === 0;
          });
          expect(losers).toHaveLength(clients);
        }
        const reported = new Set(report.servicesWithoutEndpoints.map(({ service, port }) => `${service.name}:${port}`));
        for (const service of world.services("MeshService", "default")) {
          for (const { port } of service.ports) {
            const ref = { kind: service.kind, mesh: service.mesh, name: service.name } as const;
            const loses = world.proxies("default").some((proxy) => {
              const before = endpointsFor(proxy, ref, port, world);
              return before.endpoints.length > 0 && endpointsFor(proxy, ref, port, gone).endpoints.length === 0;
            });
            if (loses) expect(reported).toContain(`${service.name}:${port}`);
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it("shares of the load add up", () => {
    fc.assert(
      fc.property(anyWorld, anyRemoteZone, ({ resources }, zone) => {
        const { loadShift, lostLoad } = whatIf(worldOf(resources), { ...NOTHING, zones: [zone] });
        for (const side of ["before", "after"] as const) {
          const sum = loadShift.reduce((total, shift) => total + shift[side], lostLoad[side]);
          if (sum > 0) expect(sum).toBeCloseTo(1, 2);
        }
      }),
      { numRuns: 25 },
    );
  });
});
