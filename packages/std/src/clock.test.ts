import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { systemClock } from "./clock.ts";

const LONGEST_MS = 2 ** 31 - 1;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it.each([1, LONGEST_MS, LONGEST_MS + 1, 5 * LONGEST_MS])("waits %s ms, and not less", (delayMs) => {
  const fired = vi.fn<() => void>();
  systemClock.setTimeout(fired, delayMs);
  vi.advanceTimersByTime(delayMs - 1);
  expect(fired).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(fired).toHaveBeenCalledOnce();
});

it.each([0, LONGEST_MS + 1, 2 * LONGEST_MS + 1])("is cancelled after %s ms of a long wait", (afterMs) => {
  const fired = vi.fn<() => void>();
  const timer = systemClock.setTimeout(fired, 3 * LONGEST_MS);
  vi.advanceTimersByTime(afterMs);
  timer.cancel();
  timer.cancel();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(3 * LONGEST_MS);
  expect(fired).not.toHaveBeenCalled();
});
