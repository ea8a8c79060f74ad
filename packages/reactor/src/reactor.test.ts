/** What only the reactor has: scheduling, its way to report, counters, precision. */
import { describe, expect, it } from "vitest";
import type { FlushStats } from "./collection.ts";
import { Reactor } from "./reactor.ts";

const manual = { schedule: () => {} };

interface Endpoint {
  readonly service: string;
  readonly zone: string;
}

/** Ten services with ten endpoints each, in two zones, and the set of each service. */
function endpointSets(reactor: Reactor) {
  const services = reactor.source<{ readonly limit: number }>("services");
  const endpoints = reactor.source<Endpoint>("endpoints");
  const zones = reactor.source<{ readonly isEnabled: boolean }>("zones");
  const byService = reactor.index("byService", endpoints, ({ service }) => [service]);
  const sets = reactor.map("sets", services, ({ limit }, name, read) =>
    read
      .lookup(byService, name)
      .filter(({ zone }) => read.get(zones, zone)?.isEnabled)
      .slice(0, limit),
  );
  const largest = reactor.singleton("largest", (read) => Math.max(0, ...read.all(sets).map((set) => set.length)));
  for (let i = 0; i < 100; i += 1) {
    services.set(`s${i % 10}`, { limit: 10 });
    endpoints.set(`e${i}`, { service: `s${i % 10}`, zone: i % 10 < 5 ? "east" : "west" });
  }
  for (const zone of ["east", "west"]) zones.set(zone, { isEnabled: true });
  return { services, endpoints, zones, sets, largest };
}

const recomputations = (reactor: Reactor): Record<string, number> =>
  Object.fromEntries(reactor.dump().map(({ name, recomputations: count }) => [name, count]));

