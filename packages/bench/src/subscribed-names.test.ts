import { WireWriter } from "@isthmus/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SubscribedNames } from "./subscribed-names.ts";

const name = fc.oneof(
  fc.constantFrom("", "a", "ab", "b"),
  fc.nat(3).map((i) => `${"long".repeat(30 * (i + 1))}${i}`),
);
const lists = fc.array(fc.array(name, { maxLength: 6 }), { maxLength: 12 });

describe("SubscribedNames", () => {
  it("are encoded as a DiscoveryRequest has them, and are one object for the same names", () => {
    const made = new Map<string, Buffer>();
    fc.assert(
      fc.property(lists, fc.boolean(), (all, isOneCollector) => {
        const one = new SubscribedNames();
        for (const names of all) {
          const collector = isOneCollector ? one : new SubscribedNames();
          for (const each of names) {
            const source = Buffer.from(`<${each}>`);
            collector.add(source, 1, source.length - 1);
            source.fill(0);
          }
          const finished = collector.finish();
          expect(finished.equals(new WireWriter().strings(3, names).finish())).toBe(true);
          const key = finished.toString("latin1");
          expect(made.get(key) ?? finished).toBe(finished);
          made.set(key, finished);
        }
      }),
    );
  });
});
