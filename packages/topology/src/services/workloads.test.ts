import type { Labels, Resource } from "@isthmus/resources";
import { describe, expect, it } from "vitest";
import { dataplane, insight, LOCAL, mesh, remoteLabels, resource, SETTINGS } from "../testing/resources.ts";
import { snapshotWorld } from "../world/snapshot-world.ts";
import { planWorkloads, withWorkloadCounts, workloadCounts } from "./workloads.ts";

const DEFAULT = mesh("default");
const of = (workload: string): Labels => ({ ...LOCAL, "kuma.io/workload": workload });
const MADE: Labels = {
  "kuma.io/mesh": "default",
  "kuma.io/managed-by": "workload-generator",
  "kuma.io/env": "universal",
  "kuma.io/zone": "west",
};
const NONE = { dataplaneProxies: { connected: 0, healthy: 0, total: 0 } };
const workload = (name: string, labels: Labels = MADE): Resource =>
  resource("Workload", name, { labels, status: NONE });
const plans = (...resources: readonly Resource[]) => planWorkloads(snapshotWorld([DEFAULT, ...resources], SETTINGS));

describe("planWorkloads", () => {
  it("makes one for each label, whatever the mode of the mesh, also for proxies without inbounds", () => {
    const proxies = [dataplane("a", [], { labels: of("web") }), dataplane("b", [{ port: 80 }], { labels: of("web") })];
    expect(plans(...proxies, dataplane("c", []), dataplane("d", [], { labels: of("db") }))).toEqual(
      ["db", "web"].map((name) => ({
        kind: "put",
        resource: {
          type: "Workload",
          mesh: "default",
          name,
          labels: MADE,
          spec: {},
          status: NONE,
          owner: { type: "Mesh", mesh: "", name: "default" },
        },
      })),
    );
  });

  it.each(["", "we_b", "Web", "1web", "w".repeat(64)])("makes none for %j", (name) => {
    expect(plans(dataplane("a", [], { labels: of(name) }))).toEqual([]);
  });

  it("keeps what is in use, and deletes at once what it made and is not", () => {
    const old = workload("old");
    expect(plans(dataplane("a", [], { labels: of("web") }), workload("web"), old)).toEqual([
      { kind: "delete", resource: old },
      { kind: "keep" },
    ]);
  });

  it("keeps what others made", () => {
    expect(plans(workload("mine", LOCAL), workload("theirs", { ...MADE, ...remoteLabels("east", "theirs") }))).toEqual([
      { kind: "keep" },
      { kind: "keep" },
    ]);
  });
});

describe("workloadCounts", () => {
  const counts = (resources: readonly Resource[], one = workload("web")) =>
    workloadCounts(snapshotWorld(resources, SETTINGS), one);
  const labels = of("web");

  it("a proxy is healthy with one healthy inbound", () => {
    const proxies = [
      dataplane("a", [{ port: 80, state: "NotReady" }, { port: 81 }], { labels }),
      dataplane("b", [{ port: 80, state: "NotReady" }], { labels }),
      dataplane("c", [], { labels }),
      dataplane("d", [{ port: 80 }], { labels, mesh: "other" }),
    ];
    expect(counts([...proxies, insight("a"), insight("b", { isOnline: false })])).toEqual({
      connected: 1,
      healthy: 1,
      total: 3,
    });
  });

  it("goes by the display name", () => {
    const renamed = workload("web-x", { ...MADE, "kuma.io/display-name": "web" });
    expect(counts([dataplane("a", [{ port: 80 }], { labels })], renamed)?.total).toBe(1);
  });

  it("is written with its zeros, once", () => {
    const written = withWorkloadCounts(workload("web"), { connected: 0, healthy: 2, total: 2 });
    expect(written.status).toEqual({ dataplaneProxies: { connected: 0, healthy: 2, total: 2 } });
    expect(withWorkloadCounts(written, { connected: 0, healthy: 2, total: 2 })).toBe(written);
  });

  it("says nothing of another zone's", () => {
    expect(counts([], workload("web", remoteLabels("east", "web")))).toBeUndefined();
  });
});
