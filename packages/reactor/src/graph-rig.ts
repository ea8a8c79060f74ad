/** A derivation graph under the control of a test. */
import type { DerivationGraph, ReactorFailure } from "./collection.ts";

export interface GraphRigOptions {
  readonly schedule: (flush: () => void) => void;
  readonly onError: (failure: ReactorFailure) => void;
}

export type GraphFactory = (options: GraphRigOptions) => DerivationGraph;

/** A graph whose batches run when the test says so. */
export interface GraphRig {
  readonly graph: DerivationGraph;
  readonly failures: ReactorFailure[];
  /** What was scheduled and has not run. */
  readonly scheduled: (() => void)[];
}

export function graphRig(create: GraphFactory): GraphRig {
  const failures: ReactorFailure[] = [];
  const scheduled: (() => void)[] = [];
  const graph = create({
    schedule: (flush) => scheduled.push(flush),
    onError: (failure) => failures.push(failure),
  });
  return { graph, failures, scheduled };
}
