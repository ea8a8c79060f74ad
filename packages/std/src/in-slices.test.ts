import { describe, expect, it } from "vitest";
import { type Clock, systemClock } from "./clock.ts";
import { inSlices } from "./in-slices.ts";

/** Each step takes a millisecond. */
function ticking(): { readonly clock: Clock; readonly tick: () => void } {
  let now = 0;
  return { clock: { ...systemClock, monotonic: () => now }, tick: () => void (now += 1) };
}

function* steps(count: number, tick: () => void, done: (step: number) => void = () => {}): Generator<void, string> {
  for (let i = 1; i <= count; i += 1) {
    tick();
    done(i);
    yield;
  }
  return "done";
}

describe("work in slices", () => {
  it("lets others in between", async () => {
    const { clock, tick } = ticking();
    const seen: string[] = [];
    setImmediate(() => seen.push("other"));
    const work = inSlices(
      steps(10, tick, (i) => seen.push(String(i))),
      clock,
      4,
    );
    expect(await work).toBe("done");
    expect(seen).toEqual(["1", "2", "3", "4", "other", "5", "6", "7", "8", "9", "10"]);
  });

  it("fails as the work does", async () => {
    function* broken(): Generator<void, string> {
      yield;
      throw new Error("broken");
    }
    await expect(inSlices(broken(), systemClock, 1)).rejects.toThrow("broken");
  });
});
