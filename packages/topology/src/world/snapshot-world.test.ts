import { describe, expect, it } from "vitest";
import { dataplane, SETTINGS } from "../testing/resources.ts";
import { snapshotWorld } from "./snapshot-world.ts";
import { worldConformance } from "./world-conformance.ts";

describe("snapshotWorld", () => {
  worldConformance((resources, settings, look) => look(snapshotWorld(resources, settings)));

  it("takes the newer of two resources of one name", () => {
    const older = dataplane("a", [{ port: 80, service: "web" }], { version: 3 });
    const newer = dataplane("a", [{ port: 81, service: "web" }], { version: 4 });
    for (const resources of [
      [older, newer],
      [newer, older],
    ]) {
      expect(snapshotWorld(resources, SETTINGS).proxy("default", "a")?.inbounds[0]?.port).toBe(81);
    }
  });
});
