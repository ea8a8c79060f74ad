/** Endpoint sets of a zone as the program hands them in: this package knows the topology by its contract only. */
import type {
  DataplaneEndpoints,
  Explanation,
  Topology,
  WhatIfReport,
  WhatIfRequest,
  ZoneProxyEndpoints,
} from "@isthmus/api";
import type { Violation } from "@isthmus/resources";
import type { Result } from "@isthmus/std";

export interface ExplainQuestion {
  /** `<service>[:<port>]`; "" where it was not said. */
  readonly to: string;
  /** Kind of the service; "" for any. */
  readonly kind: string;
}

/**
 * Why there is no report. `busy`: too many questions at once; `timeout`: it took too long; `failed`: the computation ended by an
 * error. The detail is one sentence for a person.
 */
export interface WhatIfFailure {
  readonly kind: "busy" | "timeout" | "failed";
  readonly detail: string;
}

/** Answers are undefined where there is no such proxy. */
export interface TopologyApi {
  /** Refused is a question that cannot be understood; an unknown service is an answer. */
  explain(
    mesh: string,
    dataplane: string,
    question: ExplainQuestion,
  ): Result<Explanation, readonly Violation[]> | undefined;
  dataplaneEndpoints(mesh: string, name: string): Promise<DataplaneEndpoints | undefined>;
  zoneIngressEndpoints(name: string): ZoneProxyEndpoints | undefined;
  zoneEgressEndpoints(name: string): ZoneProxyEndpoints | undefined;
  topology(): Topology;
  whatIf(down: WhatIfRequest["down"]): Promise<Result<WhatIfReport, WhatIfFailure>>;
}
