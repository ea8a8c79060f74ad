import { FakeClock } from "@isthmus/testkit";
import { describe, expect, it } from "vitest";
import { AssemblyPace } from "./assembly-pace.ts";

const microtasks = (): Promise<void> => Promise.resolve();

function rig(there = 0) {
  const clock = new FakeClock();
  const state = { proxies: there, assembled: 0 };
  const pace = new AssemblyPace({
    clock,
    proxies: () => state.proxies,
    assemble: () => {
      state.assembled += 1;
    },
  });
  const join = (count: number): void => {
    for (let i = 0; i < count; i += 1) {
      state.proxies += 1;
      pace.joined();
    }
  };
  return { clock, state, pace, join };
}

describe("AssemblyPace", () => {
  it("puts together at once, and once for all changes of a batch, when nobody joins", async () => {
    const { state, pace } = rig(1_000);
    pace.changed();
    pace.changed();
    expect(state.assembled).toBe(0);
    await microtasks();
    expect(state.assembled).toBe(1);
    pace.changed();
    await microtasks();
    expect(state.assembled).toBe(2);
  });

  it("holds nobody up where few join: nine, or of a thousand one in a hundred", async () => {
    for (const [there, joining] of [
      [0, 9],
      [990, 10],
    ] as const) {
      const { state, pace, join } = rig(there);
      join(joining);
      pace.changed();
      await microtasks();
      expect(state.assembled).toBe(1);
    }
  });

  it("gathers what changes while many join, until no more come", async () => {
    const { clock, state, pace, join } = rig();
    for (let i = 0; i < 20; i += 1) {
      join(10);
      pace.changed();
      await microtasks();
      clock.advance(30);
    }
    expect(state.assembled).toBe(0);
    clock.advance(100);
    expect(state.assembled).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it("gathers no longer than four milliseconds for each proxy that is there", async () => {
    const { clock, state, pace, join } = rig(100);
    join(10);
    pace.changed();
    for (let ms = 0; ms < 440; ms += 10) {
      expect(state.assembled).toBe(0);
      pace.joined();
      clock.advance(10);
    }
    expect(state.assembled).toBe(1);
  });

  it("is back to telling at once a second after the last ones joined", async () => {
    const { clock, state, pace, join } = rig();
    join(50);
    clock.advance(1_000);
    pace.changed();
    await microtasks();
    expect(state.assembled).toBe(1);
  });

  it("does not take a time in which the program was busy for quiet", () => {
    const { clock, state } = rig();
    const late = { by: 0 };
    const pace = new AssemblyPace({
      clock: {
        now: () => clock.now(),
        monotonic: () => clock.monotonic(),
        setTimeout: (fn, ms) => clock.setTimeout(fn, ms + late.by),
      },
      proxies: () => 1_000,
      assemble: () => {
        state.assembled += 1;
      },
    });
    for (let i = 0; i < 30; i += 1) pace.joined();
    late.by = 400;
    pace.changed();
    late.by = 0;
    clock.advance(500);
    expect(state.assembled).toBe(0);
    clock.advance(100);
    expect(state.assembled).toBe(1);
  });

  it("puts nothing together after its end", () => {
    const { clock, state, pace, join } = rig();
    join(20);
    pace.changed();
    pace.stop();
    clock.advance(10_000);
    expect(state.assembled).toBe(0);
  });
});
