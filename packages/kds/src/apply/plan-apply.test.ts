import type { Resource } from "@isthmus/resources";
import type { ResourceDraft } from "@isthmus/store";
import { describe, expect, it } from "vitest";
import { wireNameOf } from "../session/received-resource.ts";
import { planApply } from "./plan-apply.ts";
import type { ReceivingSide } from "./receiving-side.ts";
import { draft, fromGlobal, fromZone, hashed, registry } from "./testing/apply-rig.ts";

const ZONE: ReceivingSide = { kind: "zone", zone: "east" };
const GLOBAL: ReceivingSide = { kind: "global", zone: "east" };

interface Case {
  readonly type: string;
  readonly side: ReceivingSide;
  readonly initial?: boolean;
  readonly stored?: readonly ResourceDraft[];
  readonly upserts?: readonly ResourceDraft[];
  readonly removed?: readonly string[];
  readonly invalid?: readonly string[];
}

function plan({ type, side, initial = true, stored = [], upserts = [], removed = [], invalid = [] }: Case) {
  const descriptor = registry.get(type);
  if (descriptor === undefined) throw new Error(type);
  const result = planApply({
    descriptor,
    batch: {
      initial,
      upserts: upserts.map((resource) => ({ wireName: wireNameOf(resource), version: "1", resource })),
      removed,
      invalid: invalid.map((wireName) => ({ wireName, kind: "invalid", reason: "no" })),
    },
    stored: stored.map((row, i) => asStored(row, i + 1)),
    side,
  });
  return {
    ...result,
    creates: result.creates.map((row) => row.name),
    updates: result.updates.map((update) => update.before.name),
    deletes: result.deletes.map((row) => row.name),
    rejected: result.rejected.map(({ wireName, kind }) => `${kind} ${wireName}`),
    drafts: [...result.creates, ...result.updates.map((update) => update.draft)],
    reasons: result.rejected.map((rejection) => rejection.reason),
  };
}

function asStored(row: ResourceDraft, version: number): Resource {
  return { ...row, creationTime: "2026-01-01T00:00:00Z", modificationTime: "2026-01-01T00:00:00Z", version };
}

