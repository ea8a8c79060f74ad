/** Two control planes that claim one zone name: the newer is served, and when they fight one of them is refused. */
import { eventually } from "@isthmus/testkit";
import { afterAll, beforeAll, it } from "vitest";
import { Deployment } from "./harness/deployment.ts";
import { meshTimeout, TIMEOUTS, timeoutPath } from "./harness/samples.ts";

const CONFLICTS = "isthmus_zone_name_conflicts_total{";

let deployment: Deployment;
beforeAll(async () => {
  deployment = await Deployment.start({
    zones: ["east", "twin"],
    zone: { "general.resilientComponentBaseBackoff": "50ms", "general.resilientComponentMaxBackoff": "100ms" },
  });
});
afterAll(() => deployment.stop());

it("ends with one served and the other refused, and the one served in sync", async () => {
  const { global } = deployment;
  const twin = deployment.zone("twin");
  await twin.stop();
  twin.spawn({ "multizone.zone.name": "east" });
  await twin.ready();
  await eventually(() => global.log().includes("zone name east is in dispute"));
  await eventually(async () => {
    const metrics = await global.metrics();
    return ["replaced", "refused"].every((outcome) =>
      metrics.split("\n").some((line) => line.startsWith(CONFLICTS) && line.includes(`outcome="${outcome}"`)),
    );
  });

  await global.api.put(timeoutPath("disputed"), meshTimeout("disputed", "15s"));
  await eventually(async () => {
    const planes = [twin, deployment.zone("east")];
    const found = await Promise.all(planes.map((plane) => plane.byDisplayName(TIMEOUTS, "disputed")));
    return found.some((resource) => resource !== undefined);
  });
  await eventually(async () => {
    const east = (await global.api.syncStatus()).zones.find(({ zone }) => zone === "east");
    return east?.online === true && east.worst.state === "synced";
  });
});
