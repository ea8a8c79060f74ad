import { textOf } from "@isthmus/resources";
import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { itemsOf, mesh, rig } from "../testing/rig.ts";

const TIME = "2026-01-01T00:00:00Z";
const online = { subscriptions: [{ id: "1", connectTime: TIME }] };
const offline = { subscriptions: [{ id: "1", connectTime: TIME, disconnectTime: TIME }] };
const dataplane = (name: string, ...states: readonly string[]): JsonObject => ({
  type: "Dataplane",
  mesh: "default",
  name,
  networking: {
    address: "10.0.0.1",
    inbound: states.map((state, n) => ({ port: 80 + n, tags: { "kuma.io/service": "web" }, state })),
  },
});
const proxy = (type: string, name: string, insight: JsonObject | undefined): JsonObject[] => [
  { type, name, networking: { address: "10.0.0.1", port: 1 } },
  ...(insight === undefined ? [] : [{ type: `${type}Insight`, name, ...insight }]),
];

const global = rig();
await global.seed(
  mesh("default"),
  { type: "Zone", name: "off", enabled: false },
  { type: "ZoneInsight", name: "off", ...online },
  { type: "Zone", name: "up", enabled: true },
  { type: "ZoneInsight", name: "up", ...online },
  { type: "Zone", name: "down" },
  { type: "ZoneInsight", name: "down", ...offline },
  { type: "Zone", name: "new" },
  dataplane("up", "Ready"),
  { type: "DataplaneInsight", mesh: "default", name: "up", ...online },
  dataplane("half", "Ready", "NotReady"),
  { type: "DataplaneInsight", mesh: "default", name: "half", ...online },
  dataplane("down", "Ready"),
  ...proxy("ZoneIngress", "up", online),
  ...proxy("ZoneIngress", "down", offline),
  ...proxy("ZoneEgress", "up", online),
  ...proxy("ZoneEgress", "new", undefined),
);

describe("overviews by status", () => {
  it.each([
    ["/zones/_overview?status=online", ["up"]],
    ["/zones/_overview?status=offline", ["down", "new"]],
    ["/zones/_overview?status=disabled,online", ["off", "up"]],
    ["/zones+insights?status=Disabled", ["off"]],
    ["/zones/_overview?status=offline&name=ne", ["new"]],
    ["/meshes/default/dataplanes/_overview?status=partially_degraded", ["half"]],
    ["/dataplanes/_overview?status=online,%20offline", ["down", "up"]],
    ["/meshes/default/dataplanes/_overview?status=online&tag=kuma.io/service:nothing", []],
    ["/zoneingresses/_overview?status=offline", ["down"]],
    ["/zone-ingresses/_overview?status=online", ["up"]],
    ["/zoneegresses/_overview?status=offline", ["new"]],
    // Kuma's own answer to what it does not know.
    ["/zones?status=online", ["down", "new", "off", "up"]],
  ])("%s", async (path, names) => {
    const answer = await global.ask("GET", path);
    const list = JSON.parse(answer.text) as JsonObject;
    expect(itemsOf(list).map((item) => textOf(item, "name"))).toEqual(names);
    expect(list["total"]).toBe(names.length);
  });

  it("name what they know when asked for something else", async () => {
    const answer = await global.ask("GET", "/zoneegresses/_overview?status=disabled");
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({
      detail: "Resource is not valid",
      invalid_parameters: [
        { field: "/zoneegresses/_overview.status", reason: '"status" must be one of ["online", "offline"]' },
      ],
    });
  });
});