describe("on a zone", () => {
  const local = (name: string, type = "MeshTimeout") => fromZone("east", type, name);
  const synced = (name: string, size = 1) => fromGlobal("MeshTimeout", name, { spec: { size } });

  it.each<[string, Partial<Case>, { creates?: string[]; updates?: string[]; deletes?: string[]; rejected?: string[] }]>(
    [
      ["nothing against nothing", {}, {}],
      ["creates what is new", { upserts: [synced("a")] }, { creates: ["a"] }],
      ["leaves what is equal", { upserts: [synced("a")], stored: [synced("a")] }, {}],
      ["updates a changed spec", { upserts: [synced("a", 2)], stored: [synced("a", 1)] }, { updates: ["a"] }],
      [
        "updates changed labels",
        {
          upserts: [fromGlobal("MeshTimeout", "a", { labels: { team: "x" } })],
          stored: [fromGlobal("MeshTimeout", "a")],
        },
        { updates: ["a"] },
      ],
      ["deletes what a first response lacks", { stored: [synced("a"), synced("b")] }, { deletes: ["a", "b"] }],
      ["deletes nothing that a later response does not name", { initial: false, stored: [synced("a")] }, {}],
      [
        "deletes what a later response names",
        { initial: false, stored: [synced("a")], removed: ["a.default"] },
        { deletes: ["a"] },
      ],
      ["knows no removal of what is not there", { initial: false, removed: ["a.default"] }, {}],
      [
        "updates what is both removed and sent",
        { initial: false, stored: [synced("a", 1)], upserts: [synced("a", 2)], removed: ["a.default"] },
        { updates: ["a"] },
      ],
      ["keeps local rows", { stored: [local("mine")] }, {}],
      [
        "keeps local rows that a removal names",
        { initial: false, stored: [local("mine")], removed: ["mine.default"] },
        {},
      ],
      ["keeps local rows without an origin label", { stored: [draft("MeshTimeout", "mine")] }, {}],
      [
        "rejects a name that is taken",
        { upserts: [synced("mine"), synced("b")], stored: [local("mine")] },
        {
          creates: ["b"],
          rejected: ["conflict mine.default"],
        },
      ],
      [
        "ignores what does not say that it comes from the global",
        { upserts: [draft("MeshTimeout", "a"), local("b")] },
        {},
      ],
      ["keeps the stored copy of an invalid update", { stored: [synced("a")], invalid: ["a.default"] }, {}],
      [
        "keeps it also when the same name came valid",
        { stored: [synced("a", 1)], upserts: [synced("a", 2)], invalid: ["a.default"] },
        {},
      ],
      ["takes the last of two with one key", { upserts: [synced("a", 1), synced("a", 2)] }, { creates: ["a"] }],
      [
        "treats a made-up type alike",
        { type: "Gadget", upserts: [fromGlobal("Gadget", "g")], stored: [fromGlobal("Gadget", "h")] },
        {
          creates: ["g"],
          deletes: ["h"],
        },
      ],
    ],
  )("%s", (_, input, expected) => {
    const { creates, updates, deletes, rejected } = plan({ type: "MeshTimeout", side: ZONE, ...input });
    const nothing = { creates: [], updates: [], deletes: [], rejected: [] };
    expect({ creates, updates, deletes, rejected }).toEqual({ ...nothing, ...expected });
  });

  it.each(["Mesh", "ServiceInsight", "TrafficPermission", "MeshMultiZoneService"])(
    "takes over all rows of %s, which zones do not provide",
    (type) => {
      const result = plan({
        type,
        side: ZONE,
        stored: [draft(type, "formerly-standalone")],
        upserts: [draft(type, "b")],
      });
      expect(result.deletes).toEqual(["formerly-standalone"]);
      expect(result.creates).toEqual(["b"]);
    },
  );

  it.each(["Secret", "GlobalSecret", "Config"])("rejects a %s whose name is taken with Kuma's text", (type) => {
    const { rejected, reasons } = plan({
      type,
      side: ZONE,
      stored: [draft(type, "dup")],
      upserts: [fromGlobal(type, "dup")],
    });
    const mesh = type === "Secret" ? "default" : "";
    expect(rejected).toEqual([`conflict dup.${mesh}`]);
    expect(reasons).toEqual([`resource already exists: type="${type}" name="dup" mesh="${mesh}"`]);
  });

  it("keeps its own status and does not count a difference in it", () => {
    const stored = fromGlobal("Gadget", "g", { status: { ready: 3 }, spec: { size: 1 } });
    expect(
      plan({
        type: "Gadget",
        side: ZONE,
        stored: [stored],
        upserts: [fromGlobal("Gadget", "g", { spec: { size: 1 } })],
      }).updates,
    ).toEqual([]);
    const { drafts } = plan({
      type: "Gadget",
      side: ZONE,
      stored: [stored],
      upserts: [fromGlobal("Gadget", "g", { spec: { size: 2 } })],
    });
    expect(drafts).toEqual([{ ...stored, spec: { size: 2 } }]);
  });

  it("gives rows an empty status where the type has one, and no owner", () => {
    const { status: _, ...sent } = fromGlobal("Gadget", "g");
    expect(plan({ type: "Gadget", side: ZONE, upserts: [sent] }).drafts).toEqual([{ ...sent, status: {} }]);
  });

  it("replaces labels as a whole", () => {
    const stored = fromGlobal("MeshTimeout", "a", { labels: { old: "x", kept: "y" } });
    const { drafts } = plan({
      type: "MeshTimeout",
      side: ZONE,
      stored: [stored],
      upserts: [fromGlobal("MeshTimeout", "a", { labels: { kept: "y" } })],
    });
    expect(drafts[0]?.labels).toEqual({ "kuma.io/origin": "global", kept: "y" });
  });

  it("compares the exact bytes of specs with unknown fields", () => {
    const stored = fromGlobal("MeshTimeout", "a", { opaqueSpec: Uint8Array.of(1) });
    const same = fromGlobal("MeshTimeout", "a", { opaqueSpec: Uint8Array.of(1) });
    const other = fromGlobal("MeshTimeout", "a", { opaqueSpec: Uint8Array.of(2) });
    expect(plan({ type: "MeshTimeout", side: ZONE, stored: [stored], upserts: [same] }).updates).toEqual([]);
    expect(plan({ type: "MeshTimeout", side: ZONE, stored: [stored], upserts: [other] }).updates).toEqual(["a"]);
    expect(
      plan({ type: "MeshTimeout", side: ZONE, stored: [stored], upserts: [fromGlobal("MeshTimeout", "a")] }).updates,
    ).toEqual(["a"]);
  });

  it("lets no source write the record of sources", () => {
    const { rejected, creates } = plan({
      type: "Config",
      side: ZONE,
      upserts: [fromGlobal("Config", "isthmus-sync-source")],
    });
    expect(rejected).toEqual(["refused isthmus-sync-source."]);
    expect(creates).toEqual([]);
  });

  it.each(["Dataplane", "Workload", "Zone"])("takes no %s from a global", (type) => {
    const { rejected, deletes } = plan({
      type,
      side: ZONE,
      upserts: [fromGlobal(type, "x")],
      stored: [fromGlobal(type, "y")],
    });
    expect(rejected[0]).toMatch(/^refused x\./);
    expect(deletes).toEqual([]);
  });
});

