import { keyOf, type Resource } from "@isthmus/resources";
import { describe, expect, it } from "vitest";
import type { ServiceKind } from "../model/service.ts";
import {
  DEFAULT_VIP_RANGES,
  planVips,
  rememberedFromJson,
  rememberedToJson,
  statusWithVips,
  vipHolder,
} from "./plan-vips.ts";
import type { VipHolder, VipRanges } from "./vip.ts";
import { VipAllocator } from "./vip-allocator.ts";
import { MEMORY_MAX } from "./vip-memory.ts";

interface Given {
  readonly type?: ServiceKind;
  readonly age?: number;
  readonly vips?: readonly string[];
}

/** `age`: in seconds; the older one wins. */
function holder(name: string, { type = "MeshService", age = 0, vips = [] }: Given = {}): VipHolder {
  const creationTime = new Date(Date.UTC(2026, 0, 1) - age * 1000).toISOString();
  return { type, mesh: "default", name, creationTime, vips };
}

const ranges = (cidr: string): VipRanges => ({ ...DEFAULT_VIP_RANGES, MeshService: cidr });

function plan(cidr: string, holders: readonly VipHolder[]) {
  const { assignments, problems } = planVips({ ranges: ranges(cidr), holders });
  const vipOf = (name: string) => assignments.get(keyOf({ type: "MeshService", mesh: "default", name }))?.vips;
  return {
    vipOf,
    assignments,
    codes: problems.map(({ code, service }) => `${code} ${service?.name ?? "-"}`),
    problems,
  };
}

