import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KnockOutcome } from "./knock.ts";
import { pauseMs, verdictOf } from "./verdict.ts";

const outcome = fc.constantFrom<KnockOutcome>("accepted", "refused", "silent");
const places = fc
  .dictionary(fc.constantFrom("a:1", "a:2", "b:1"), outcome)
  .map((each) => new Map(Object.entries(each)));
const withdrawn = fc.subarray(["a:1", "a:2", "b:1"]).map((each) => new Set(each));

describe("a verdict", () => {
  it("takes as gone what is refused beside the admin port, and was not gone before; everything else proves nothing", () => {
    fc.assert(
      fc.property(outcome, places, withdrawn, (admin, traffic, gone) => {
        const refused = [...traffic].filter(([, each]) => each === "refused").map(([place]) => place);
        const expected = admin === "refused" ? refused.filter((place) => !gone.has(place)) : [];
        expect(verdictOf(admin, traffic, gone).gone).toEqual(expected);
      }),
    );
  });

  it("gives back what is accepted and was withdrawn, whatever the admin port says", () => {
    fc.assert(
      fc.property(outcome, places, withdrawn, (admin, traffic, gone) => {
        const { back } = verdictOf(admin, traffic, gone);
        expect(new Set(back)).toEqual(new Set([...gone].filter((place) => traffic.get(place) === "accepted")));
      }),
    );
  });
});

it("rounds are soon at first, every second for ten, and some fifty more in an hour", () => {
  const begins = [0];
  for (let at = 0; at < 3_600_000; ) begins.push((at += pauseMs(at)));
  const until = (ms: number): number => begins.filter((at) => at < ms).length;
  expect(begins.slice(0, 5)).toEqual([0, 10, 20, 40, 80]);
  expect([until(1_000), until(10_000), until(3_600_000)]).toEqual([8, 17, 79]);
});