describe("on a global", () => {
  const east = (name: string, type = "MeshService") => fromZone("east", type, name);

  it("stores what a zone sends as its own, owned by the Zone", () => {
    const { drafts, rewrites } = plan({ type: "MeshService", side: GLOBAL, upserts: [east("redis")] });
    expect(drafts).toEqual([{ ...east("redis"), owner: { type: "Zone", mesh: "", name: "east" } }]);
    expect(rewrites).toBe(0);
  });

  it("counts a difference of the status alone", () => {
    const stored = fromZone("east", "MeshService", "redis", { status: { vips: [] } });
    expect(plan({ type: "MeshService", side: GLOBAL, stored: [stored], upserts: [east("redis")] }).updates).toEqual([
      "redis",
    ]);
  });

  it.each([
    ["another zone", fromZone("west", "MeshService", "x")],
    ["the global", draft("MeshService", "x")],
    ["the global, with a zone label of its user", { ...draft("MeshService", "x"), labels: { "kuma.io/zone": "east" } }],
    ["the global by its label", fromGlobal("MeshService", "x")],
  ])("touches no row of %s", (_, stored) => {
    expect(plan({ type: "MeshService", side: GLOBAL, stored: [stored] }).deletes).toEqual([]);
    const removal = plan({
      type: "MeshService",
      side: GLOBAL,
      stored: [stored],
      initial: false,
      removed: ["x.default"],
    });
    expect(removal.deletes).toEqual([]);
    const update = plan({ type: "MeshService", side: GLOBAL, stored: [stored], upserts: [east("x"), east("y")] });
    expect(update).toMatchObject({ updates: [], creates: ["y"], rejected: ["refused x.default"] });
  });

  it("deletes its own rows that the zone no longer has", () => {
    const stored = [east("a"), east("b"), fromZone("west", "MeshService", "c")];
    expect(plan({ type: "MeshService", side: GLOBAL, stored, upserts: [east("a")] }).deletes).toEqual(["b"]);
  });

  it.each(["Mesh", "Secret", "GlobalSecret", "Config", "TrafficPermission", "Zone"])(
    "takes no %s from a zone",
    (type) => {
      const result = plan({
        type,
        side: GLOBAL,
        upserts: [fromZone("east", type, "evil")],
        stored: [fromZone("east", type, "x")],
      });
      expect(result).toMatchObject({ creates: [], updates: [], deletes: [] });
      expect(result.rejected).toHaveLength(1);
      expect(result.reasons).toEqual([`${type} is not taken from a zone`]);
    },
  );

  it.each<[string, ResourceDraft, number]>([
    ["zone label", fromZone("west", "MeshService", "x"), 1],
    ["origin label", { ...east("x"), labels: { "kuma.io/origin": "global" } }, 1],
    ["no labels at all", draft("MeshService", "x"), 0],
  ])("overwrites a forged attribution: %s", (_, sent, rewrites) => {
    const result = plan({ type: "MeshService", side: GLOBAL, upserts: [sent] });
    expect(result.drafts[0]?.labels).toEqual({ "kuma.io/origin": "zone", "kuma.io/zone": "east" });
    expect(result.rewrites).toBe(rewrites);
  });

  it.each<[string, ResourceDraft["spec"], ResourceDraft["spec"], number]>([
    ["ZoneIngress", { zone: "west" }, { zone: "east" }, 1],
    ["ZoneIngress", {}, { zone: "east" }, 0],
    ["ZoneIngress", { zone: "" }, { zone: "east" }, 0],
    [
      "ZoneIngress",
      { zone: "east", availableServices: [{ tags: { "kuma.io/zone": "west", a: "b" } }, { tags: { a: "b" } }, {}] },
      { zone: "east", availableServices: [{ tags: { "kuma.io/zone": "east", a: "b" } }, { tags: { a: "b" } }, {}] },
      1,
    ],
    ["ZoneEgress", { zone: "west" }, { zone: "east" }, 1],
    [
      "Dataplane",
      {
        networking: { inbound: [{ tags: { "kuma.io/zone": "west" } }], gateway: { tags: { "kuma.io/zone": "west" } } },
      },
      {
        networking: { inbound: [{ tags: { "kuma.io/zone": "east" } }], gateway: { tags: { "kuma.io/zone": "east" } } },
      },
      1,
    ],
    [
      "Dataplane",
      { networking: { inbound: [{ tags: { "kuma.io/zone": "" } }] } },
      { networking: { inbound: [{ tags: { "kuma.io/zone": "east" } }] } },
      0,
    ],
    ["Dataplane", { networking: { inbound: [{ tags: {} }] } }, { networking: { inbound: [{ tags: {} }] } }, 0],
    ["Dataplane", {}, {}, 0],
  ])("pins the zone in the spec of %s %j", (type, spec, pinned, rewrites) => {
    const sent = { ...fromZone("east", type, "x"), spec, opaqueSpec: Uint8Array.of(1) };
    const result = plan({ type, side: GLOBAL, upserts: [sent] });
    expect(result.drafts[0]?.spec).toEqual(pinned);
    expect(result.rewrites).toBe(rewrites);
    // The bytes would tell the forged value to the next hop.
    const isSame = JSON.stringify(spec) === JSON.stringify(pinned);
    expect(result.drafts[0]?.opaqueSpec).toEqual(isSame ? Uint8Array.of(1) : undefined);
  });

  it("lets no zone occupy the name under which another zone's resource would arrive", () => {
    const victim = hashed(fromZone("west", "MeshService", "redis"));
    const own = hashed(fromZone("east", "MeshService", "redis"));
    const result = plan({ type: "MeshService", side: GLOBAL, upserts: [victim, own] });
    expect(result.rejected).toEqual([`refused ${wireNameOf(victim)}`]);
    expect(result.creates).toEqual([own.name]);
  });
});
