import { FakeClock } from "@isthmus/testkit";
import { describe, expect, it } from "vitest";
import { RecyclePolicy } from "./recycle-policy.ts";
import { STUCK_AFTER_MS } from "./sender-stream.ts";

describe("recycling of stuck streams", () => {
  it("looks after the time limit, spread by jitter", () => {
    const clock = new FakeClock();
    expect(new RecyclePolicy({ clock, random: () => 0 }).delayMs()).toBe(STUCK_AFTER_MS);
    expect(new RecyclePolicy({ clock, random: () => 0.5 }).delayMs()).toBe(STUCK_AFTER_MS + 5_000);
  });

  it("ends what made no progress for the time limit, and nothing else", () => {
    const policy = new RecyclePolicy({ clock: new FakeClock(), random: () => 0, stuckAfterMs: 1_000 });
    expect(policy.mayRecycle(999)).toBe(false);
    expect(policy.mayRecycle(1_000)).toBe(true);
  });

  it("ends ten streams a minute at most: a slow global must not throw out all its zones", () => {
    const clock = new FakeClock();
    const policy = new RecyclePolicy({ clock, random: () => 0, stuckAfterMs: 1_000 });
    const ended = (): number => Array.from({ length: 50 }, () => policy.mayRecycle(2_000)).filter(Boolean).length;
    expect(ended()).toBe(10);
    clock.advance(59_000);
    expect(ended()).toBe(0);
    clock.advance(1_000);
    expect(ended()).toBe(10);
  });
});
