/** What derivation graphs tell, and to whom: equality and listeners. Part of `conformance.ts`. */
import { describe, expect, it } from "vitest";
import type { Change } from "./collection.ts";
import { type GraphFactory, graphRig } from "./graph-rig.ts";

export function describeGraphListeners(name: string, create: GraphFactory): void {
  describe(`${name}: equality`, () => {
    it("tells nobody of a value that is equal to the one before", () => {
      const { graph } = graphRig(create);
      const lists = graph.source<readonly number[]>("lists");
      const sums = graph.map("sums", lists, (list) => ({ sum: list.reduce((a, b) => a + b, 0) }));
      const texts = graph.map("texts", sums, ({ sum }) => `${sum}`);
      const heard: string[] = [];
      for (const one of [lists, sums, texts]) one.subscribe((changes) => heard.push(...changes.map(() => one.name)));
      lists.set("a", [1, 2]);
      graph.flush();
      const before = sums.get("a");
      heard.splice(0);
      lists.set("a", [1, 2]);
      graph.flush();
      expect(heard).toEqual([]);
      lists.set("a", [2, 1]);
      graph.flush();
      expect([heard, sums.get("a") === before]).toEqual([["lists"], true]);
    });

    it("compares with the function it was given; one that throws counts as different and is reported", () => {
      const { graph, failures } = graphRig(create);
      const numbers = graph.source<number>("numbers", { equals: (a, b) => a > 0 && a === b });
      const parity = graph.map("parity", numbers, (n) => n, { equals: (a, b) => a % 2 === b % 2 });
      const broken = graph.map("broken", parity, (n) => n, {
        equals: () => {
          throw new Error("cannot compare");
        },
      });
      numbers.set("a", 1);
      graph.flush();
      numbers.set("a", 3);
      graph.flush();
      expect([numbers.get("a"), parity.get("a"), broken.get("a"), failures]).toEqual([3, 1, 1, []]);
      numbers.set("a", 4);
      graph.flush();
      expect(broken.get("a")).toBe(4);
      expect(failures).toEqual([{ collection: "broken", key: "a", error: new Error("cannot compare") }]);
    });
  });

  describe(`${name}: listeners`, () => {
    it("are called once per batch, with sorted changes, when every collection is new", () => {
      const { graph, scheduled } = graphRig(create);
      const numbers = graph.source<number>("numbers");
      const sum = graph.singleton("sum", (read) => read.all(numbers).reduce((a, b) => a + b, 0));
      const heard: unknown[] = [];
      numbers.subscribe((changes) => heard.push([changes, sum.value]));
      numbers.set("b", 2);
      numbers.set("a", 1);
      scheduled[0]?.();
      numbers.set("b", 3);
      numbers.delete("a");
      scheduled[1]?.();
      expect(scheduled.length).toBe(2);
      const [first, second]: (readonly Change<number>[])[] = [
        [
          { key: "a", before: undefined, after: 1 },
          { key: "b", before: undefined, after: 2 },
        ],
        [
          { key: "a", before: 1, after: undefined },
          { key: "b", before: 2, after: 3 },
        ],
      ];
      expect(heard).toEqual([
        [first, 3],
        [second, 3],
      ]);
    });

    it("can write: that is the next batch", () => {
      const { graph, scheduled } = graphRig(create);
      const numbers = graph.source<number>("numbers");
      const copies = graph.map("copies", numbers, (n) => n);
      const seen: unknown[] = [];
      numbers.subscribe((changes) => {
        for (const { key, after = 0 } of changes) if (after < 3) numbers.set(key, after + 1);
        seen.push([numbers.get("a"), copies.get("a")]);
      });
      copies.subscribe(() => seen.push(["copy", copies.get("a")]));
      numbers.set("a", 1);
      // A program's event loop: each turn runs what was scheduled until then.
      for (let turn = 0; turn < scheduled.length; turn += 1) scheduled[turn]?.();
      expect(seen).toEqual([
        [1, 1],
        ["copy", 1],
        [2, 2],
        ["copy", 2],
        [3, 3],
        ["copy", 3],
      ]);
    });

    it("can come and go while others are called", () => {
      const { graph } = graphRig(create);
      const numbers = graph.source<number>("numbers");
      const heard: string[] = [];
      const removers: (() => void)[] = [];
      numbers.subscribe(() => {
        heard.push("first");
        removers[0]?.();
        if (numbers.get("a") === 1) numbers.subscribe(() => heard.push("late"));
      });
      removers.push(numbers.subscribe(() => heard.push("removed")));
      const twice = () => heard.push("twice");
      numbers.subscribe(twice);
      const remove = numbers.subscribe(twice);
      numbers.set("a", 1);
      graph.flush();
      expect(heard.splice(0)).toEqual(["first", "twice", "twice"]);
      remove();
      remove();
      numbers.set("a", 2);
      graph.flush();
      expect(heard).toEqual(["first", "twice", "late"]);
    });

    it("that throw are reported, and the others are called", () => {
      const { graph, failures } = graphRig(create);
      const numbers = graph.source<number>("numbers");
      const heard: number[] = [];
      numbers.subscribe(() => {
        throw new Error("deaf");
      });
      numbers.subscribe(() => heard.push(1));
      numbers.set("a", 1);
      graph.flush();
      expect([heard, failures]).toEqual([[1], [{ collection: "numbers", key: undefined, error: new Error("deaf") }]]);
    });
  });
}
