import { expect, it } from "vitest";
import { configurationOf, readGoldenCase } from "../testing/golden-case.ts";

it("leaves a cluster as it is when the other zone has no instance left", () => {
  const golden = readGoldenCase("outbound-a-multizone");
  const resources = golden.resources.map((each) =>
    each.type === "MeshService" ? { ...each, spec: { ...each.spec, state: "Unavailable" } } : each,
  );
  const before = configurationOf(golden);
  const after = configurationOf({ ...golden, resources });
  const multiZone = [...before.clusters.keys()].filter((name) => name.includes("_mzsvc_"));
  expect(multiZone).not.toEqual([]);
  for (const name of multiZone) {
    expect(after.endpoints.get(name)).not.toEqual(before.endpoints.get(name));
    expect(after.clusters.get(name)).toEqual(before.clusters.get(name));
  }
});
