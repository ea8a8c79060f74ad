/** Figures of a run. Times in milliseconds. */

export interface Distribution {
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export function distribution(values: readonly number[]): Distribution {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (quantile: number): number =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? Number.NaN);
  return { count: sorted.length, min: at(0), p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

export function formatDistribution(d: Distribution): string {
  return `${d.min} / ${d.p50} / ${d.p90} / ${d.p99} / ${d.max}`;
}

export const round = (value: number): number => Math.round(value * 100) / 100;

/** Gaps of a Poisson process with the given mean; a fixed period would lock onto a polling peer's phase. */
export function poissonGapMs(random: () => number, meanMs: number): number {
  return -Math.log(1 - random()) * meanMs;
}