describe("Reactor", () => {
  it("runs one batch per turn of the event loop by default", async () => {
    const reactor = new Reactor();
    const numbers = reactor.source<number>("numbers");
    const batches: number[] = [];
    numbers.subscribe((changes) => batches.push(changes.length));
    numbers.set("a", 1);
    await Promise.resolve();
    numbers.set("b", 1);
    expect(batches).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(batches).toEqual([2]);
  });

  it("does nothing when what was scheduled has been flushed by hand", () => {
    const scheduled: (() => void)[] = [];
    const stats: FlushStats[] = [];
    const reactor = new Reactor({ schedule: (flush) => scheduled.push(flush), onFlush: (one) => stats.push(one) });
    const numbers = reactor.source<number>("numbers");
    reactor.map("copies", numbers, (n) => n);
    numbers.set("a", 1);
    reactor.flush();
    reactor.flush();
    scheduled[0]?.();
    expect(stats).toEqual([{ ms: expect.any(Number), recomputations: 1, changes: 2 }]);
    numbers.set("a", 2);
    expect(scheduled.length).toBe(2);
  });

  it("throws what failed when nobody else is told, after the batch", () => {
    const reactor = new Reactor(manual);
    const numbers = reactor.source<number>("numbers");
    reactor.map("broken", numbers, (n) => {
      throw new Error(`cannot take ${n}`);
    });
    const fine = reactor.map("fine", numbers, (n) => n);
    numbers.set("a", 1);
    expect(() => reactor.flush()).toThrow('1 failed: "broken" key "a": cannot take 1');
    expect(fine.get("a")).toBe(1);
    numbers.set("b", 2);
    expect(() => reactor.flush()).toThrow('1 failed: "broken" key "b": cannot take 2');
  });

  it("recomputes what depends on a change, and nothing else", () => {
    const reactor = new Reactor(manual);
    const { services, endpoints, zones, sets, largest } = endpointSets(reactor);
    reactor.flush();
    expect(recomputations(reactor)).toEqual(counts(100, 10, 1));
    expect([sets.get("s7")?.length, largest.value]).toEqual([10, 10]);
    endpoints.set("e7", { service: "s3", zone: "west" });
    reactor.flush();
    expect(recomputations(reactor)).toEqual(counts(101, 12, 2));
    zones.set("west", { isEnabled: false });
    reactor.flush();
    // The services s5 to s9 have endpoints there, and since the last batch s3.
    expect(recomputations(reactor)).toEqual(counts(101, 18, 3));
    zones.set("north", { isEnabled: true });
    endpoints.set("e8", { service: "s8", zone: "north" });
    reactor.flush();
    expect(recomputations(reactor)).toEqual(counts(102, 19, 4));
    // Nobody reads the limit but its own service, whose set stays the same: `largest` does not hear of it.
    services.set("s0", { limit: 11 });
    reactor.flush();
    expect(recomputations(reactor)).toEqual(counts(102, 20, 4));
    expect(largest.value).toBe(10);

    function counts(byService: number, sets: number, largest: number): Record<string, number> {
      return { services: 0, endpoints: 0, zones: 0, byService, sets, largest };
    }
  });

  it("dumps every collection with its inputs, edges and failures", () => {
    const reactor = new Reactor({ ...manual, onError: () => {} });
    const { endpoints, sets } = endpointSets(reactor);
    const hosts = reactor.flatMap("hosts", sets, (set, name) => set.map(({ zone }) => [zone, name] as const));
    reactor.merge("all", [hosts, reactor.source<string>("written")].reverse());
    reactor.map("strict", endpoints, ({ zone }) => {
      if (zone === "nowhere") throw new Error("no such zone");
      return zone;
    });
    reactor.flush();
    endpoints.set("e1", { service: "s1", zone: "nowhere" });
    reactor.flush();
    const dump = reactor.dump();
    expect(dump.map(({ name, kind, size, inputs }) => [name, kind, size, inputs.join()])).toEqual([
      ["services", "source", 10, ""],
      ["endpoints", "source", 100, ""],
      ["zones", "source", 2, ""],
      ["byService", "index", 10, "endpoints"],
      ["sets", "map", 10, "services,zones,byService"],
      ["largest", "singleton", 1, "sets"],
      ["hosts", "flatMap", 2, "sets"],
      ["written", "source", 0, ""],
      ["all", "merge", 2, "hosts,written"],
      ["strict", "map", 100, "endpoints"],
    ]);
    const byName = new Map(dump.map((one) => [one.name, one]));
    // One index key and one zone per service, and s1 also the one that does not exist.
    expect(byName.get("sets")).toMatchObject({ dependencies: 21, dependants: 1, recomputations: 11 });
    expect(byName.get("zones")).toMatchObject({ dependencies: 0, dependants: 11 });
    expect(byName.get("hosts")?.contested).toEqual(["east", "west"]);
    expect(byName.get("strict")?.failing).toEqual([{ key: "e1", message: "no such zone" }]);
    expect(dump.every(({ lastFlushMs }) => lastFlushMs >= 0)).toBe(true);
    endpoints.set("e1", { service: "s1", zone: "east" });
    reactor.flush();
    expect(reactor.dump().at(-1)?.failing).toEqual([]);
  });

  it("keeps no edge of what is gone, through many generations of keys", () => {
    const reactor = new Reactor(manual);
    const { services, endpoints, zones } = endpointSets(reactor);
    reactor.flush();
    const edges = (): number => reactor.dump().reduce((sum, one) => sum + one.dependants + one.dependencies, 0);
    const before = edges();
    for (let generation = 0; generation < 20; generation += 1) {
      for (let i = 0; i < 10; i += 1) {
        services.delete(`s${i}-${generation - 1}`);
        endpoints.delete(`e${i}-${generation - 1}`);
        services.set(`s${i}-${generation}`, { limit: 1 });
        endpoints.set(`e${i}-${generation}`, { service: `s${i}-${generation}`, zone: `z${generation}` });
        zones.set(`z${generation}`, { isEnabled: true });
        zones.delete(`z${generation - 1}`);
      }
      reactor.flush();
    }
    // Ten services more than at first, each with one index key and one zone.
    expect(edges()).toBe(before + 2 * 20);
    for (const source of [services, endpoints, zones]) source.replace([]);
    reactor.flush();
    // `largest` goes on reading all sets.
    expect(edges()).toBe(2);
  });
});
