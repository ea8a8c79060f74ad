/** Of two instances in east the workload of that one dies which serves a client of west: until the other one serves, and nothing fails any more. */
import { ADDRESS, type Lab } from "./lab.ts";
import { pause } from "./watch.ts";

export const PAIR = "pair";
/** Errors are over when this many answers in a row are good. */
const GOOD_IN_A_ROW = 100;
const REQUEST_GAP_MS = 2;
const SPREAD_MS = 2_000;

export interface TwoInstancesTimes {
  /** From the death to when east knew, to the last error. */
  readonly deathToKnown: readonly number[];
  readonly deathToLastError: readonly number[];
  /** Below zero: nothing failed after east knew. */
  readonly knownToLastError: readonly number[];
  readonly failedRequests: readonly number[];
}

export async function twoInstances(lab: Lab, trials: number): Promise<TwoInstancesTimes> {
  const none = (): number[] => [];
  const times = { deathToKnown: none(), deathToLastError: none(), knownToLastError: none(), failedRequests: none() };
  const ports = new Map<string, number>();
  for (const [i, address] of ADDRESS.pair.entries()) {
    const name = `pair-${i}`;
    ports.set(name, await lab.backend(name, PAIR, address));
  }
  const requests = lab.requests(PAIR);
  for (let trial = 0; trial < trials; trial += 1) {
    const { text: victim } = await requests.until(({ text }) => ports.has(text), "an answer of the pair");
    await pause(Math.random() * SPREAD_MS);
    const began = performance.now();
    lab.traffic.endWorkload(victim);
    let lastError = began;
    let failed = 0;
    for (let good = 0; good < GOOD_IN_A_ROW; good += 1) {
      const { status, text, at } = await requests.ask();
      if (status !== 200) {
        lastError = at;
        failed += 1;
        good = 0;
      } else if (text === victim) good = 0;
      if (at - began > 10_000) throw new Error(`errors do not end: ${status} ${text}`);
      await pause(REQUEST_GAP_MS);
    }
    const known = lab.knownAt(victim);
    times.deathToKnown.push(known - began);
    times.deathToLastError.push(lastError - began);
    times.knownToLastError.push(lastError - known);
    times.failedRequests.push(failed);
    await lab.traffic.workload(victim, ports.get(victim));
    while (lab.knownAt(victim) === known) await pause(20);
  }
  requests.close();
  return times;
}
