/** What every derivation graph must do, run against each implementation: `describeGraph("reactor", ...)`. */
import { describe, expect, it } from "vitest";
import type { Change } from "./collection.ts";
import { describeGraphFailures } from "./conformance-failures.ts";
import { describeGraphListeners } from "./conformance-listeners.ts";
import { type GraphFactory, graphRig } from "./graph-rig.ts";

interface Endpoint {
  readonly service: string;
  readonly weight: number;
}

export function describeGraph(name: string, create: GraphFactory): void {
  describe(`${name}: values`, () => {
    it("shows what was written, and all that follows from it, with the next batch", () => {
      const { graph } = graphRig(create);
      const numbers = graph.source<number>("numbers");
      const doubled = graph.map("doubled", numbers, (n) => n * 2);
      numbers.set("a", 1);
      expect([numbers.size, numbers.get("a"), doubled.size]).toEqual([0, undefined, 0]);
      graph.flush();
      expect([numbers.get("a"), doubled.get("a"), doubled.has("a"), doubled.has("b")]).toEqual([1, 2, true, false]);
    });

    it("counts the last write of a batch only", () => {
      const { graph } = graphRig(create);
      const numbers = graph.source<number>("numbers");
      const heard: unknown[] = [];
      numbers.subscribe((changes) => heard.push(changes));
      numbers.set("a", 1);
      numbers.set("b", 1);
      numbers.delete("a");
      numbers.set("b", 2);
      graph.flush();
      expect(heard).toEqual([[{ key: "b", before: undefined, after: 2 }]]);
    });

    it("replaces everything that is stored or about to be", () => {
      const { graph } = graphRig(create);
      const numbers = graph.source<number>("numbers");
      for (const key of ["a", "b", "c"]) numbers.set(key, 1);
      graph.flush();
      numbers.set("d", 1);
      const heard: Change<number>[] = [];
      numbers.subscribe((changes) => heard.push(...changes));
      numbers.replace([
        ["e", 5],
        ["b", 1],
        ["c", 2],
      ]);
      graph.flush();
      expect([...numbers.entries()]).toEqual([
        ["b", 1],
        ["c", 2],
        ["e", 5],
      ]);
      expect(heard.map(({ key }) => key)).toEqual(["a", "c", "e"]);
    });

    it("is in the order of keys, whatever the order of arrival, and never changes what it gave away", () => {
      const { graph } = graphRig(create);
      const numbers = graph.source<number>("numbers");
      for (const [i, key] of ["c", "a", "Z", "é", "b10", "b9"].entries()) numbers.set(key, i);
      graph.flush();
      const [keys, values] = [numbers.keys(), numbers.values()];
      expect([keys, values]).toEqual([
        ["Z", "a", "b10", "b9", "c", "é"],
        [2, 1, 4, 5, 0, 3],
      ]);
      numbers.delete("a");
      numbers.set("b", 7);
      numbers.set("c", 8);
      graph.flush();
      expect([numbers.keys(), numbers.values()]).toEqual([
        ["Z", "b", "b10", "b9", "c", "é"],
        [2, 7, 4, 5, 8, 3],
      ]);
      expect([keys.length, values[1]]).toEqual([6, 1]);
    });

    it("a map leaves out undefined and follows what it reads, also what is not there yet", () => {
      const { graph } = graphRig(create);
      const people = graph.source<{ friend: string }>("people");
      const ages = graph.source<number>("ages");
      const friendAges = graph.map("friendAges", people, ({ friend }, _, read) => read.get(ages, friend));
      people.set("ann", { friend: "bob" });
      graph.flush();
      expect(friendAges.size).toBe(0);
      ages.set("bob", 40);
      graph.flush();
      expect(friendAges.get("ann")).toBe(40);
      people.set("ann", { friend: "cleo" });
      ages.set("cleo", 50);
      graph.flush();
      expect(friendAges.get("ann")).toBe(50);
      ages.delete("cleo");
      graph.flush();
      expect(friendAges.has("ann")).toBe(false);
    });

    it("a flatMap gives a contested key to the smaller input key, and to the next one when that goes", () => {
      const { graph } = graphRig(create);
      const hosts = graph.source<readonly string[]>("hosts");
      const owners = graph.flatMap("owners", hosts, (names, key) => names.map((one) => [one, key] as const));
      const heard: unknown[] = [];
      hosts.set("b", ["x", "y"]);
      hosts.set("c", ["x", "z"]);
      graph.flush();
      owners.subscribe((changes) => heard.push(changes));
      hosts.set("a", ["x"]);
      graph.flush();
      expect(heard).toEqual([[{ key: "x", before: "b", after: "a" }]]);
      hosts.delete("a");
      hosts.set("b", ["y"]);
      graph.flush();
      expect([...owners.entries()]).toEqual([
        ["x", "c"],
        ["y", "b"],
        ["z", "c"],
      ]);
    });

    it("a merge takes the first collection that has the key", () => {
      const { graph } = graphRig(create);
      const [written, generated] = [graph.source<string>("written"), graph.source<string>("generated")];
      const all = graph.merge("all", [written, generated]);
      generated.set("a", "generated");
      generated.set("b", "generated");
      written.set("a", "written");
      graph.flush();
      expect(all.values()).toEqual(["written", "generated"]);
      written.delete("a");
      graph.flush();
      expect(all.values()).toEqual(["generated", "generated"]);
      generated.delete("a");
      graph.flush();
      expect(all.keys()).toEqual(["b"]);
    });

    it("an index groups entries in the order of their keys and is itself a collection", () => {
      const { graph } = graphRig(create);
      const endpoints = graph.source<Endpoint>("endpoints");
      const byService = graph.index("byService", endpoints, ({ service }) => [service, service]);
      const totals = graph.map("totals", byService, (members) => members.reduce((sum, { weight }) => sum + weight, 0));
      endpoints.set("e2", { service: "web", weight: 2 });
      endpoints.set("e1", { service: "web", weight: 1 });
      endpoints.set("e3", { service: "db", weight: 5 });
      graph.flush();
      expect(byService.lookup("web").map(({ weight }) => weight)).toEqual([1, 2]);
      expect([byService.lookup("none"), byService.keys(), totals.values()]).toEqual([[], ["db", "web"], [5, 3]]);
      endpoints.set("e3", { service: "web", weight: 5 });
      endpoints.delete("e1");
      graph.flush();
      expect([...totals.entries()]).toEqual([["web", 7]]);
      expect(byService.has("db")).toBe(false);
    });

    it("an index group with the same values under other keys is the same group", () => {
      const { graph } = graphRig(create);
      const numbers = graph.source<number>("numbers");
      const byParity = graph.index("byParity", numbers, (n) => [n % 2 === 0 ? "even" : "odd"]);
      for (const [key, n] of [
        ["a", 1],
        ["b", 3],
        ["c", 2],
      ] as const)
        numbers.set(key, n);
      graph.flush();
      const heard: unknown[] = [];
      byParity.subscribe((changes) => heard.push(...changes));
      numbers.delete("b");
      numbers.set("z", 3);
      graph.flush();
      expect(heard).toEqual([]);
      numbers.delete("z");
      graph.flush();
      expect(heard).toEqual([{ key: "odd", before: [1, 3], after: [1] }]);
    });

    it("a singleton follows whole collections, index keys and other singletons", () => {
      const { graph } = graphRig(create);
      const endpoints = graph.source<Endpoint>("endpoints");
      const byService = graph.index("byService", endpoints, ({ service }) => [service]);
      const count = graph.singleton("count", (read) => read.all(endpoints).length || undefined);
      const text = graph.singleton("text", (read) => {
        const keys = [...read.entries(endpoints)].map(([key]) => key).join();
        return `${read.value(count)} ${read.lookup(byService, "web").length} ${keys}`;
      });
      graph.flush();
      expect([count.value, count.size, text.value]).toEqual([undefined, 0, "undefined 0 "]);
      endpoints.set("e2", { service: "web", weight: 1 });
      endpoints.set("e1", { service: "db", weight: 1 });
      graph.flush();
      expect([count.value, text.value]).toEqual([2, "2 1 e1,e2"]);
    });

    it("derives from collections that were filled before", () => {
      const { graph } = graphRig(create);
      const numbers = graph.source<number>("numbers");
      for (const key of ["a", "b"]) numbers.set(key, 1);
      graph.flush();
      const next = graph.map("next", numbers, (n) => n + 1);
      const byValue = graph.index("byValue", next, (n) => [`${n}`]);
      numbers.set("b", 2);
      graph.flush();
      expect([next.values(), byValue.keys()]).toEqual([
        [2, 3],
        ["2", "3"],
      ]);
    });
  });

  describeGraphListeners(name, create);
  describeGraphFailures(name, create);
}
