import type { JsonObject } from "@isthmus/std";
import { describe, expect, it } from "vitest";
import { type DataplaneAdmission, meshMembershipError, prepareDataplane } from "./dataplane-admission.ts";
import type { Resource } from "./resource.ts";

const east: DataplaneAdmission = { zone: "east", meshExclusive: false, isNew: true };
const ZONE = { "kuma.io/zone": "east" };
const networking = (members: JsonObject): JsonObject => ({ networking: { address: "10.0.0.1", ...members } });
const inbounds = (...inbound: JsonObject[]): JsonObject => networking({ inbound });

describe("prepareDataplane", () => {
  const probe = { serviceProbe: { tcp: {} } };
  const rows: [title: string, options: Partial<DataplaneAdmission>, spec: JsonObject, stored: JsonObject][] = [
    ["the zone of inbounds", {}, inbounds({ port: 1 }), inbounds({ port: 1, tags: ZONE })],
    [
      "the true zone",
      {},
      inbounds({ tags: { a: "b", "kuma.io/zone": "west" } }),
      inbounds({ tags: { a: "b", ...ZONE } }),
    ],
    ["the zone of a gateway", {}, networking({ gateway: {} }), networking({ gateway: { tags: ZONE } })],
    ["no zone on a global", { zone: "" }, inbounds({ port: 1 }), inbounds({ port: 1 })],
    [
      "no tags where there are none, if nobody needs them",
      { meshExclusive: true },
      inbounds({ port: 1 }),
      inbounds({ port: 1 }),
    ],
    [
      "the zone beside other tags",
      { meshExclusive: true },
      inbounds({ tags: { a: "b" } }),
      inbounds({ tags: { a: "b", ...ZONE } }),
    ],
    [
      "a probed inbound starts as not ready",
      {},
      inbounds(probe),
      inbounds({ ...probe, tags: ZONE, state: "NotReady", health: {} }),
    ],
    [
      "an update leaves the state alone",
      { isNew: false },
      inbounds({ ...probe, state: "Ready" }),
      inbounds({ ...probe, state: "Ready", tags: ZONE }),
    ],
    ["nothing to do", {}, {}, {}],
  ];
  it.each(rows)("%s", (_title, options, spec, stored) => {
    expect(prepareDataplane(spec, { ...east, ...options })).toEqual(stored);
  });
});

describe("meshMembershipError", () => {
  const mesh = (dataplaneProxy: JsonObject): Resource => ({
    type: "Mesh",
    mesh: "",
    name: "m",
    labels: {},
    spec: { constraints: { dataplaneProxy } },
    creationTime: "",
    modificationTime: "",
    version: 0,
  });
  const errorOf = (constraints: JsonObject, spec: JsonObject): string | undefined =>
    meshMembershipError(mesh(constraints), { mesh: "m", spec });
  const tagged = inbounds({ tags: { "kuma.io/service": "web", team: "red" } });

  it("lets everybody in unless told otherwise", () => {
    expect(errorOf({}, tagged)).toBeUndefined();
    expect(errorOf({ requirements: [{ tags: { a: "b" } }] }, networking({}))).toBeUndefined();
  });

  it("asks for one of the requirements, for every tag set", () => {
    const requirements = [{ tags: { team: "blue" } }, { tags: { team: "red", "kuma.io/service": "*" } }];
    expect(errorOf({ requirements }, tagged)).toBeUndefined();
    expect(errorOf({ requirements }, inbounds({ tags: { team: "red" } }, { tags: { team: "blue" } }))).toBe(
      'dataplane cannot be a member of mesh "m" because its tags "team=red" does not fulfill any requirements defined on the Mesh',
    );
    expect(errorOf({ requirements }, networking({ gateway: { tags: { team: "green" } } }))).toMatch(
      'tags "team=green"',
    );
  });

  it("refuses what is restricted", () => {
    expect(errorOf({ restrictions: [{ tags: { team: "*" } }] }, tagged)).toBe(
      'dataplane cannot be a member of mesh "m" because its tags "kuma.io/service=web team=red" matches restricted tags "team=*" defined on the Mesh',
    );
    expect(errorOf({ restrictions: [{ tags: { team: "*" } }] }, inbounds({ tags: { team: "" } }))).toBeUndefined();
  });
});
