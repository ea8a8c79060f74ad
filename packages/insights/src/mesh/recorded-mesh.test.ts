/** The resources of a global of Kuma 2.14.3 and the MeshInsight that it made of them. */
import { readFileSync } from "node:fs";
import type { JsonObject } from "@isthmus/std";
import type { ResourceDraft } from "@isthmus/store";
import { expect, it } from "vitest";
import { MeshRig } from "./testing/mesh-rig.ts";

interface Recording {
  readonly stored: readonly Omit<ResourceDraft, "labels">[];
  readonly meshInsight: JsonObject;
}

const recording = JSON.parse(
  readFileSync(new URL("../../testdata/recorded-mesh.json", import.meta.url), "utf8"),
) as Recording;

it("makes the same, members in the same order", async () => {
  const rig = new MeshRig();
  await rig.insights.start();
  for (const resource of recording.stored) await rig.commit({ ...resource, labels: {} });
  await rig.settled();
  expect(JSON.stringify(rig.meshInsight())).toBe(JSON.stringify(recording.meshInsight));
  // The mesh is exclusive: MeshServices stand for its services.
  expect(rig.services()).toBeUndefined();
});
