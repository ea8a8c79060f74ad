import { Reactor } from "@isthmus/reactor";
import { FakeClock } from "@isthmus/testkit";
import { beforeEach, describe, expect, it } from "vitest";
import type { AvailableService } from "../model/doors.ts";
import { dataplane, mesh, resource } from "../testing/resources.ts";
import { topologyCollections } from "../world/topology-collections.ts";
import { DIRECT_READ } from "./direct-read.ts";
import { IngressFeed } from "./ingress-feed.ts";
import { LIVE_SETTINGS } from "./testing/live-rig.ts";

const ingress = resource("ZoneIngress", "door", { mesh: "", spec: { networking: { address: "10.0.0.9", port: 1 } } });
const instances = (count: number) =>
  Array.from({ length: count }, (_, index) => dataplane(`p-${index}`, [{ port: 80, service: "s" }]));

let clock: FakeClock;
let durationMs: number;
let told: () => readonly number[];
let feed: IngressFeed;
let put: (...resources: Parameters<ReturnType<typeof topologyCollections>["put"]>[0][]) => void;
beforeEach(() => {
  clock = new FakeClock();
  durationMs = 10;
  const reactor = new Reactor({ schedule: () => {} });
  const tables = topologyCollections(reactor, LIVE_SETTINGS);
  const source = reactor.source<readonly AvailableService[]>("told");
  feed = new IngressFeed({
    tables,
    told: source,
    settings: LIVE_SETTINGS,
    world: tables.worldOf(DIRECT_READ),
    clock,
    timed: (_, work) => {
      clock.advance(durationMs);
      return work();
    },
  });
  told = () => {
    reactor.flush();
    return source.get("")?.map((service) => service.instances) ?? [];
  };
  put = (...resources) => {
    for (const one of resources) tables.put(one);
    reactor.flush();
    if (feed.isDue()) feed.compute();
  };
});

describe("services of own ZoneIngresses", () => {
  it("are told at once, then after a pause of twenty times the work", () => {
    put(mesh("default"), ingress, ...instances(1));
    expect(told()).toEqual([1]);
    put(...instances(2));
    put(...instances(3));
    expect(told()).toEqual([1]);
    expect(clock.pendingTimers).toBe(1);
    clock.advance(199);
    expect(told()).toEqual([1]);
    clock.advance(1);
    expect(told()).toEqual([3]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("are told at the interval of the settings at the latest", () => {
    durationMs = 500;
    put(mesh("default"), ingress, ...instances(1));
    put(...instances(2));
    clock.advance(LIVE_SETTINGS.ingressUpdateMs);
    expect(told()).toEqual([2]);
  });

  it("are not computed without an ingress of this zone", () => {
    put(mesh("default"), ...instances(1), resource("ZoneIngress", "theirs", { mesh: "", spec: { zone: "east" } }));
    expect(feed.isDue()).toBe(false);
    put(ingress);
    expect(told()).toEqual([1]);
    expect(feed.isDue()).toBe(false);
  });
});