describe("addresses of services", () => {
  it("come from the range of their kind", () => {
    const { assignments, problems } = planVips({
      ranges: DEFAULT_VIP_RANGES,
      holders: [
        holder("a"),
        holder("a", { type: "MeshExternalService" }),
        holder("a", { type: "MeshMultiZoneService" }),
      ],
    });
    const firstBytes = [...assignments.values()].map(({ service, vips }) => [service.type, vips[0]?.split(".")[0]]);
    expect(firstBytes).toEqual([
      ["MeshExternalService", "242"],
      ["MeshMultiZoneService", "243"],
      ["MeshService", "241"],
    ]);
    expect(problems).toEqual([]);
  });

  it("stay when they are in the status already", () => {
    const { vipOf, assignments, codes } = plan("241.0.0.0/8", [holder("a", { vips: ["241.0.0.0"] }), holder("b")]);
    expect(vipOf("a")).toEqual(["241.0.0.0"]);
    expect(vipOf("b")).toHaveLength(1);
    expect([...assignments.values()].map(({ isChanged }) => isChanged)).toEqual([false, true]);
    expect(codes).toEqual([]);
  });

  it("stay when they are outside of the range, such as those of a cluster or of a setting that changed, and are reported", () => {
    const { vipOf, codes } = plan("241.0.0.0/8", [
      holder("a", { vips: ["10.96.0.10"] }),
      holder("b", { vips: ["10.96.0.11", "fd00::b"] }),
    ]);
    expect([vipOf("a"), vipOf("b")]).toEqual([["10.96.0.10"], ["10.96.0.11", "fd00::b"]]);
    expect(codes).toEqual(["outOfRange a", "outOfRange b", "outOfRange b"]);
  });

  it("of two services with the same one: the older keeps it, the newer gets another and is reported", () => {
    const holders = [holder("a", { vips: ["241.0.0.9"], age: 1 }), holder("b", { vips: ["241.0.0.9"], age: 2 })];
    const { vipOf, problems } = plan("241.0.0.0/8", holders);
    expect(vipOf("b")).toEqual(["241.0.0.9"]);
    expect(vipOf("a")).not.toEqual(["241.0.0.9"]);
    expect(problems.map(({ code, detail }) => [code, detail])).toEqual([
      ["duplicate", "241.0.0.9 in the status belongs to MeshService b of mesh default"],
    ]);
    expect(plan("241.0.0.0/8", holders.toReversed()).vipOf("a")).toEqual(vipOf("a"));
  });

  it("are the same whatever their text", () => {
    const { vipOf, codes } = plan("241.0.0.0/8", [
      holder("a", { vips: ["241.0.0.9"], age: 1 }),
      holder("b", { vips: ["::ffff:241.0.0.9"] }),
    ]);
    expect(vipOf("b")).not.toEqual(vipOf("a"));
    expect(codes).toEqual(["duplicate b"]);
  });

  it("that are none are replaced and reported", () => {
    const { vipOf, codes } = plan("241.0.0.0/8", [
      holder("a", { vips: ["not-an-ip"] }),
      holder("b", { vips: ["241.0.0.300", "241.0.0.3"] }),
    ]);
    expect(vipOf("a")?.[0]).toMatch(/^241\./);
    expect(vipOf("b")).toEqual(["241.0.0.3"]);
    expect(codes).toEqual(["malformed a", "malformed b"]);
  });

  it("run out: older services are served first, the others reported one by one", () => {
    const holders = ["a", "b", "c", "d", "e", "f"].map((name, age) => holder(name, { age }));
    const { vipOf, codes } = plan("10.5.0.0/30", holders);
    expect(["c", "d", "e", "f"].flatMap((name) => vipOf(name) ?? []).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
      "10.5.0.0",
      "10.5.0.1",
      "10.5.0.2",
      "10.5.0.3",
    ]);
    expect([vipOf("a"), vipOf("b")]).toEqual([[], []]);
    expect(codes).toEqual(["tinyRange -", "nearlyExhausted -", "exhausted a", "exhausted b"]);
  });

  it("of a range without room for more still stay", () => {
    const { vipOf, codes } = plan("10.5.0.0/32", [holder("new", { age: 9 }), holder("old", { vips: ["10.5.0.0"] })]);
    expect([vipOf("old"), vipOf("new")]).toEqual([["10.5.0.0"], []]);
    expect(codes).toContain("exhausted new");
  });

  it.each(["nonsense", "0.0.0.0/0", ""])("with the range %j: none for that kind, the others have theirs", (cidr) => {
    const { assignments, codes } = plan(cidr, [holder("a"), holder("x", { type: "MeshExternalService" })]);
    expect([...assignments.values()].map(({ vips }) => vips.length)).toEqual([1, 0]);
    expect(codes).toEqual(["invalidRange -", "noRange a"]);
  });

  it.each(["241.0.0.0/28", "fd00::/124"])("of two kinds with the same range %s differ, which is reported", (cidr) => {
    const all = { MeshService: cidr, MeshExternalService: cidr, MeshMultiZoneService: "243.0.0.0/8" };
    const holders = ["a", "b", "c", "d", "e", "f", "g", "h"].flatMap((name) => [
      holder(name),
      holder(name, { type: "MeshExternalService" }),
    ]);
    const { assignments, problems } = planVips({ ranges: all, holders });
    expect(new Set([...assignments.values()].map(({ vips }) => vips[0])).size).toBe(16);
    expect(problems.find(({ code }) => code === "overlappingRanges")?.detail).toContain(
      `ipam.meshService.cidr ${cidr} overlaps with ipam.meshExternalService.cidr`,
    );
  });

  it("may be IPv6", () => {
    const { vipOf, codes } = plan("fd00:241::/64", [holder("a"), holder("b", { vips: ["FD00:241::0:7"] })]);
    expect(vipOf("a")?.[0]).toMatch(/^fd00:241::[0-9a-f:]+$/);
    expect(vipOf("b")).toEqual(["fd00:241::7"]);
    expect(codes).toEqual([]);
  });

  it("are never the broadcast address", () => {
    const { vipOf } = plan("255.255.255.254/31", [holder("a"), holder("b", { age: 1 })]);
    expect([vipOf("a"), vipOf("b")]).toEqual([[], ["255.255.255.254"]]);
  });
});

