/** The generator's own lateness: a run whose generator was late says nothing about the system. */
import { monitorEventLoopDelay } from "node:perf_hooks";

const RESOLUTION_MS = 1;

export function watchEventLoop(): { readonly p99Ms: () => number; readonly stop: () => void } {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  // The histogram counts the whole interval between two ticks; the delay is what exceeds the resolution.
  return {
    p99Ms: () => Math.max(0, histogram.percentile(99) / 1e6 - RESOLUTION_MS),
    stop: () => histogram.disable(),
  };
}
