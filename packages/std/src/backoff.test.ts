import { describe, expect, it } from "vitest";
import { Backoff } from "./backoff.ts";

const options = { baseMs: 5_000, maxMs: 60_000, resetAfterMs: 60_000, jitterMs: 5_000 };

describe("Backoff", () => {
  it("doubles up to the cap", () => {
    const backoff = new Backoff(options, () => 0.5);
    expect([0, 0, 0, 0, 0, 0].map((run) => backoff.nextDelayMs(run))).toEqual([
      5_000, 10_000, 20_000, 40_000, 60_000, 60_000,
    ]);
  });

  it("starts over after a run that lasted", () => {
    const backoff = new Backoff(options, () => 0.5);
    backoff.nextDelayMs(0);
    backoff.nextDelayMs(0);
    expect(backoff.nextDelayMs(60_001)).toBe(5_000);
  });

  it("is never negative at the lowest jitter", () => {
    expect(new Backoff(options, () => 0).nextDelayMs(0)).toBe(0);
  });
});
