/** An applier whose store fails on demand. For tests. */
import type { OpenApplier } from "../../apply/batch-applier.ts";
import type { ReceivedBatch } from "../../session/received-resource.ts";

/** Thrown instead of applying; undefined: the batch is applied. */
export type ApplyFailure = (batch: ReceivedBatch) => Error | undefined;

export function failingApplier(open: OpenApplier, failure: ApplyFailure): OpenApplier {
  return (source) => {
    const applier = open(source);
    return {
      apply: async (batch) => {
        const failed = failure(batch);
        if (failed !== undefined) throw failed;
        return applier.apply(batch);
      },
      close: () => applier.close(),
    };
  };
}
