/** What derivation graphs do with functions that throw and callers that err. Part of `conformance.ts`. */
import { describe, expect, it } from "vitest";
import { ReactorError } from "./errors.ts";
import { type GraphFactory, graphRig } from "./graph-rig.ts";

export function describeGraphFailures(name: string, create: GraphFactory): void {
  describe(`${name}: functions that throw`, () => {
    it("keep the last good value of their key, and succeed again when what they read changes", () => {
      const { graph, failures } = graphRig(create);
      const numbers = graph.source<number>("numbers");
      const divisors = graph.source<number>("divisors");
      const quotients = graph.map("quotients", numbers, (n, _, read) => {
        const divisor = read.get(divisors, "d") ?? 0;
        if (divisor === 0) throw new RangeError("division by zero");
        return n / divisor;
      });
      numbers.set("a", 8);
      numbers.set("b", 6);
      graph.flush();
      expect([quotients.size, failures.map(({ key }) => key)]).toEqual([0, ["a", "b"]]);
      divisors.set("d", 2);
      graph.flush();
      expect(quotients.values()).toEqual([4, 3]);
      divisors.set("d", 0);
      graph.flush();
      expect(quotients.values()).toEqual([4, 3]);
      expect(failures).toContainEqual({ collection: "quotients", key: "b", error: new RangeError("division by zero") });
      expect(failures.length).toBe(4);
      numbers.delete("a");
      graph.flush();
      expect(quotients.keys()).toEqual(["b"]);
      divisors.set("d", 3);
      graph.flush();
      expect([...quotients.entries()]).toEqual([["b", 2]]);
    });

    it("do the same in a flatMap, an index and a singleton", () => {
      const { graph, failures } = graphRig(create);
      const numbers = graph.source<number>("numbers");
      const check = (n: number): void => {
        if (n < 0) throw new RangeError("negative");
      };
      const spread = graph.flatMap("spread", numbers, function* (n, key) {
        yield [`${key}${n}`, n] as const;
        check(n);
      });
      const byValue = graph.index("byValue", numbers, (n) => {
        check(n);
        return [`${n}`];
      });
      const largest = graph.singleton("largest", (read) => {
        read.all(numbers).forEach(check);
        return Math.max(...read.all(numbers));
      });
      numbers.set("a", 1);
      numbers.set("b", 2);
      graph.flush();
      numbers.set("a", -1);
      numbers.set("b", 3);
      graph.flush();
      expect([spread.keys(), byValue.keys(), byValue.lookup("1"), largest.value]).toEqual([
        ["a1", "b3"],
        ["1", "3"],
        [1],
        2,
      ]);
      expect(failures.map(({ collection, key }) => [collection, key])).toEqual([
        ["spread", "a"],
        ["byValue", "a"],
        ["largest", ""],
      ]);
      numbers.set("a", 4);
      graph.flush();
      expect([spread.keys(), byValue.keys(), largest.value]).toEqual([["a4", "b3"], ["3", "4"], 4]);
    });
  });

  describe(`${name}: misuse`, () => {
    const code = (fn: () => unknown): unknown => {
      try {
        fn();
      } catch (error) {
        return error instanceof ReactorError ? error.code : error;
      }
      return "nothing";
    };

    it("is refused where it happens", () => {
      const { graph } = graphRig(create);
      const numbers = graph.source<number>("numbers");
      expect(code(() => graph.source("numbers"))).toBe("DUPLICATE_NAME");
      const foreign = graphRig(create).graph.source<number>("foreign");
      expect(code(() => graph.map("copy", foreign, (n) => n))).toBe("FOREIGN");
      expect(code(() => graph.index("byValue", foreign, (n) => [`${n}`]))).toBe("FOREIGN");
      numbers.subscribe(() => graph.flush());
      numbers.set("a", 1);
      expect(code(() => graph.map("copy", numbers, (n) => n))).toBe("nothing");
    });

    it("by a function or a listener is reported, and nothing else comes to harm", () => {
      const { graph, failures } = graphRig(create);
      const foreign = graphRig(create).graph.source<number>("foreign");
      const numbers = graph.source<number>("numbers");
      let later = numbers;
      let kept: (() => unknown) | undefined;
      graph.map("cyclic", numbers, (_, key, read) => read.get(later, key));
      graph.map("foreignRead", numbers, (_, key, read) => read.get(foreign, key));
      graph.map("writer", numbers, () => numbers.set("b", 1));
      graph.map("creator", numbers, () => graph.source("created").size);
      graph.map("flusher", numbers, () => graph.flush());
      graph.map("keeper", numbers, (_, key, read) => {
        kept = () => read.get(numbers, key);
        return 1;
      });
      later = graph.source<number>("later");
      const fine = graph.map("fine", numbers, (n) => n);
      fine.subscribe(() => graph.flush());
      numbers.set("a", 1);
      graph.flush();
      expect([...fine.entries()]).toEqual([["a", 1]]);
      const codes = failures.map(({ collection, error }) => [collection, error instanceof ReactorError && error.code]);
      expect(codes).toEqual([
        ["cyclic", "READS_LATER"],
        ["foreignRead", "FOREIGN"],
        ["writer", "WRITE_WHILE_DERIVING"],
        ["creator", "WRITE_WHILE_DERIVING"],
        ["flusher", "REENTRANT_FLUSH"],
        ["fine", "REENTRANT_FLUSH"],
      ]);
      expect(code(() => kept?.())).toBe("READ_OUTSIDE");
      // The names of what could not be created are free.
      expect(code(() => graph.source("created"))).toBe("nothing");
    });
  });
}