describe("changes", () => {
  const tiny = () => new VipAllocator(ranges("10.5.0.0/30"));
  const vipsOf = (allocator: VipAllocator, service: VipHolder) => allocator.update({ upserted: [service] })[0]?.vips;

  it("that lose a status do not lose the address", () => {
    const allocator = tiny();
    const vips = vipsOf(allocator, holder("a"));
    expect(allocator.update({ upserted: [holder("a")] })).toEqual([
      { service: { type: "MeshService", mesh: "default", name: "a" }, vips, isChanged: true },
    ]);
  });

  it("that delete and create a service again bring its address back", () => {
    const allocator = tiny();
    allocator.update({ upserted: ["a", "b", "c"].map((name) => holder(name)) });
    const before = vipsOf(allocator, holder("c"));
    allocator.update({ removed: [holder("c")] });
    vipsOf(allocator, holder("d"));
    expect(vipsOf(allocator, holder("c", { age: -10 }))).toEqual(before);
  });

  it("that delete and create in one go, too", () => {
    const allocator = tiny();
    const before = vipsOf(allocator, holder("c"));
    expect(allocator.update({ removed: [holder("c")], upserted: [holder("c")] })[0]?.vips).toEqual(before);
  });

  it("bring it back after a restart as well", () => {
    const allocator = tiny();
    allocator.update({ upserted: ["a", "b", "c"].map((name) => holder(name)) });
    const before = vipsOf(allocator, holder("c"));
    allocator.update({ removed: [holder("c")] });
    const kept = rememberedFromJson(rememberedToJson(allocator.remembered()));
    const restarted = new VipAllocator(ranges("10.5.0.0/30"), kept);
    expect(vipsOf(restarted, holder("d"))).not.toEqual(before);
    expect(vipsOf(restarted, holder("c"))).toEqual(before);
  });

  it("give a released address to others only when nothing else is free, the one released first", () => {
    const allocator = tiny();
    const [a, b] = [vipsOf(allocator, holder("a")), vipsOf(allocator, holder("b"))];
    allocator.update({ removed: [holder("b")] });
    allocator.update({ removed: [holder("a")] });
    const others = [vipsOf(allocator, holder("c")), vipsOf(allocator, holder("d"))];
    expect(others).not.toContainEqual(a);
    expect(others).not.toContainEqual(b);
    expect(vipsOf(allocator, holder("e"))).toEqual(b);
    expect(vipsOf(allocator, holder("f"))).toEqual(a);
    expect(vipsOf(allocator, holder("g"))).toEqual([]);
    expect(allocator.remembered()).toEqual([]);
  });

  it("that free an address serve who waits, the older first", () => {
    const allocator = tiny();
    allocator.update({ upserted: ["a", "b", "c", "d"].map((name) => holder(name, { age: 9 })) });
    allocator.update({ upserted: [holder("late", { age: 1 }), holder("later")] });
    expect(allocator.problemsOf(holder("late")).map(({ code }) => code)).toEqual(["exhausted"]);
    const [served, ...others] = allocator.update({ removed: [holder("b")] });
    expect([served?.service.name, served?.vips.length, others]).toEqual(["late", 1, []]);
    expect(allocator.problemsOf(holder("late"))).toEqual([]);
    expect(allocator.problemsOf(holder("later")).map(({ code }) => code)).toEqual(["exhausted"]);
  });

  it("by another hand are followed", () => {
    const allocator = tiny();
    const before = vipsOf(allocator, holder("a"));
    expect(vipsOf(allocator, holder("a", { vips: ["10.5.0.2"] }))).toEqual(["10.5.0.2"]);
    const rest = ["b", "c", "d"].map((name) => vipsOf(allocator, holder(name)));
    expect(before?.[0] === "10.5.0.2" ? [] : rest).toSatisfy(
      (all: readonly unknown[]) => all.length === 0 || rest.flat().includes(before?.[0] ?? ""),
    );
    expect(new Set(rest.flat()).size).toBe(3);
  });

  it("are counted", () => {
    const allocator = tiny();
    allocator.update({ upserted: [holder("a"), holder("b"), holder("c", { vips: ["10.6.0.1"] })] });
    allocator.update({ removed: [holder("b")] });
    expect(allocator.usage()[0]).toEqual({ kind: "MeshService", capacity: 4, occupied: 2 });
    expect(new VipAllocator(ranges("bad")).usage()[0]?.capacity).toBe(0);
  });

  it("are remembered for a bounded number of services", () => {
    const allocator = new VipAllocator(DEFAULT_VIP_RANGES);
    const holders = Array.from({ length: MEMORY_MAX + 3 }, (_, index) => holder(`s-${index}`));
    allocator.update({ upserted: holders });
    for (const one of holders) allocator.update({ removed: [one] });
    const remembered = allocator.remembered();
    expect(remembered).toHaveLength(MEMORY_MAX);
    expect([remembered[0]?.service.name, remembered.at(-1)?.service.name]).toEqual(["s-3", `s-${MEMORY_MAX + 2}`]);
    expect(allocator.usage()[0]?.occupied).toBe(MEMORY_MAX);
  });
});

