/** A first response of 10,000 MeshServices of about 700 bytes: into an empty store, and into one that has them all. */
import { bench, describe } from "vitest";
import { planApply } from "./plan-apply.ts";
import { fromGlobal, fromZone, hashed, registry, several } from "./testing/apply-rig.ts";

const descriptor = registry.get("MeshService");
if (descriptor === undefined) throw new Error("no MeshService");
const spec = {
  selector: { dataplaneTags: { "kuma.io/service": "redis" } },
  ports: [{ name: "tcp", port: 6379, targetPort: 6379, appProtocol: "tcp" }],
  identities: [{ type: "ServiceTag", value: "redis" }],
  state: "Available",
};
const batchOf = (rows: ReturnType<typeof several>) => ({
  initial: true,
  upserts: rows.map((resource) => ({ wireName: `${resource.name}.default`, version: "1", resource })),
  removed: [],
  invalid: [],
});
const forwarded = several(10_000, (name) =>
  fromGlobal("MeshService", name, { labels: { "kuma.io/zone": "west" }, spec }),
);
const uploaded = several(10_000, (name) => hashed(fromZone("east", "MeshService", name, { spec })));
const stored = forwarded.map((row) => ({
  ...structuredClone(row),
  creationTime: "2026-01-01T00:00:00Z",
  modificationTime: "2026-01-01T00:00:00Z",
  version: 1,
}));
const onZone = batchOf(forwarded);
const onGlobal = batchOf(uploaded);

describe("plan of 10,000 upserts", () => {
  bench("zone, empty store", () => {
    planApply({ descriptor, batch: onZone, stored: [], side: { kind: "zone", zone: "east" } });
  });
  bench("zone, everything equal", () => {
    planApply({ descriptor, batch: onZone, stored, side: { kind: "zone", zone: "east" } });
  });
  bench("global, empty store, attribution and hashes checked", () => {
    planApply({ descriptor, batch: onGlobal, stored: [], side: { kind: "global", zone: "east" } });
  });
});