describe("statuses", () => {
  const resource = (type: string, status: Resource["status"]): Resource => ({
    type,
    mesh: "default",
    name: "a",
    labels: {},
    spec: {},
    ...(status === undefined ? {} : { status }),
    creationTime: "2026-01-01T00:00:00Z",
    modificationTime: "2026-01-01T00:00:00Z",
    version: 1,
  });

  it.each<[string, Resource["status"], readonly string[] | undefined]>([
    ["MeshService", { vips: [{ ip: "241.0.0.1" }], tls: {} }, ["241.0.0.1"]],
    ["MeshService", { vips: [{ ip: "241.0.0.1" }, { ip: "fd00::1" }] }, ["241.0.0.1", "fd00::1"]],
    ["MeshService", { vips: [{}, { ip: "" }, null, 7] }, []],
    ["MeshService", { vips: "241.0.0.1" }, []],
    ["MeshService", undefined, []],
    ["MeshMultiZoneService", { vips: [{ ip: "243.0.0.1" }] }, ["243.0.0.1"]],
    ["MeshExternalService", { vip: { ip: "242.0.0.1" } }, ["242.0.0.1"]],
    ["MeshExternalService", { vip: {} }, []],
    ["MeshTrace", {}, undefined],
  ])("of a %s: %j", (type, status, vips) => expect(vipHolder(resource(type, status))?.vips).toEqual(vips));

  it("with addresses keep all the rest", () => {
    const tls = { tls: { status: "Ready" } };
    expect(statusWithVips("MeshService", tls, ["241.0.0.1"])).toEqual({ ...tls, vips: [{ ip: "241.0.0.1" }] });
    expect(statusWithVips("MeshService", { ...tls, vips: [{ ip: "x" }] }, [])).toEqual(tls);
    expect(statusWithVips("MeshExternalService", { addresses: [], vip: {} }, ["242.0.0.1"])).toEqual({
      addresses: [],
      vip: { ip: "242.0.0.1" },
    });
    expect(statusWithVips("MeshExternalService", { vip: { ip: "x" } }, [])).toEqual({ vip: {} });
  });

  it("of memory that is damaged are left out", () => {
    const good = { type: "MeshService", mesh: "m", name: "a", vips: ["241.0.0.1"] };
    expect(
      rememberedFromJson([good, 7, null, { ...good, vips: 7 }, { ...good, name: 7 }, { ...good, vips: [7] }]),
    ).toEqual([
      { service: { type: "MeshService", mesh: "m", name: "a" }, vips: ["241.0.0.1"] },
      { service: { type: "MeshService", mesh: "m", name: "a" }, vips: [] },
    ]);
    expect(rememberedFromJson("x")).toEqual([]);
    const odd = [
      { service: { type: "MeshService", mesh: "m", name: "a" }, vips: ["junk", "::ffff:241.0.0.7", "241.0.0.7"] },
    ];
    expect(new VipAllocator(DEFAULT_VIP_RANGES, odd).usage()[0]?.occupied).toBe(1);
  });
});
